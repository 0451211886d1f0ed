"""A whole session: what is planned, sent, filled, refused and booked."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain.alerts import AlertType
from shared.domain.orders import OrderState
from shared.domain.reasons import Reason
from shared.domain.signals import SignalState
from tests.fakes.async_clock import run_jumping
from tests.trading_worlds import SIGNAL, World, new_york

Story = Callable[[World], Coroutine[object, object, None]]


def play(world: Callable[[], World], story: Story) -> None:
    async def whole() -> None:
        made = world()
        made.make_brokers()
        try:
            await story(made)
        finally:
            await made.die()

    run_jumping(whole())


def test_everybody_is_sent_two_seconds_after_the_open_and_filled_when_the_market_comes() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 1)
        assert (world.sent("anna"), world.sent("bert")) == ([], [])
        assert world.order("anna").state is OrderState.CLAIMED
        await world.run_to(9, 30, 3)
        # Middle 0.99 - 1.97.
        assert (world.sent("anna"), world.sent("bert")) == (["-0.98"], ["-0.98"])
        world.show(590, "2.00", "2.02")
        await world.run_to(9, 30, 4)
        for name in ("anna", "bert"):
            order = world.order(name)
            assert order.state is OrderState.FILLED
            assert order.average_net_price == Decimal("-1.00")
            assert order.released_at == new_york(9, 30, 2)
        assert world.pager.told == []
        await world.run_to(9, 31)
        stored = await world.stored()
        assert {order.state for order in stored.values()} == {OrderState.FILLED}
        assert sum(p.open_quantity for p in world.desk.positions()) == 10

    play(lambda: World("anna", "bert"), story)


def test_a_ladder_that_ends_unfilled_is_canceled_and_told_once_for_all() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 31)
        for name in ("anna", "bert"):
            order = world.order(name)
            assert (order.state, order.reason) == (OrderState.CANCELED, Reason.LIMIT_REACHED)
            assert len(order.rungs) == 10
            assert world.books[name].sweep().open_orders == ()
        assert world.pager.told == [(AlertType.LIMIT_REACHED, SIGNAL.signal_id)]

    play(lambda: World("anna", "bert"), story)


def test_what_filled_before_the_ladder_ended_is_kept() -> None:
    async def story(world: World) -> None:
        world.brokers["anna"].fill_at_most = 2
        await world.lead()
        await world.run_to(9, 30, 3)
        world.show(590, "2.00", "2.02")
        world.show(590, "1.96", "1.98")
        await world.run_to(9, 31)
        order = world.order("anna")
        assert (order.state, order.filled_quantity) == (OrderState.PARTIALLY_FILLED, 2)
        assert order.reason is Reason.LIMIT_REACHED

    play(lambda: World("anna"), story)


def test_no_margin_and_an_unreachable_login_hold_up_nobody_else() -> None:
    async def story(world: World) -> None:
        world.brokers["bert"].equity = Decimal(2000)
        world.brokers["carl"].reachable = False
        await world.lead()
        await world.run_to(9, 30, 3)
        assert world.sent("anna") == ["-0.98"]
        bert = world.order("bert")
        assert (bert.state, bert.reason) == (OrderState.SKIPPED, Reason.NO_MARGIN)
        assert world.order("carl").state is OrderState.PLANNED
        await world.run_to(9, 46)
        carl = world.order("carl")
        assert (carl.state, carl.reason) == (OrderState.SKIPPED, Reason.GATEWAY_UNREACHABLE)
        assert "refused" in carl.detail
        assert (AlertType.NO_MARGIN, "bert") in world.pager.told
        assert (AlertType.GATEWAY_UNREACHABLE, "login-carl") in world.pager.told
        assert len(world.pager.told) == 3

    play(lambda: World("anna", "bert", "carl"), story)


def test_a_refusal_for_margin_at_placement_is_no_margin_too() -> None:
    async def story(world: World) -> None:
        words = "Order rejected - reason: EQUITY WITH LOAN VALUE"
        world.brokers["anna"].refuse_with = (201, words)
        await world.lead()
        await world.run_to(9, 31)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.REJECTED, Reason.NO_MARGIN)
        assert order.detail == words
        assert world.pager.told == [(AlertType.NO_MARGIN, "anna")]
        assert len(world.sent("anna")) == 1

    play(lambda: World("anna"), story)


def test_an_order_refused_for_its_price_is_rejected_and_told() -> None:
    async def story(world: World) -> None:
        world.brokers["anna"].refuse_with = (110, "The price does not conform")
        await world.lead()
        await world.run_to(9, 31)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.REJECTED, Reason.REJECTED_BY_BROKER)
        assert world.pager.told == [(AlertType.ORDER_REJECTED, "anna")]

    play(lambda: World("anna"), story)


@pytest.mark.parametrize(
    ("bid", "ask", "reason"),
    [("1.60", "1.62", Reason.MID_TOO_LOW), ("4.80", "4.82", Reason.MID_TOO_HIGH)],
)
def test_a_price_out_of_bounds_skips_everybody_with_one_alert(
    bid: str, ask: str, reason: Reason
) -> None:
    async def story(world: World) -> None:
        world.show(590, bid, ask)
        await world.lead()
        await world.run_to(9, 31)
        for name in ("anna", "bert"):
            order = world.order(name)
            assert (order.state, order.reason) == (OrderState.SKIPPED, reason)
        assert world.pager.told == [(AlertType(str(reason)), SIGNAL.signal_id)]

    play(lambda: World("anna", "bert"), story)


def test_unusable_quotes_are_waited_for_until_the_cutoff() -> None:
    async def story(world: World) -> None:
        world.show(585, None, "1.00")
        await world.lead()
        await world.run_to(9, 44)
        assert world.order("anna").state is OrderState.CLAIMED
        await world.run_to(9, 46)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.SKIPPED, Reason.QUOTE_UNUSABLE)
        assert world.pager.told == [(AlertType.QUOTE_UNUSABLE, SIGNAL.signal_id)]

    play(lambda: World("anna"), story)


def test_quotes_that_come_late_release_within_seconds() -> None:
    async def story(world: World) -> None:
        world.show(585, None, "1.00")
        await world.lead()
        await world.run_to(9, 40)
        world.show(585, "0.98", "1.00")
        await world.run_to(9, 40, 6)
        assert world.sent("anna") == ["-0.98"]

    play(lambda: World("anna"), story)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (state, Reason(f"SIGNAL_{state.name}"))
        for state in (SignalState.CHANGED, SignalState.REJECTED)
    ],
)
def test_a_signal_that_was_changed_or_rejected_releases_nobody(
    state: SignalState, reason: Reason
) -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 29)
        world.write_signal(replace(SIGNAL, state=state))
        await world.run_to(9, 46)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.SKIPPED, reason)
        assert world.sent("anna") == []

    play(lambda: World("anna"), story)


def test_an_unverified_signal_is_held_told_and_released_once_it_is_verified() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 33)
        assert world.sent("anna") == []
        assert world.pager.told == [(AlertType.SIGNAL_UNVERIFIED, SIGNAL.signal_id)]
        world.write_signal(replace(SIGNAL, verified_at=new_york(9, 33)))
        await world.run_to(9, 33, 6)
        assert world.sent("anna") == ["-0.98"]

    play(lambda: World("anna", signal=replace(SIGNAL, verified_at=None)), story)


def test_a_row_completed_after_the_open_is_released_at_once() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 35, 1)
        late = replace(SIGNAL, read_at=new_york(9, 35, 1), verified_at=None)
        world.plan(late, new_york(9, 35, 1))
        world.doorbell.set()
        await world.run_to(9, 35, 1)
        assert world.sent("anna") == ["-0.98"]
        assert world.order("anna").released_at == new_york(9, 35, 1)

    play(lambda: World("anna", signal=None), story)


def test_a_lost_doorbell_costs_seconds_only() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 35, 1)
        late = replace(SIGNAL, read_at=new_york(9, 35, 1), verified_at=None)
        world.plan(late, new_york(9, 35, 1))
        await world.run_to(9, 35, 32)
        assert world.sent("anna") == ["-0.98"]

    play(lambda: World("anna", signal=None), story)


def test_more_looks_and_rings_change_nothing() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        world.show(590, "2.00", "2.02")
        await world.run_to(9, 31)
        before = await world.stored()
        for second in range(5):
            world.doorbell.set()
            await world.run_to(9, 31, 10 + second)
        await world.run_to(9, 45)
        assert await world.stored() == before
        assert len(world.desk.fills_of(world.order("anna").order_id)) == 3
        assert len(world.sent("anna")) == 1

    play(lambda: World("anna"), story)


def test_what_ends_out_of_the_money_is_booked_at_the_close() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        world.show(590, "2.00", "2.02")
        world.market.show("QQQ", "600.00", "600.02", at=world.clock.now())
        await world.run_to(13, 0, 5)
        (position,) = world.desk.positions()
        assert position.is_flat
        # 1.00 x 100 x 5, and a fee of 0.65 for each of ten contracts.
        assert (position.realized, position.fees) == (Decimal(500), Decimal("6.50"))
        assert world.order("anna").state is OrderState.FILLED
        assert world.pager.told == []

    play(lambda: World("anna"), story)


def test_a_forged_plan_is_refused_and_told() -> None:
    async def story(world: World) -> None:
        forged = (await world.stored())["anna"]
        world.write_order(replace(forged, quantity=50))
        await world.lead()
        await world.run_to(9, 31)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.SKIPPED, Reason.PLAN_MISMATCH)
        assert world.sent("anna") == []
        assert (AlertType.PLAN_MISMATCH, "anna") in world.pager.told

    play(lambda: World("anna", "bert"), story)


def test_nothing_is_released_while_the_switch_is_not_normal() -> None:
    async def story(world: World) -> None:
        world.switch("close_only")
        await world.lead()
        await world.run_to(9, 46)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.SKIPPED, Reason.TRADING_HALTED)
        assert world.sent("anna") == []

    play(lambda: World("anna"), story)
