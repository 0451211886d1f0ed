"""Connections: each login by itself, whatever the others do."""

from __future__ import annotations

import asyncio

import pytest

from shared.domain.alerts import AlertType
from shared.domain.errors import NotFound
from shared.domain.followers import AccountId, LoginId
from tests.carried import Carried, Login, keeping
from tests.fakes.async_clock import calm, monotonic, run_jumping


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


def test_a_dead_login_is_tried_ever_more_seldom_but_about_each_minute() -> None:
    async def story() -> None:
        login = Login("a", up=False)
        carried = Carried(login)
        keeping = asyncio.create_task(carried.connections.keep_up())
        await asyncio.sleep(400)
        gaps = [b - a for a, b in zip(login.tried_at, login.tried_at[1:], strict=False)]
        expected = [5, 10, 20, 40, *[60] * 20]
        for gap, about in zip(gaps, expected, strict=False):
            assert 0.8 * about - 1 <= gap <= 1.2 * about + 1
        assert len(set(gaps)) > 4
        login.reachable = True
        await asyncio.sleep(75)
        login.drop()
        login.reachable = False
        tries = len(login.tried_at)
        await asyncio.sleep(14)
        # The back-off starts anew after a success: at once, after 5 s, after 10 more.
        assert len(login.tried_at) - tries in (2, 3)
        keeping.cancel()

    run_jumping(story())


def test_no_two_logins_come_back_at_the_same_instants() -> None:
    async def story() -> None:
        logins = [Login(name, up=False) for name in "abcd"]
        await keeping(Carried(*logins), 120)
        assert len({tuple(login.tried_at[1:]) for login in logins}) == 4

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


def test_a_login_that_is_not_carried_is_refused_by_name() -> None:
    async def story() -> None:
        carried = Carried(Login("a"))
        assert carried.connections.knows(LoginId("a"))
        assert not carried.connections.knows(LoginId("z"))
        with pytest.raises(NotFound, match="z is not configured"):
            carried.connections[LoginId("z")]
        with pytest.raises(NotFound):
            await carried.connections.hold(LoginId("z"), "why")

    run_jumping(story())


def test_a_login_owns_the_accounts_that_it_carries_while_connected() -> None:
    async def story() -> None:
        carried = Carried(Login("a"))
        await carried.connections.connect_all()
        assert carried.connections.owns(LoginId("a"), AccountId("DU-a"))
        assert not carried.connections.owns(LoginId("a"), AccountId("DU-b"))
        assert not carried.connections.owns(LoginId("b"), AccountId("DU-b"))

    run_jumping(story())


def test_a_silent_connection_is_found_out_by_its_heartbeat_and_made_anew() -> None:
    async def story() -> None:
        login = Login("a")
        carried = Carried(login)
        await carried.connections.connect_all()
        task = asyncio.create_task(carried.connections.keep_up())
        await asyncio.sleep(65)
        assert login.heartbeats == 3
        assert login.connects == 1
        login.answers = False
        await asyncio.sleep(19)
        assert login.connects >= 2
        assert carried.reconciled[-1] == "a"
        login.answers = True
        await asyncio.sleep(20)
        assert carried.ready == ["a"]
        task.cancel()

    run_jumping(story())


def test_an_unreachable_login_is_paged_once_after_a_minute_and_again_after_a_new_loss() -> None:
    async def story() -> None:
        login = Login("a", up=False)
        carried = Carried(login, Login("b"))
        await keeping(carried, 300)
        ((at, alert_type, subject),) = carried.told
        assert (alert_type, subject) == (AlertType.GATEWAY_UNREACHABLE, "a")
        assert 60 <= at <= 63
        login.reachable = True
        await keeping(carried, 75)
        login.drop()
        login.reachable = False
        await keeping(carried, 100)
        assert len(carried.told) == 2

    run_jumping(story())


def test_a_login_comes_back_by_itself_after_its_short_absence_without_a_page() -> None:
    async def story() -> None:
        login = Login("a")
        carried = Carried(login)
        await carried.connections.connect_all()
        login.drop()
        login.reachable = False
        await keeping(carried, 40)
        login.reachable = True
        await keeping(carried, 40)
        assert carried.ready == ["a"]
        assert carried.told == []

    run_jumping(story())


def test_a_login_whose_work_breaks_takes_nobody_with_it_and_is_taken_up_again() -> None:
    class Breaking(Login):
        breaks = 3

        async def connect(self) -> None:
            await super().connect()
            if self.breaks:
                self.breaks -= 1
                raise ValueError("a frame that cannot be read")

    async def story() -> None:
        breaking, good = Breaking("a"), Login("b")
        carried = Carried(breaking, good)
        await carried.connections.connect_all()
        assert carried.ready == ["b"]
        assert "cannot be read" in carried.connections.why_not(LoginId("a"))
        await keeping(carried, 60)
        assert carried.ready == ["a", "b"]

    run_jumping(story())
