"""Connections: every login of the shard, each on its own; one bad login never holds up others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

from shared.adapters.json_log import log_event
from shared.domain.errors import AdapterError
from shared.domain.followers import LoginId
from shared.ports.broker import Broker

_FIRST_BACK_OFF_SECONDS = 5.0
_LONGEST_BACK_OFF_SECONDS = 60.0
_LOOK_SECONDS = 1.0


class Connections:
    """The shard's broker connections; empty until it is told what to carry.

    Args:
        hold: Entered around every attempt to connect: held market time must not run past one.
    """

    def __init__(self, hold: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self._hold = hold
        self._brokers: dict[LoginId, Broker] = {}
        self._on_reconnected: Callable[[Broker], Awaitable[None]] = _nothing_to_reconcile
        self._ready: set[LoginId] = set()
        self._errors: dict[LoginId, str] = {}

    def carry(
        self,
        brokers: Mapping[LoginId, Broker],
        *,
        on_reconnected: Callable[[Broker], Awaitable[None]],
    ) -> None:
        """Carry these logins.

        Args:
            brokers: By login.
            on_reconnected: Reconciles a login that has connected, before it trades.
        """
        self._brokers = dict(brokers)
        self._on_reconnected = on_reconnected

    def __getitem__(self, login_id: LoginId) -> Broker:
        """Give a login's broker, connected or not."""
        return self._brokers[login_id]

    def ready(self) -> dict[LoginId, Broker]:
        """Logins that are connected and reconciled, in id order."""
        return {
            login_id: broker
            for login_id, broker in sorted(self._brokers.items())
            if login_id in self._ready and broker.is_connected
        }

    def why_not(self, login_id: LoginId) -> str:
        """Say why a login is not ready."""
        if login_id not in self._brokers:
            return f"login {login_id} is not configured for this shard"
        return self._errors.get(login_id, f"login {login_id} is not connected")

    async def connect_all(self) -> None:
        """Try every login once, side by side."""
        await asyncio.gather(*(self._connect(login_id) for login_id in self._brokers))

    async def keep_up(self) -> None:
        """Reconnect what falls away, each login by itself with its own back-off, for ever."""
        await asyncio.gather(*(self._keep_up(login_id) for login_id in self._brokers))

    async def _keep_up(self, login_id: LoginId) -> None:
        back_off = _FIRST_BACK_OFF_SECONDS
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if login_id in self.ready():
                back_off = _FIRST_BACK_OFF_SECONDS
                continue
            await self._connect(login_id)
            if login_id not in self.ready():
                await asyncio.sleep(back_off - _LOOK_SECONDS)
                back_off = min(2 * back_off, _LONGEST_BACK_OFF_SECONDS)

    async def disconnect_all(self) -> None:
        """Disconnect; orders stay where they are."""
        self._ready.clear()
        await asyncio.gather(*(broker.disconnect() for broker in self._brokers.values()))

    async def _connect(self, login_id: LoginId) -> None:
        broker = self._brokers[login_id]
        self._ready.discard(login_id)
        try:
            if not broker.is_connected:
                with self._hold():
                    await broker.connect()
            await self._on_reconnected(broker)
        except AdapterError as error:
            if self._errors.get(login_id) != str(error):
                log_event("login_unreachable", severity="WARNING", login=login_id, why=str(error))
            self._errors[login_id] = str(error)
            return
        self._errors.pop(login_id, None)
        self._ready.add(login_id)
        log_event("login_ready", login=login_id)


async def _nothing_to_reconcile(_: Broker) -> None:
    return
