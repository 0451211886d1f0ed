"""Connections that must wait: taken ids, holds, broken links, nights and second factors."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from gateway.logins.write_gate import WriteGate
from shared.domain.alerts import AlertType
from shared.domain.followers import LoginId
from shared.ports.broker import Broker, LinkBroken, LinkRestored
from tests.carried import RULES, Carried, Login
from tests.fakes.async_clock import AsyncManualClock, monotonic, run_jumping


def test_a_taken_client_id_is_retried_with_the_same_id_watched_meanwhile_and_paged() -> None:
    async def story() -> None:
        login = Login("a")
        login.is_taken = True
        carried = Carried(login)
        await carried.connections.connect_all()
        task = asyncio.create_task(carried.connections.keep_up())
        await asyncio.sleep(90)
        assert carried.ready == []
        gaps = [b - a for a, b in zip(login.tried_at[1:], login.tried_at[2:], strict=False)]
        assert max(gaps) <= 13
        (watcher,) = carried.watchers
        assert watcher.is_connected
        assert watcher.book.sent == []
        assert len(carried.watched) >= 8
        assert [alert for _, alert, _ in carried.told] == [AlertType.GATEWAY_UNREACHABLE]
        login.is_taken = False
        await asyncio.sleep(13)
        assert carried.ready == ["a"]
        assert not watcher.is_connected
        task.cancel()

    run_jumping(story())


def test_a_held_login_hangs_up_and_stays_away_until_it_is_released() -> None:
    async def story() -> None:
        login, other = Login("a"), Login("b")
        carried = Carried(login, other)
        await carried.connections.connect_all()
        task = asyncio.create_task(carried.connections.keep_up())
        await carried.connections.hold(LoginId("a"), "the owner trades by hand")
        await asyncio.sleep(200)
        assert not login.is_connected
        assert login.connects == 1
        assert "by hand" in carried.connections.why_not(LoginId("a"))
        await carried.connections.reconnect(LoginId("a"))
        await asyncio.sleep(30)
        assert not login.is_connected
        assert carried.ready == ["b"]
        await carried.connections.release(LoginId("a"))
        await asyncio.sleep(2)
        assert carried.ready == ["a", "b"]
        assert carried.told == []
        task.cancel()

    run_jumping(story())


def test_a_login_is_reconnected_at_once_when_asked() -> None:
    async def story() -> None:
        login = Login("a")
        carried = Carried(login)
        await carried.connections.connect_all()
        task = asyncio.create_task(carried.connections.keep_up())
        await asyncio.sleep(5)
        await carried.connections.reconnect(LoginId("a"))
        assert not login.is_connected
        await asyncio.sleep(1)
        assert login.connects == 2
        assert carried.ready == ["a"]
        task.cancel()

    run_jumping(story())


def test_a_broken_link_is_waited_for_and_reconciled_once_it_is_back() -> None:
    async def story() -> None:
        login = Login("a")
        carried = Carried(login)
        await carried.connections.connect_all()
        task = asyncio.create_task(carried.connections.keep_up())
        await asyncio.sleep(5)
        login.tell(LinkBroken(code=1100, reason="lost"))
        await asyncio.sleep(30)
        assert carried.ready == []
        assert "lost IBKR" in carried.connections.why_not(LoginId("a"))
        assert carried.reconciled == ["a"]
        assert login.connects == 1
        login.tell(LinkRestored(code=1102, are_subscriptions_lost=False))
        await asyncio.sleep(1)
        assert carried.ready == ["a"]
        assert carried.reconciled == ["a", "a"]
        login.tell(LinkBroken(code=1100, reason="lost"))
        await asyncio.sleep(70)
        assert [alert for _, alert, _ in carried.told] == [AlertType.GATEWAY_UNREACHABLE]
        task.cancel()

    run_jumping(story())


def test_a_loss_during_the_reconciliation_keeps_the_gate_closed() -> None:
    async def story() -> None:
        login = Login("a")
        carried = Carried(login)

        async def reconcile(broker: Broker) -> None:
            login.tell(LinkBroken(code=1100, reason="lost"))
            await asyncio.sleep(0)
            login.tell(LinkRestored(code=1102, are_subscriptions_lost=False))
            await asyncio.sleep(0)

        gate = WriteGate(login, RULES)
        carried.connections.carry({LoginId("a"): gate}, on_reconnected=reconcile)
        await carried.connections.connect_all()
        assert gate.is_connected
        assert carried.ready == []

    run_jumping(story())


NIGHT = datetime(2026, 11, 25, 4, 50, tzinfo=UTC)
"""23:50 New York on a Tuesday: the IB Gateways restart."""


def test_nothing_is_tried_and_nobody_told_while_the_broker_rests() -> None:
    async def story() -> None:
        clock = AsyncManualClock(NIGHT)
        login = Login("a")
        carried = Carried(login, now=clock.now)
        task = asyncio.create_task(carried.connections.keep_up())
        await asyncio.sleep(300)
        assert login.connects == 0
        assert carried.told == []
        clock.move_to(datetime(2026, 11, 25, 6, 46, tzinfo=UTC))
        await asyncio.sleep(2)
        assert carried.ready == ["a"]
        clock.move_to(datetime(2026, 11, 26, 4, 41, tzinfo=UTC))
        assert carried.ready == ["a"]
        login.drop()
        await asyncio.sleep(100)
        assert login.connects == 1
        task.cancel()

    run_jumping(story())


def test_a_second_factor_is_announced_a_day_ahead_and_then_waited_for() -> None:
    async def story() -> None:
        clock = AsyncManualClock(datetime(2026, 11, 28, 5, 59, tzinfo=UTC))
        login = Login("a")
        carried = Carried(login, now=clock.now, due="2026-11-29")
        clock.move_to(datetime(2026, 11, 28, 9, 0, tzinfo=UTC))
        task = asyncio.create_task(carried.connections.keep_up())
        await asyncio.sleep(5)
        assert carried.ready == ["a"]
        assert [alert for _, alert, _ in carried.told] == [AlertType.TWO_FACTOR_DUE]
        clock.move_to(datetime(2026, 11, 29, 9, 0, tzinfo=UTC))
        await asyncio.sleep(30)
        assert carried.ready == ["a"], "what is connected stays"
        login.drop()
        await asyncio.sleep(120)
        assert login.connects == 1
        assert "second factor" in carried.connections.why_not(LoginId("a"))
        await carried.connections.release(LoginId("a"))
        await asyncio.sleep(2)
        assert carried.ready == ["a"]
        assert len(carried.told) == 1
        task.cancel()

    run_jumping(story())


def test_logins_that_may_ask_for_a_second_factor_sign_in_one_after_another() -> None:
    async def story() -> None:
        clock = AsyncManualClock(datetime(2026, 11, 28, 9, 0, tzinfo=UTC))
        logins = [Login(name, takes_seconds=10) for name in "abc"]
        carried = Carried(*logins, now=clock.now, due="2026-11-29")
        await carried.connections.connect_all()
        assert carried.ready == ["a", "b", "c"]
        assert monotonic() == pytest.approx(30)
        free = [Login(name, takes_seconds=10) for name in "def"]
        await Carried(*free, now=clock.now, due="2026-12-06").connections.connect_all()
        assert monotonic() == pytest.approx(40)

    run_jumping(story())
