"""Known failures of trading: sessions whose broker, network or Gateway fails in a known way."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from gateway.simulator.orders import LIVE_STATUSES, OrderStatus
from shared.domain.alerts import AlertType
from shared.domain.fills import COMBO_KEY
from shared.domain.orders import OrderState
from shared.domain.reasons import Reason
from tests.known_failures.simulated_worlds import CALM, RISING, SimulatedWorld, play

LONG, SHORT = "QQQ   261127P00585000", "QQQ   261127P00590000"
WHOLE = {LONG: 5, SHORT: -5}


def assert_filled_once(world: SimulatedWorld, name: str = "anna") -> None:
    """Five spreads by our books and by the broker's, and nothing left to fill."""
    assert world.order(name).state is OrderState.FILLED
    assert world.held(name) == WHOLE
    assert [order for order in world.at_broker(name) if order.status in LIVE_STATUSES] == []
    assert sum(order.filled for order in world.at_broker(name)) == 5


def test_a_new_order_off_the_tick_is_ended_although_the_library_waits_for_ever() -> None:
    """110 on a new order: ib_insync leaves it PendingSubmit and fires no event."""

    async def story(world: SimulatedWorld) -> None:
        world.arm("110-on-order", "anna")
        await world.lead()
        await world.run_to(9, 31)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.REJECTED, Reason.REJECTED_BY_BROKER)
        assert "minimum price variation" in order.detail
        assert world.held("anna") == {}

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_ibkrs_words_of_a_rejection_are_kept_and_the_ladder_ends() -> None:
    async def story(world: SimulatedWorld) -> None:
        world.arm("201-on-order", "anna", reason="No trading permission.")
        await world.lead()
        await world.run_to(9, 31)
        order = world.order("anna")
        assert order.state is OrderState.REJECTED
        assert "No trading permission." in order.detail
        assert AlertType.ORDER_REJECTED in {kind for kind, _ in world.pager.told}
        assert world.held("anna") == {}

    play(lambda: SimulatedWorld("anna", market=RISING), story)


@pytest.mark.parametrize(
    "fault",
    [
        "ack-lost",
        "slow-acks",
        "execution-before-open-order",
        "10349-on-order",
        "399-on-order",
        "partial-fill",
        "103-on-modify",
        "110-on-modify",
        "104-on-modify",
    ],
)
def test_an_order_is_filled_once_whatever_is_said_or_not_said_of_it(fault: str) -> None:
    async def story(world: SimulatedWorld) -> None:
        world.arm(fault, "anna")
        await world.lead()
        await world.run_to(9, 33)
        assert_filled_once(world)
        assert len(world.at_broker("anna")) == 1

    play(lambda: SimulatedWorld("anna", market=RISING), story)


@pytest.mark.parametrize(
    "fault", ["duplicate-messages", "delay-messages", "reorder-messages", "lose-messages"]
)
@pytest.mark.parametrize("kind", ["execDetails", "orderStatus", "openOrder", "commissionReport"])
def test_a_message_that_is_repeated_late_or_lost_changes_no_book(fault: str, kind: str) -> None:
    async def story(world: SimulatedWorld) -> None:
        world.arm(fault, "anna", kinds=[kind])
        await world.lead()
        await world.run_to(9, 33)
        assert_filled_once(world)
        assert len(world.at_broker("anna")) == 1
        fills = world.desk.fills_of(world.order("anna").order_id)
        legs = [fill for fill in fills if fill.contract_key != COMBO_KEY]
        executions = world.simulator.logins["login-anna"].book.executions
        fees = sum((one.commission or Decimal(0) for one in executions), Decimal(0))
        assert sum(fill.quantity for fill in legs) == 10
        assert sum((fill.fee or Decimal(0) for fill in legs), Decimal(0)) == fees

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_an_order_that_was_lost_on_its_way_is_sent_again_under_its_own_id() -> None:
    async def story(world: SimulatedWorld) -> None:
        world.arm("order-lost", "anna")
        await world.lead()
        await world.run_to(9, 33)
        assert_filled_once(world)
        ours = world.order("anna").broker
        assert ours is not None
        assert [one.order_id for one in world.at_broker("anna")] == [ours.broker_order_id]

    play(lambda: SimulatedWorld("anna", market=RISING), story)


@pytest.mark.parametrize("seconds", [5, 15, 40])
def test_an_order_that_comes_late_is_not_doubled_by_the_one_sent_again(seconds: int) -> None:
    async def story(world: SimulatedWorld) -> None:
        world.arm("order-late", "anna", seconds=seconds)
        await world.lead()
        await world.run_to(9, 33)
        assert_filled_once(world)
        assert len(world.at_broker("anna")) == 1

    play(lambda: SimulatedWorld("anna", market=RISING), story)


