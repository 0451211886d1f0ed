"""Connections over logins in memory: what was tried, reconciled and told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from gateway.logins.connections import Connections
from gateway.logins.login_session import Surroundings
from gateway.logins.write_gate import WriteGate, WriteRules
from shared.domain.alerts import AlertType
from shared.domain.controls import TradingMode
from shared.domain.errors import AdapterError
from shared.domain.followers import Login as Configured
from shared.domain.followers import LoginId
from shared.ports.broker import Broker
from tests.desks import RELEASE_AT
from tests.fakes.async_clock import AsyncManualClock, monotonic
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import FakeMarket

CLOCK = AsyncManualClock(RELEASE_AT)


class Login(FakeBroker):
    """A login that notes when it was tried, and may take its time."""

    def __init__(self, login_id: str, *, takes_seconds: float = 0.0, up: bool = True) -> None:
        super().__init__(login_id, [f"DU-{login_id}"], FakeMarket(), now=CLOCK.now)
        self.takes_seconds = takes_seconds
        self.reachable = up
        self.tried_at: list[float] = []

    async def connect(self) -> None:
        self.tried_at.append(monotonic())
        await asyncio.sleep(self.takes_seconds)
        await super().connect()


RULES = WriteRules(lease_stands=lambda: True, mode=lambda: TradingMode.NORMAL)


class Carried:
    """Connections over some logins, what was reconciled on them and whom they told."""

    def __init__(
        self, *logins: Login, now: Callable[[], datetime] | None = None, due: str | None = None
    ) -> None:
        self.connections = Connections(now=now)
        self.reconciled: list[LoginId] = []
        self.unreadable: set[LoginId] = set()
        self.told: list[tuple[float, AlertType, str]] = []
        self.watchers: list[Login] = []
        self.watched: list[float] = []
        self.connections.carry(
            {login.login_id: WriteGate(login, RULES) for login in logins},
            on_reconnected=self._reconcile,
            logins={login.login_id: self._configured(login.login_id, due) for login in logins},
            around=Surroundings(alert=self._alert, watcher=self._watcher, watched=self._watch),
        )

    @staticmethod
    def _configured(login_id: LoginId, due: str | None) -> Configured:
        return Configured(login_id=login_id, host="ib", port=4003, client_id=11, two_factor_due=due)

    async def _alert(self, alert_type: AlertType, subject: str, message: str) -> None:
        assert message
        self.told.append((monotonic(), alert_type, subject))

    def _watcher(self, login: Configured) -> Login:
        self.watchers.append(Login(login.login_id))
        return self.watchers[-1]

    async def _watch(self, broker: Broker) -> None:
        await broker.sweep()
        self.watched.append(monotonic())

    @property
    def ready(self) -> list[str]:
        return list(self.connections.ready())

    async def _reconcile(self, broker: Broker) -> None:
        self.reconciled.append(broker.login_id)
        if broker.login_id in self.unreadable:
            raise AdapterError("ibkr", "the books cannot be read", retryable=True)


async def keeping(carried: Carried, seconds: float) -> None:
    """Let the connections be kept up for so long."""
    task = asyncio.create_task(carried.connections.keep_up())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
