"""Custody: the night, the end of an expiring day, and what others did in the account."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from decimal import Decimal

from gateway.custody.closing_prices import life_of
from shared.domain.alerts import AlertType
from shared.domain.assignment import Life
from shared.domain.options import ContractKey
from shared.domain.orders import OrderState
from shared.domain.spreads import Side
from tests.afternoons import Afternoon
from tests.fakes.async_clock import run_jumping
from tests.settlements import EXPIRED, Assigned
from tests.trading_worlds import World, new_york

Story = Callable[[Assigned], Coroutine[object, object, None]]
ARRIVAL = new_york(1, 50)


def play(
    story: Story, *, living: bool = True, at: datetime | None = None, closed_at: str = "595.00"
) -> None:
    """Play a morning after a session that closed at this price."""

    async def whole() -> None:
        world = Assigned("anna", living=living, at=at)
        world.close_of_last_session(closed_at)
        try:
            await world.start()
            await story(world)
        finally:
            await world.die()

    run_jumping(whole())


def test_an_assignment_of_the_night_is_told_in_the_night_and_nothing_is_sent() -> None:
    async def story(world: Assigned) -> None:
        await world.run_to(2, 40)
        assert world.pager.told == []
        world.broker_does("anna", short=5, long=-5, QQQ=500)
        await world.run_to(2, 46)
        assert world.holds("anna") == (0, 0, 500)
        assert len(world.told(AlertType.ASSIGNMENT_DETECTED)) == 1
        await world.run_to(7, 29)
        assert world.remedies() == []

    play(story, living=False, at=ARRIVAL, closed_at="588.00")


def test_a_short_in_the_money_waits_for_the_morning() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", short=5, long=-5)
        await world.run_to(4, 30)
        assert world.holds("anna") == (5, -5, 0), "the assignment may still come"
        await world.run_to(7, 1)
        assert world.holds("anna") == (0, 0, 0), "it did not"
        assert world.pager.told == []

    play(story, living=False, at=ARRIVAL, closed_at="588.00")


def test_a_spread_wholly_in_the_money_is_booked_at_its_width_without_an_order() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", short=5, long=-5)
        await world.run_to(2, 20)
        assert world.holds("anna") == (0, 0, 0)
        assert world.position("anna").realized == (Decimal("0.95") - 5) * 500
        assert len(world.told(AlertType.ASSIGNMENT_COMPENSATED)) == 1
        await world.run_to(7, 29)
        assert world.remedies() == []

    play(story, living=False, at=ARRIVAL, closed_at="580.00")


def test_a_worthless_expiry_that_nobody_booked_is_booked_by_the_next_leader() -> None:
    async def story(world: Assigned) -> None:
        await world.run_to(2, 10)
        assert world.holds("anna") == (5, -5, 0), "the broker still lists it"
        world.broker_does("anna", short=5, long=-5)
        await world.run_to(2, 20)
        assert world.holds("anna") == (0, 0, 0)
        assert world.position("anna").realized == Decimal("0.95") * 500
        await world.restart()
        await world.run_to(3, 30)
        assert world.position("anna").realized == Decimal("0.95") * 500
        assert world.pager.told == []

    play(story, living=False, at=ARRIVAL)


def test_what_is_still_listed_in_the_morning_is_told() -> None:
    async def story(world: Assigned) -> None:
        await world.run_to(7, 1)
        assert len(world.told(AlertType.POSITION_MISMATCH)) == 1
        assert world.holds("anna") == (5, -5, 0)

    play(story, living=False, at=ARRIVAL, closed_at="595.00")


def test_a_short_booked_worthless_and_assigned_after_all_leaves_shares_that_are_paged() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", short=5, long=-5)
        await world.run_to(2, 20)
        assert world.holds("anna") == (0, 0, 0)
        world.broker_does("anna", QQQ=300)
        await world.run_to(2, 40)
        assert world.holds("anna") == (0, 0, 300), "three holders exercised against the price"
        await world.restart()
        await world.run_to(3, 40)
        assert world.holds("anna") == (0, 0, 300)
        assert len(world.told(AlertType.ASSIGNMENT_DETECTED)) == 1

    play(story, living=False, at=ARRIVAL, closed_at="590.00")


def test_shares_held_before_anything_of_ours_are_the_followers_own() -> None:
    async def whole() -> None:
        world = World("anna")
        account = world.follower("anna").account_id
        world.books["anna"].move(account, ContractKey("QQQ"), 700)
        try:
            await world.lead()
            await world.run_to(9, 30, 4)
            world.show(590, "1.98", "2.00")
            await world.run_to(9, 31)
            assert world.order("anna").state is OrderState.FILLED
            await world.run_to(9, 35)
            assert world.pager.told == []
            await world.die()
            world.make_brokers()
            await world.lead("two")
            await world.run_to(9, 40)
            assert world.pager.told == []
        finally:
            await world.die()

    run_jumping(whole())


def test_a_trade_of_the_follower_is_tagged_told_once_and_left_alone() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", long=-2)
        world.executes("anna", "long", Side.SELL, 2, "1.52")
        await world.run_to(9, 40)
        (told,) = world.told(AlertType.EXTERNAL_TRADE)
        assert "-2" in told
        assert world.holds("anna") == (5, -5, 0), "our books are ours alone"
        assert world.told(AlertType.POSITION_MISMATCH) == []
        world.broker_does("anna", long=-1)
        world.executes("anna", "long", Side.SELL, 1, "1.50", number=2)
        await world.run_to(9, 45)
        assert len(world.told(AlertType.EXTERNAL_TRADE)) == 1
        assert [one.quantity for one in await world.external()] == [-2, -1]

    play(story)


def test_tagged_trades_are_remembered_by_the_next_leader_and_the_next_session() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", long=-2)
        world.executes("anna", "long", Side.SELL, 2, "1.52")
        await world.run_to(9, 31)
        world.books["anna"].executions.clear()
        await world.restart()
        await world.run_to(9, 40)
        assert world.told(AlertType.POSITION_MISMATCH) == []

    play(story)


def test_our_closing_sells_no_leg_that_the_follower_sold() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", long=-2)
        world.executes("anna", "long", Side.SELL, 2, "1.52")
        await world.run_to(9, 31, 30)
        world.desk_asks_to_close("anna")
        await world.run_to(9, 40)
        (closing,) = world.closings
        assert (closing.quantity, closing.state) == (3, OrderState.FILLED)
        assert world.at_broker("anna") == [0, -2]

    play(story)


def test_an_expiring_session_is_booked_by_a_leader_that_comes_after_its_close() -> None:
    async def whole() -> None:
        world = Afternoon("anna", at=new_york(12, 59, 30))
        try:
            world.spot("599.00")
            await world.start()
            await world.run_to(12, 59, 58)
            await world.run_to(13, 0)
            await world.die()
            await world.clock.run_to(new_york(13, 5))
            world.make_brokers()
            await world.lead("two")
            await world.run_to(13, 6)
            assert world.position("anna").is_flat
            assert world.position("anna").realized == Decimal("0.95") * 500
        finally:
            await world.die()

    run_jumping(whole())


def test_the_life_of_an_option_ends_with_the_underlyings_close() -> None:
    close_at = new_york(16, 0) - timedelta(days=2)
    assert life_of(EXPIRED, close_at - timedelta(seconds=1)) is Life.ALIVE
    assert life_of(EXPIRED, close_at) is Life.EXPIRING
    assert life_of(EXPIRED, new_york(6, 59)) is Life.EXPIRING
    assert life_of(EXPIRED, new_york(7, 0)) is Life.SETTLED