@pytest.mark.parametrize(
    "fault", ["cancel-lost", "cancel-ack-lost", "161-on-cancel", "10147-on-cancel"]
)
def test_a_cancel_is_repeated_until_the_books_show_the_end(fault: str) -> None:
    async def story(world: SimulatedWorld) -> None:
        world.arm(fault, "anna")
        await world.lead()
        await world.run_to(9, 35)
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.CANCELED, Reason.LIMIT_REACHED)
        (at_broker,) = world.at_broker("anna")
        assert at_broker.status is OrderStatus.CANCELLED

    play(lambda: SimulatedWorld("anna", market=CALM), story)


def test_a_fill_that_crosses_the_cancel_is_booked() -> None:
    async def story(world: SimulatedWorld) -> None:
        world.arm("fill-after-cancel", "anna", quantity=2)
        await world.lead()
        await world.run_to(9, 35)
        order = world.order("anna")
        assert (order.state, order.filled_quantity) == (OrderState.PARTIALLY_FILLED, 2)
        assert world.held("anna") == {LONG: 2, SHORT: -2}

    play(lambda: SimulatedWorld("anna", market=CALM), story)


def test_a_cancel_that_comes_after_the_fill_books_the_fill() -> None:
    async def story(world: SimulatedWorld) -> None:
        world.arm("10148-on-cancel", "anna")
        await world.lead()
        await world.run_to(9, 35)
        assert_filled_once(world)

    play(lambda: SimulatedWorld("anna", market=CALM), story)


def test_a_change_that_is_refused_for_good_is_followed_by_one_new_order_for_the_rest() -> None:
    """105: cancel, confirm by the books, then a new broker order under the same order."""

    async def story(world: SimulatedWorld) -> None:
        world.arm("105-on-modify", "anna")
        await world.lead()
        await world.run_to(9, 33)
        assert_filled_once(world)
        live_at_once = [one for one in world.at_broker("anna") if one.filled]
        assert len(live_at_once) == 1

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_what_two_broker_orders_fill_beyond_ours_is_closed_as_a_spread() -> None:
    async def story(world: SimulatedWorld) -> None:
        world.arm("two-broker-orders", "anna")
        await world.lead()
        await world.run_to(9, 44)
        assert world.held("anna") == WHOLE
        assert all(order.contract.sec_type == "BAG" for order in world.at_broker("anna"))

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_empty_answers_of_a_degraded_session_prove_nothing() -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 8)
        world.arm("empty-snapshot", "anna", seconds=45)
        world.simulator.drop("login-anna")
        await world.run_to(9, 34)
        assert_filled_once(world)
        assert len(world.at_broker("anna")) == 1

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_no_rung_is_sent_while_the_gateway_has_lost_ibkr() -> None:
    """1100: the socket stays up and the library says it is connected."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 8)
        (order,) = world.at_broker("anna")
        before = order.rung
        world.arm("1100-connectivity-lost", "anna", seconds=12)
        await world.run_to(9, 30, 19)
        assert order.rung == before
        await world.run_to(9, 33)
        assert_filled_once(world)
        assert world.at_broker("anna") == [order]

    play(lambda: SimulatedWorld("anna", market=RISING), story)


@pytest.mark.parametrize("fault", ["daily-restart", "326-on-connect", "silent-connection"])
def test_a_gateway_that_goes_and_comes_back_finds_one_order_and_no_second_one(
    fault: str,
) -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 8)
        world.arm(fault, "anna", seconds=60)
        await world.run_to(9, 44)
        assert len(world.at_broker("anna")) == 1
        assert world.order("anna").filled_quantity == world.held("anna").get(LONG, 0)

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_a_corrected_execution_changes_the_price_and_not_the_quantity() -> None:
    async def story(world: SimulatedWorld) -> None:
        world.arm("correction", "anna")
        await world.lead()
        await world.run_to(9, 33)
        assert_filled_once(world)
        booked = world.desk.fills_of(world.order("anna").order_id)
        assert sum(fill.quantity for fill in booked if fill.contract_key != COMBO_KEY) == 10
        told = world.simulator.logins["login-anna"].book.executions
        assert any(one.exec_id.endswith(".02") for one in told)

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_one_login_that_hangs_holds_up_nobody() -> None:
    async def story(world: SimulatedWorld) -> None:
        world.arm("silent-socket", "anna", seconds=0)
        await asyncio.sleep(0)
        await world.lead()
        await world.run_to(9, 33)
        assert_filled_once(world, "bert")
        assert world.at_broker("anna") == []
        assert Decimal(0) == world.order("anna").filled_quantity

    play(lambda: SimulatedWorld("anna", "bert", market=RISING), story)
