"""Assignments: proved by what is held, booked once, cleared up without ever making it worse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from decimal import Decimal

import pytest

from shared.domain.alerts import AlertType
from shared.domain.orders import OrderState, Purpose
from shared.domain.spreads import Side
from tests.fakes.async_clock import run_jumping
from tests.settlements import Assigned

Story = Callable[[Assigned], Coroutine[object, object, None]]


def play(
    story: Story, *names: str, living: bool = True, at: datetime | None = None, quantity: int = 5
) -> None:
    async def whole() -> None:
        world = Assigned(*(names or ("anna",)), living=living, at=at, quantity=quantity)
        try:
            await world.start()
            await story(world)
        finally:
            await world.die()

    run_jumping(whole())


def test_a_carried_spread_is_taken_over_and_nothing_is_done_about_it() -> None:
    async def story(world: Assigned) -> None:
        await world.run_to(9, 45)
        assert world.holds("anna") == (5, -5, 0)
        assert world.position("anna").session_date == "2026-11-25"
        assert world.pager.told == []

    play(story)


def test_an_assignment_is_booked_once_its_shares_are_there_twice() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", short=5, QQQ=500)
        await world.run_to(9, 29, 5)
        assert world.holds("anna") == (5, -5, 0), "one reading proves nothing"
        await world.run_to(9, 29, 15)
        assert world.holds("anna") == (5, 0, 500)
        (told,) = world.told(AlertType.ASSIGNMENT_DETECTED)
        assert "5 short" in told
        assert "500 QQQ were bought" in told

    play(story)


def test_an_execution_at_the_strike_proves_it_at_once() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", short=5, QQQ=500)
        world.executes("anna", "QQQ", Side.BUY, 500, "590")
        await world.run_to(9, 29, 1)
        assert world.holds("anna") == (5, 0, 500)
        assert world.told(AlertType.EXTERNAL_TRADE) == []

    play(story)


def test_the_shares_go_first_from_the_open_and_the_long_leg_last() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", short=5, QQQ=500)
        await world.run_to(9, 29, 59)
        assert world.shares_sent("anna") == []
        await world.run_to(9, 35)
        flatten, sell = world.remedies()
        assert (flatten.purpose, flatten.quantity) == (Purpose.FLATTEN_SHARES, 500)
        assert (sell.purpose, sell.quantity) == (Purpose.SELL_LONG, 5)
        assert flatten.finished_at is not None
        assert flatten.finished_at <= sell.planned_at
        assert [order.side for order in world.shares_sent("anna")] == [Side.SELL]
        assert world.holds("anna") == (0, 0, 0)
        assert world.at_broker("anna") == [0, 0]
        assert len(world.told(AlertType.ASSIGNMENT_COMPENSATED)) == 1
        # 1.95 - 1.00 taken in; 590 paid for shares sold at 588.00; the put sold at 1.50.
        expected = (Decimal("1.95") - Decimal("1.00") + Decimal("1.50") - 2) * 500
        assert world.position("anna").realized == expected

    play(story)


def test_a_part_that_is_assigned_leaves_the_rest_of_the_spread() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", short=2, QQQ=200)
        await world.run_to(9, 35)
        assert world.holds("anna") == (3, -3, 0)
        assert world.position("anna").open_quantity == 3

    play(story)


def test_shares_alone_are_no_assignment() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", QQQ=500)
        await world.run_to(9, 40)
        assert world.holds("anna") == (5, -5, 0)
        assert world.remedies() == []
        (told,) = world.told(AlertType.POSITION_MISMATCH)
        assert "QQQ +500" in told

    play(story)


@pytest.mark.parametrize(
    "moves",
    [
        {"short": 5},
        {"long": -5},
        {"short": 5, "QQQ": 450},
        {"short": 5, "QQQ": -500},
        {"short": 2, "QQQ": 500},
        {"short": 5, "long": -5},
        {"short": 5, "long": -5, "QQQ": 500},
        {"short": 6, "QQQ": 600},
    ],
)
def test_whatever_does_not_add_up_is_told_and_nothing_is_touched(moves: dict[str, int]) -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", **moves)
        await world.run_to(9, 40)
        assert world.holds("anna") == (5, -5, 0)
        assert world.remedies() == []
        assert (world.books["anna"].sent, world.shares_sent("anna")) == ([], [])
        assert len(world.told(AlertType.POSITION_MISMATCH)) == 1

    play(story)


def test_a_difference_that_passes_is_no_difference() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", QQQ=500)
        await world.run_to(9, 29, 5)
        world.broker_does("anna", QQQ=-500)
        await world.run_to(9, 40)
        assert world.pager.told == []

    play(story)


def test_an_expired_long_leg_leaves_shares_that_are_paged_and_flattened_from_the_open() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", short=5, long=-5, QQQ=500)
        await world.run_to(9, 29, 30)
        assert world.holds("anna") == (0, 0, 500)
        (told,) = world.told(AlertType.ASSIGNMENT_DETECTED)
        assert "UNHEDGED" in told
        await world.run_to(9, 35)
        (flatten,) = world.remedies()
        assert (flatten.quantity, flatten.state) == (500, OrderState.FILLED)
        assert world.holds("anna") == (0, 0, 0)
        assert world.position("anna").realized == (Decimal("1.95") - 1 - 2) * 500

    play(story, living=False)


def test_the_followers_own_shares_are_not_sold_with_the_assigned_ones() -> None:
    async def story(world: Assigned) -> None:
        await world.run_to(9, 40)
        assert world.told(AlertType.POSITION_MISMATCH) == []
        world.broker_does("anna", QQQ=300)
        world.executes("anna", "QQQ", Side.BUY, 300, "588.5")
        await world.run_to(9, 45)
        world.broker_does("anna", short=5, QQQ=500)
        await world.run_to(9, 50)
        assert sum(order.quantity for order in world.shares_sent("anna")) == 500
        account = world.follower("anna").account_id
        assert world.books["anna"].positions[account, world.key("QQQ")] == 300

    play(story)


def test_what_the_follower_sold_himself_is_not_sold_again() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", short=5, QQQ=500)
        await world.run_to(9, 29, 30)
        world.broker_does("anna", QQQ=-500)
        world.executes("anna", "QQQ", Side.SELL, 500, "588.5")
        await world.run_to(9, 40)
        assert world.shares_sent("anna") == []
        assert len(world.told(AlertType.EXTERNAL_TRADE)) == 1

    play(story)


def test_the_closing_of_a_spread_stops_as_soon_as_its_short_leg_seems_gone() -> None:
    async def story(world: Assigned) -> None:
        await world.run_to(9, 31, 30)
        world.brokers["anna"].fill_at_most = 0
        world.desk_asks_to_close("anna")
        await world.run_to(9, 31, 55)
        (closing,) = world.closings
        assert closing.state is OrderState.WORKING
        world.broker_does("anna", short=5, QQQ=500)
        await world.run_to(9, 33)
        assert world.closing("anna").state is OrderState.CANCELED
        assert world.holds("anna")[1] == 0

    play(story)


def test_the_long_leg_is_exercised_where_that_pays_more_and_only_once() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", short=5, QQQ=500)
        world.market.show("QQQ", "580.00", "580.02", at=world.clock.now(), size=100_000)
        await world.run_to(9, 45)
        (exercise,) = world.books["anna"].exercises
        assert exercise.quantity == 5
        assert world.shares_sent("anna") == []
        assert world.holds("anna") == (0, 0, 0)
        # The width, less what was taken in.
        assert world.position("anna").realized == (Decimal("0.95") - 5) * 500

    play(story)


def test_an_exercise_that_may_have_been_sent_is_never_sent_again() -> None:
    async def story(world: Assigned) -> None:
        world.brokers["anna"].lose_sends = True
        world.broker_does("anna", short=5, QQQ=500)
        world.market.show("QQQ", "580.00", "580.02", at=world.clock.now(), size=100_000)
        await world.run_to(9, 33)
        await world.restart()
        await world.run_to(9, 45)
        assert world.books["anna"].exercises == []
        assert world.shares_sent("anna") == [], "it may yet deliver"
        assert world.holds("anna") == (5, 0, 500)

    play(story)


def test_a_restart_books_and_sends_nothing_twice() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", short=5, QQQ=500)
        for minute in (29, 30, 31, 32, 33):
            await world.run_to(9, minute, 20)
            await world.restart(f"leader-{minute}")
        await world.run_to(9, 45)
        assert world.holds("anna") == (0, 0, 0)
        assert world.at_broker("anna") == [0, 0]
        assert sum(order.quantity for order in world.shares_sent("anna")) >= 500
        account = world.follower("anna").account_id
        assert world.books["anna"].positions.get((account, world.key("QQQ")), 0) == 0

    play(story)


def test_shares_that_do_not_go_are_paged_after_a_minute_and_tried_on() -> None:
    async def story(world: Assigned) -> None:
        world.brokers["anna"].fill_at_most = 0
        world.broker_does("anna", short=5, QQQ=500)
        await world.run_to(9, 33)
        (told,) = world.told(AlertType.CLOSE_FAILED)
        assert "500 of 500" in told
        limits = [order.limit for order in world.shares_sent("anna")]
        assert limits == sorted(limits, reverse=True)
        assert len(limits) > 5
        assert len({order.ids.broker_order_id for order in world.shares_sent("anna")}) == 1
        world.brokers["anna"].fill_at_most = 1000
        await world.run_to(9, 36)
        assert world.holds("anna") == (0, 0, 0)

    play(story)


def test_a_frozen_book_sends_nothing_and_a_halted_one_clears_up() -> None:
    async def story(world: Assigned) -> None:
        world.switch("frozen")
        await asyncio.sleep(3)
        world.broker_does("anna", short=5, QQQ=500)
        await world.run_to(9, 33)
        assert world.shares_sent("anna") == []
        assert len(world.told(AlertType.ASSIGNMENT_DETECTED)) == 1
        world.switch("halted")
        await asyncio.sleep(3)
        await world.run_to(9, 37)
        assert world.holds("anna") == (0, 0, 0)

    play(story)


def test_one_follower_s_assignment_is_nobody_else_s() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("bert", short=5, QQQ=500)
        await world.run_to(9, 40)
        assert world.holds("anna") == (5, -5, 0)
        assert world.holds("bert") == (0, 0, 0)
        assert world.shares_sent("anna") == []

    play(story, "anna", "bert")
