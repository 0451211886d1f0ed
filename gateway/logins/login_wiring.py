"""Connections of a gateway, each put behind its gate as soon as it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from gateway.broker.ibkr_broker import IbkrBroker
from gateway.broker.ibkr_requests import Timeouts
from gateway.logins.pacer import Pacer
from gateway.logins.write_gate import WriteGate, WriteRules
from shared.domain.controls import TradingMode
from shared.domain.followers import Login, LoginId
from shared.domain.sharding import SHADOW_CLIENT_IDS, WATCH_CLIENT_IDS
from shared.ports.broker import Broker, BrokerEvent

_NO_WRITES = WriteRules(lease_stands=lambda: False, mode=lambda: TradingMode.FROZEN)


class LoginWiring:
    """Makes the connections of one session.

    Args:
        now: Market time.
        connect_seconds: Time-out of a connection.
        seam: Stands before each connection, behind its gate.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        connect_seconds: float,
        seam: Callable[[Broker], Broker] = lambda broker: broker,
    ) -> None:
        self._now = now
        self._timeouts = Timeouts(connect_seconds=connect_seconds)
        self._seam = seam
        self._made: list[IbkrBroker] = []

    def gates(
        self,
        logins: Mapping[LoginId, Login],
        rules: WriteRules,
        on_event: Callable[[LoginId, BrokerEvent], None],
    ) -> dict[LoginId, WriteGate]:
        """Make every login's connection behind its gate: nobody else has it."""
        gates = {login_id: self._gate(login, rules) for login_id, login in logins.items()}
        for gate in gates.values():
            gate.listen(on_event)
        return gates

    def watcher(self, login: Login) -> WriteGate:
        """Make a second connection to a login whose client id is taken; it never trades."""
        watched = replace(login, client_id=login.client_id + WATCH_CLIENT_IDS)
        return self._gate(watched, _NO_WRITES)

    def shadow(self, login: Login) -> WriteGate:
        """Make a shadow's connection to a login; it never trades."""
        shadowed = replace(login, client_id=login.client_id + SHADOW_CLIENT_IDS)
        return self._gate(shadowed, _NO_WRITES)

    def traffic(self) -> tuple[int, int]:
        """Bytes (sent, received) on all connections alive now."""
        counts = [broker.traffic() for broker in self._made]
        return sum(sent for sent, _ in counts), sum(received for _, received in counts)

    def _gate(self, login: Login, rules: WriteRules) -> WriteGate:
        pacer = Pacer()
        broker = IbkrBroker(login, now=self._now, pacer=pacer, timeouts=self._timeouts)
        self._made.append(broker)
        return WriteGate(self._seam(broker), rules, pacer)
