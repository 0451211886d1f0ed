"""Connections: each login by itself, whatever the others do."""

from __future__ import annotations

import asyncio

import pytest

from gateway.connections import Connections
from shared.domain.errors import AdapterError
from shared.domain.followers import LoginId
from shared.ports.broker import Broker
from tests.desks import RELEASE_AT
from tests.fakes.async_clock import AsyncManualClock, calm, monotonic, run_jumping
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


class Carried:
    """Connections over some logins, and what was reconciled on them."""

    def __init__(self, *logins: Login) -> None:
        self.connections = Connections()
        self.reconciled: list[LoginId] = []
        self.unreadable: set[LoginId] = set()
        self.connections.carry(
            {login.login_id: login for login in logins}, on_reconnected=self._reconcile
        )

    @property
    def ready(self) -> list[str]:
        return list(self.connections.ready())

    async def _reconcile(self, broker: Broker) -> None:
        self.reconciled.append(broker.login_id)
        if broker.login_id in self.unreadable:
            raise AdapterError("ibkr", "the books cannot be read", retryable=True)


def test_every_login_that_answers_is_ready_and_one_bad_one_holds_up_nobody() -> None:
    async def story() -> None:
        slow_and_dead = Login("b", takes_seconds=15, up=False)
        carried = Carried(Login("c"), slow_and_dead, Login("a"))
        connecting = asyncio.create_task(carried.connections.connect_all())
        await calm()
        assert carried.ready == ["a", "c"]
        await connecting
        assert carried.ready == ["a", "c"]
        assert monotonic() == pytest.approx(15)
        assert "refused" in carried.connections.why_not(LoginId("b"))
        assert "not configured" in carried.connections.why_not(LoginId("z"))

    run_jumping(story())


def test_a_login_is_ready_only_once_it_is_reconciled() -> None:
    async def story() -> None:
        login = Login("a")
        carried = Carried(login)
        carried.unreadable = {LoginId("a")}
        await carried.connections.connect_all()
        assert login.is_connected
        assert carried.ready == []
        assert "cannot be read" in carried.connections.why_not(LoginId("a"))
        carried.unreadable = set()
        keeping = asyncio.create_task(carried.connections.keep_up())
        await asyncio.sleep(2)
        assert carried.ready == ["a"]
        assert login.connects == 1
        keeping.cancel()

    run_jumping(story())


def test_a_lost_login_comes_back_within_seconds_and_is_reconciled_again() -> None:
    async def story() -> None:
        login = Login("a")
        carried = Carried(login)
        await carried.connections.connect_all()
        keeping = asyncio.create_task(carried.connections.keep_up())
        await asyncio.sleep(30)
        login.drop()
        assert carried.ready == []
        await asyncio.sleep(2)
        assert carried.ready == ["a"]
        assert carried.reconciled == ["a", "a"]
        keeping.cancel()

    run_jumping(story())


def test_a_dead_login_is_tried_ever_more_seldom_but_at_least_each_minute() -> None:
    async def story() -> None:
        login = Login("a", up=False)
        carried = Carried(login)
        keeping = asyncio.create_task(carried.connections.keep_up())
        await asyncio.sleep(400)
        gaps = [round(b - a) for a, b in zip(login.tried_at, login.tried_at[1:], strict=False)]
        assert gaps[:5] == [5, 10, 20, 40, 60]
        assert set(gaps[5:]) == {60}
        login.reachable = True
        await asyncio.sleep(61)
        login.drop()
        login.reachable = False
        tries = len(login.tried_at)
        await asyncio.sleep(14)
        # The back-off starts anew after a success: at once, after 5 s, after 10 more.
        assert len(login.tried_at) - tries == 2
        keeping.cancel()

    run_jumping(story())


def test_a_login_that_hangs_does_not_delay_the_return_of_another() -> None:
    async def story() -> None:
        hanging, good = Login("a", takes_seconds=15, up=False), Login("b")
        carried = Carried(hanging, good)
        await carried.connections.connect_all()
        keeping = asyncio.create_task(carried.connections.keep_up())
        await asyncio.sleep(1.5)
        good.drop()
        await asyncio.sleep(2)
        assert carried.ready == ["b"]
        keeping.cancel()

    run_jumping(story())


def test_disconnecting_leaves_nobody_ready() -> None:
    async def story() -> None:
        carried = Carried(Login("a"), Login("b"))
        await carried.connections.connect_all()
        await carried.connections.disconnect_all()
        assert carried.ready == []
        assert not carried.connections[LoginId("a")].is_connected

    run_jumping(story())
