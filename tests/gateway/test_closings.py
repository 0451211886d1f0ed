"""The end of the day: what expires near the money is closed, once and to flat."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.domain.alerts import AlertType
from shared.domain.orders import OrderState, order_ref_of
from shared.domain.spreads import Side, Strategy
from tests.afternoons import Afternoon, play
from tests.builders import a_spread
from tests.trading_worlds import LONG_KEY, SHORT_KEY, new_york


def test_a_spread_near_the_money_is_closed_as_one_combo_to_flat() -> None:
    async def story(world: Afternoon) -> None:
        await world.start()
        await world.run_to(12, 29, 59)
        assert world.sent("anna") == []
        await world.run_to(12, 30, 1)
        # Short ask 1.98 less long bid 0.98.
        assert world.sent("anna") == ["1.00"]
        (sent,) = world.books["anna"].sent
        assert [(leg.contract.key, leg.side) for leg in sent.legs] == [
            (LONG_KEY, Side.SELL),
            (SHORT_KEY, Side.BUY),
        ]
        order = world.closing("anna")
        assert (order.state, order.filled_quantity) == (OrderState.FILLED, 5)
        assert order.average_net_price == Decimal("1.00")
        assert order.released_at == new_york(12, 30)
        assert world.at_broker("anna") == [0, 0]
        assert world.position("anna").is_flat
        assert world.position("anna").live_closing_order_id is None
        await world.run_to(13, 1)
        assert world.sent("anna") == ["1.00"]
        assert world.pager.told == []
        assert await world.stored_positions() == (world.position("anna"),)

    play(lambda: Afternoon("anna"), story)


def test_the_ids_of_a_closing_are_durable_before_it_is_sent_and_its_own() -> None:
    async def story(world: Afternoon) -> None:
        await world.start()
        await world.run_to(12, 30, 1)
        order = world.closing("anna")
        assert order.broker is not None
        assert order.broker.order_ref == order_ref_of(order.order_id)
        assert order.fencing_token == world.lease.token
        assert order.claimed_at == order.released_at == new_york(12, 30)

    play(lambda: Afternoon("anna"), story)


@pytest.mark.parametrize("spot", ["592.97", "600"])
def test_a_spread_far_from_the_money_is_left_to_expire(spot: str) -> None:
    async def story(world: Afternoon) -> None:
        world.spot(spot)
        await world.start()
        await world.run_to(13, 1)
        assert world.sent("anna") == []
        assert world.closings == []
        assert world.position("anna").is_flat
        assert world.pager.told == []

    play(lambda: Afternoon("anna"), story)


def test_a_spread_that_comes_near_later_is_closed_within_a_minute() -> None:
    async def story(world: Afternoon) -> None:
        world.spot("600")
        await world.start()
        await world.run_to(12, 50, 30)
        world.spot("589")
        await world.run_to(12, 51, 1)
        assert world.sent("anna") == ["1.00"]
        assert world.position("anna").is_flat

    play(lambda: Afternoon("anna"), story)


def test_a_call_spread_is_closed_from_below() -> None:
    async def story(world: Afternoon) -> None:
        for leg, bid, ask in zip(
            world.spread.opening_legs, ("0.40", "1.20"), ("0.42", "1.22"), strict=True
        ):
            world.market.show(leg.contract.key, bid, ask, at=world.clock.now())
        world.spot("588")
        await world.start()
        await world.run_to(12, 30, 1)
        assert world.sent("anna") == ["0.82"]
        assert world.position("anna").is_flat

    play(lambda: Afternoon("anna", spread=a_spread(strategy=Strategy.SHORT)), story)


def test_another_expiry_is_left_alone() -> None:
    async def story(world: Afternoon) -> None:
        for leg in world.spread.opening_legs:
            world.market.show(leg.contract.key, "1.00", "1.02", at=world.clock.now())
        await world.start()
        await world.run_to(13, 1)
        assert world.sent("anna") == []
        assert world.at_broker("anna") == [5, -5]
        assert world.pager.told == []

    play(lambda: Afternoon("anna", spread=a_spread(expiry="2026-11-30")), story)


def test_no_second_closing_is_planned_while_one_lives() -> None:
    async def story(world: Afternoon) -> None:
        world.brokers["anna"].fill_at_most = 0
        await world.start()
        await world.run_to(12, 33, 1)
        (order,) = world.closings
        assert order.state is OrderState.WORKING
        assert world.position("anna").live_closing_order_id == order.order_id
        assert len(world.books["anna"].orders) == 1
        assert world.sent("anna")[:3] == ["1.00", "1.01", "1.02"]
        assert len(world.sent("anna")) == 37

    play(lambda: Afternoon("anna"), story)


def test_the_limit_never_rises_above_the_width() -> None:
    async def story(world: Afternoon) -> None:
        world.brokers["anna"].fill_at_most = 0
        world.show(590, "5.90", "5.95")
        await world.start()
        await world.run_to(12, 31)
        assert [Decimal(limit) for limit in world.sent("anna")][-1] == 5
        assert len(world.sent("anna")) <= 5

    play(lambda: Afternoon("anna"), story)


def test_partial_fills_bring_a_position_to_flat_and_never_through_zero() -> None:
    async def story(world: Afternoon) -> None:
        world.brokers["anna"].fill_at_most = 2
        await world.start()
        seen = []
        for second in range(1, 30):
            await world.run_to(12, 30, second)
            seen.append(world.at_broker("anna"))
        assert [3, -3] in seen
        assert all(long >= 0 >= short for long, short in seen)
        assert seen[-1] == [0, 0]
        assert world.position("anna").is_flat
        assert len(world.closings) == 1

    play(lambda: Afternoon("anna"), story)


def test_no_more_is_closed_than_the_broker_holds_and_the_difference_is_told() -> None:
    async def story(world: Afternoon) -> None:
        account = world.follower("anna").account_id
        await world.start()
        world.books["anna"].positions[account, world.spread.long_contract.key] = 3
        await world.run_to(12, 30, 1)
        assert [order.quantity for order in world.books["anna"].sent] == [3]
        assert world.at_broker("anna") == [0, -2]
        assert (AlertType.POSITION_MISMATCH, "anna") in world.pager.told
        await world.run_to(12, 59)
        assert len(world.sent("anna")) == 1

    play(lambda: Afternoon("anna"), story)
