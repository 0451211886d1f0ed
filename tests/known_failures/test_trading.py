"""Known failures of trading: whole sessions at the simulator through the real client library."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.simulator.messages import order_status
from gateway.simulator.order_messages import LIVE_REQUEST, exec_details
from gateway.simulator.orders import OrderStatus
from shared.domain.alerts import AlertType
from shared.domain.orders import OrderState
from shared.domain.positions import position_id_of
from shared.domain.reasons import Reason
from tests.builders import a_spread
from tests.known_failures.simulated_worlds import CALM, RISING, Shown, SimulatedWorld, play

LONG, SHORT = "QQQ   261127P00585000", "QQQ   261127P00590000"
PARTS = (
    *CALM,
    Shown(at=(9, 30, 10), strike=590, bid="2.06", ask="2.08", size=2),
    Shown(at=(9, 30, 11), strike=590, bid="1.96", ask="1.98"),
)
"""For one second two of the spread can be bought."""


def quantity_of(world: SimulatedWorld, name: str) -> int:
    position = world.desk.position(position_id_of(world.follower(name).follower_id, a_spread()))
    return 0 if position is None else position.open_quantity


def test_every_follower_is_copied_at_once_each_in_his_own_account() -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        for name in world.names:
            (order,) = world.at_broker(name)
            assert order.ticket.account == f"DU-{name}"
            assert world.order(name).state is OrderState.WORKING
        assert len({world.order(name).acknowledged_at for name in world.names}) == 1
        await world.run_to(9, 31)
        for name in world.names:
            assert world.order(name).state is OrderState.FILLED
            assert world.held(name) == {LONG: 5, SHORT: -5}
            assert quantity_of(world, name) == 5

    play(lambda: SimulatedWorld("anna", "bert", "carl", "dora", market=RISING), story)


def test_a_debit_is_never_paid_where_a_credit_was_wanted() -> None:
    """An `abs()` over the threshold would let a debit of 0.98 through."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        assert world.at_broker("anna") == []
        order = world.order("anna")
        assert (order.state, order.reason) == (OrderState.SKIPPED, Reason.MID_TOO_LOW)

    debit = (
        Shown(at=(9, 0, 0), strike=None, bid="592.00", ask="592.02"),
        Shown(at=(9, 0, 0), strike=585, bid="1.96", ask="1.98"),
        Shown(at=(9, 0, 0), strike=590, bid="0.98", ask="1.00"),
    )
    play(lambda: SimulatedWorld("anna", market=debit), story)


def test_nothing_is_sent_before_the_open() -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 1)
        assert world.at_broker("anna") == []
        await world.run_to(9, 30, 2)
        assert len(world.at_broker("anna")) == 1

    play(lambda: SimulatedWorld("anna"), story)


@pytest.mark.parametrize(
    ("bid", "ask"), [("2.00", "1.90"), ("0", "1.98"), ("1.50", "5.50")], ids=str
)
def test_crossed_one_sided_and_wide_quotes_price_nothing(bid: str, ask: str) -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        assert world.at_broker("anna") == []
        await world.leap_to(9, 44, 50)
        await world.run_to(9, 46)
        assert world.at_broker("anna") == []
        assert world.order("anna").reason is Reason.QUOTE_UNUSABLE

    bad = (*CALM, Shown(at=(9, 1, 0), strike=590, bid=bid, ask=ask))
    play(lambda: SimulatedWorld("anna", market=bad), story)


def test_a_combo_at_exactly_minus_one_is_priced() -> None:
    """The library takes -1 for "no quote": its midpoint of such a combo is not a number."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        (order,) = world.at_broker("anna")
        assert order.ticket.limit_price == Decimal("-1.00")

    minus_one = (*CALM, Shown(at=(9, 1, 0), strike=590, bid="1.98", ask="2.00"))
    play(lambda: SimulatedWorld("anna", market=minus_one), story)


def test_a_ladder_is_one_order_at_the_broker_changed_and_never_replaced() -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 23)
        (order,) = world.at_broker("anna")
        assert order.ticket.limit_price == Decimal("-0.94")
        assert [str(rung.limit) for rung in world.order("anna").rungs] == [
            "-0.98",
            "-0.97",
            "-0.96",
            "-0.95",
            "-0.94",
        ]
        await world.run_to(9, 31)
        assert world.at_broker("anna") == [order]
        assert world.order("anna").state is OrderState.FILLED

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_a_limit_that_stays_is_not_sent_again() -> None:
    """IBKR calls more than 20 submissions and changes per execution excessive."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 40)
        (order,) = world.at_broker("anna")
        assert (order.rung, order.ticket.limit_price) == (0, Decimal("-0.98"))
        assert len(world.order("anna").rungs) > 1

    play(lambda: SimulatedWorld("anna", market=CALM), story)


def test_a_live_order_that_the_library_takes_for_canceled_is_worked_on() -> None:
    """10349: the notice that an order's time in force was set to DAY."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 3)
        (order,) = world.at_broker("anna")
        text = "Order TIF was set to DAY based on order preset."
        world.simulator.send_error("login-anna", order.order_id, 10349, text)
        await world.settle()
        await asyncio.sleep(30)
        assert world.order("anna").state is OrderState.WORKING
        await world.run_to(9, 31)
        assert world.at_broker("anna") == [order]
        assert order.ticket.limit_price == Decimal("-0.94")
        assert world.order("anna").state is OrderState.FILLED

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_what_filled_of_an_order_is_booked_and_the_rest_is_canceled() -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 32)
        (order,) = world.at_broker("anna")
        assert (order.status, order.filled) == (OrderStatus.CANCELLED, 2)
        ours = world.order("anna")
        assert (ours.state, ours.filled_quantity) == (OrderState.PARTIALLY_FILLED, 2)
        assert quantity_of(world, "anna") == 2
        assert world.held("anna") == {LONG: 2, SHORT: -2}

    play(lambda: SimulatedWorld("anna", market=PARTS), story)


def test_a_leader_that_takes_over_finds_the_order_and_sends_no_second_one() -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 8)
        await world.desk.flush()
        await world.die()
        await world.lead("two")
        await world.run_to(9, 32)
        (order,) = world.at_broker("anna")
        assert order.filled == world.order("anna").filled_quantity == 5
        assert quantity_of(world, "anna") == 5

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_an_execution_told_twice_or_corrected_is_booked_once() -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        before = world.desk.positions()
        gateway = world.client("anna")
        told = world.simulator.logins["login-anna"].book.executions
        for one in told:
            gateway.send(exec_details(LIVE_REQUEST, one, 176))
        await world.settle()
        assert world.desk.positions() == before
        for one in told:
            corrected = f"{one.exec_id.rpartition('.')[0]}.02"
            again = replace(one, exec_id=corrected, price=one.price + Decimal("0.01"))
            gateway.send(exec_details(LIVE_REQUEST, again, 176))
        await world.settle()
        assert quantity_of(world, "anna") == 5
        assert world.desk.positions() != before

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_a_status_told_again_changes_nothing() -> None:
    """IBKR often sends an order's status twice."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 6)
        before = world.order("anna")
        (order,) = world.at_broker("anna")
        for _ in range(3):
            world.client("anna").send(order_status(order))
        await world.settle()
        assert world.order("anna") == before

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_a_fill_while_the_connection_was_gone_is_booked_after_it_came_back() -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 30, 23)
        world.simulator.drop("login-anna")
        await world.run_to(9, 30, 26)
        (order,) = world.at_broker("anna")
        assert order.filled == 5
        await asyncio.sleep(10)
        await world.run_to(9, 32)
        assert world.order("anna").state is OrderState.FILLED
        assert quantity_of(world, "anna") == 5
        assert world.at_broker("anna") == [order]

    play(lambda: SimulatedWorld("anna", market=RISING), story)


def test_a_spread_near_the_money_is_closed_as_one_combo_and_no_leg_alone() -> None:
    """Selling the long leg first would leave a naked short option on its last day."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        await world.leap_to(12, 29, 30)
        await world.run_to(12, 33)
        _, closing = world.at_broker("anna")
        assert closing.contract.sec_type == "BAG"
        assert {leg.contract.local_symbol for leg in closing.contract.legs} == {LONG, SHORT}
        assert closing.ticket.smart_parameters == (("NonGuaranteed", "0"),)
        assert world.held("anna") == {}
        assert quantity_of(world, "anna") == 0

    near = (
        *RISING,
        Shown(at=(12, 0, 0), strike=None, bid="590.00", ask="590.02"),
    )
    play(lambda: SimulatedWorld("anna", market=near), story)


def test_what_expires_worthless_is_booked_as_the_broker_settles_it() -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        await world.leap_to(12, 58, 30)
        await world.run_to(13, 1)
        assert quantity_of(world, "anna") == 0
        assert AlertType.EOD_CLOSE_FAILED not in {kind for kind, _ in world.pager.told}
        await world.run_to(13, 30)
        assert world.held("anna") == {}

    safe = (*RISING, Shown(at=(12, 0, 0), strike=None, bid="600.00", ask="600.02"))
    play(lambda: SimulatedWorld("anna", market=safe), story)
