"""Executions: what traded is booked once, however often, late or corrected it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.desk import SessionDesk
from shared.domain.fills import Fill
from shared.domain.options import ContractKey
from shared.domain.orders import Order, OrderState, Purpose
from shared.domain.positions import Position
from shared.domain.reasons import Reason
from shared.domain.spreads import Side
from shared.ports.broker import Execution
from shared.use_cases.book_expiry import expiry_fills
from shared.use_cases.record_execution import record_execution
from tests.desks import RELEASE_AT, a_claimed_order, a_desk, an_execution, executions_of
from tests.fakes.async_clock import AsyncManualClock
from tests.fakes.broker_book import corrected

WORKING = a_claimed_order(OrderState.WORKING)


def a_working_desk(order: Order = WORKING) -> SessionDesk:
    return a_desk(AsyncManualClock(RELEASE_AT), order)


def record(desk: SessionDesk, *executions: Execution, fee: str | None = None) -> Order:
    for execution in executions:
        told = None if fee is None else Decimal(fee)
        assert record_execution(execution, told, desk=desk)
    return desk.order(WORKING.order_id)


def the_position(desk: SessionDesk) -> Position:
    (position,) = desk.positions()
    return position


def test_a_fill_of_all_legs_fills_the_order_at_the_net_of_its_legs() -> None:
    desk = a_working_desk()
    order = record(desk, *executions_of(WORKING))
    assert order.state is OrderState.FILLED
    assert (order.filled_quantity, order.average_net_price) == (5, Decimal("-0.95"))
    assert order.finished_at == RELEASE_AT
    assert order.broker is not None
    assert order.broker.perm_id == 700_001
    assert the_position(desk).open_quantity == 5


@given(st.permutations(executions_of(WORKING, 2) + executions_of(WORKING, 3, number=2)))
def test_executions_in_any_order_and_told_twice_give_the_same_books(
    told: list[Execution],
) -> None:
    desk = a_working_desk()
    order = record(desk, *told, *told)
    assert order.state is OrderState.FILLED
    assert order.average_net_price == Decimal("-0.95")
    assert len(desk.fills_of(WORKING.order_id)) == 6
    assert [leg.quantity for leg in the_position(desk).legs] == [5, -5]


def test_legs_alone_fill_and_a_combo_alone_does_not() -> None:
    desk = a_working_desk()
    combo, long, short = executions_of(WORKING)
    assert record(desk, combo).filled_quantity == 0
    assert record(desk, long).filled_quantity == 0
    assert record(desk, short).state is OrderState.FILLED


def test_partial_fills_add_up_and_the_average_weighs_them() -> None:
    desk = a_working_desk()
    order = record(desk, *executions_of(WORKING, 2, long="1.00", short="1.95"))
    assert (order.state, order.filled_quantity) == (OrderState.WORKING, 2)
    assert order.remaining == 3
    order = record(desk, *executions_of(WORKING, 3, number=2, long="1.00", short="2.00"))
    assert order.state is OrderState.FILLED
    assert order.average_net_price == Decimal("-0.98")


def test_a_correction_replaces_what_it_corrects_and_a_late_original_does_not() -> None:
    desk = a_working_desk()
    _, long, short = executions_of(WORKING)
    fixed = corrected(long, price="1.01")
    order = record(desk, long, short, fixed, long)
    assert order.average_net_price == Decimal("-0.94")
    prices = {fill.revision: fill.price for fill in desk.fills_of(WORKING.order_id)}
    assert prices == {"02": Decimal("1.01"), "01": Decimal("1.95")}


def test_the_tenth_correction_is_newer_than_the_ninth() -> None:
    desk = a_working_desk()
    _, long, _ = executions_of(WORKING)
    record(desk, corrected(long, price="1.10", revision="10"))
    record(desk, corrected(long, price="1.09", revision="9"))
    (fill,) = desk.fills_of(WORKING.order_id)
    assert fill.price == Decimal("1.10")


def test_a_fee_is_kept_when_the_execution_is_told_again_without_it() -> None:
    desk = a_working_desk()
    record(desk, *executions_of(WORKING), fee="3.25")
    record(desk, *executions_of(WORKING))
    assert the_position(desk).fees == Decimal("6.50")


def test_a_fee_told_later_is_added_once() -> None:
    desk = a_working_desk()
    record(desk, *executions_of(WORKING))
    assert the_position(desk).fees == 0
    for _ in range(2):
        record(desk, *executions_of(WORKING), fee="3.25")
    assert the_position(desk).fees == Decimal("6.50")


@pytest.mark.parametrize("ref", ["", "BY-HAND"])
def test_a_trade_of_others_changes_nothing(ref: str) -> None:
    desk = a_working_desk()
    foreign = replace(an_execution(WORKING), order_ref=ref)
    assert not record_execution(foreign, None, desk=desk)
    assert desk.order(WORKING.order_id) == WORKING
    assert desk.positions() == ()


def test_entries_of_the_other_side_close_the_position_and_are_no_fill_of_the_order() -> None:
    desk = a_working_desk()
    order = record(desk, *executions_of(WORKING))
    at = RELEASE_AT + timedelta(hours=3)
    entries: tuple[Fill, ...] = expiry_fills(the_position(desk), order, at=at)
    desk.book(entries)
    assert the_position(desk).is_flat
    assert record(desk, *executions_of(WORKING)) == order


@pytest.mark.parametrize("state", [OrderState.RELEASING, OrderState.UNCONFIRMED])
def test_an_execution_proves_that_the_order_was_at_work(state: OrderState) -> None:
    order = record(a_working_desk(a_claimed_order(state)), *executions_of(WORKING, 2))
    assert order.state is OrderState.WORKING


@pytest.mark.parametrize(
    "ended", [OrderState.CANCELED, OrderState.REJECTED, OrderState.EXPIRED, OrderState.SKIPPED]
)
def test_a_fill_told_after_the_end_names_the_end_anew(ended: OrderState) -> None:
    over = replace(a_claimed_order(ended), reason=Reason.LIMIT_REACHED, finished_at=RELEASE_AT)
    desk = a_working_desk(over)
    order = record(desk, *executions_of(WORKING, 2))
    assert order.state is OrderState.PARTIALLY_FILLED
    assert (order.filled_quantity, order.reason) == (2, Reason.LIMIT_REACHED)
    order = record(desk, *executions_of(WORKING, 3, number=2))
    assert order.state is OrderState.FILLED
    assert (order.reason, order.finished_at) == (None, RELEASE_AT)
    assert the_position(desk).open_quantity == 5


def test_a_correction_that_takes_contracts_back_makes_a_filled_order_partial() -> None:
    desk = a_working_desk()
    _, long, short = executions_of(WORKING)
    record(desk, long, short)
    busted = replace(corrected(long, price="1.00"), quantity=4)
    assert record(desk, busted).state is OrderState.PARTIALLY_FILLED


def test_a_bust_of_everything_leaves_an_order_that_traded_nothing() -> None:
    desk = a_working_desk()
    _, long, short = executions_of(WORKING)
    record(desk, long, short)
    for leg, price in ((long, "1.00"), (short, "1.95")):
        order = record(desk, replace(corrected(leg, price=price), quantity=0))
    assert (order.state, order.reason) == (OrderState.CANCELED, Reason.CANCELED_AT_BROKER)
    assert (order.filled_quantity, order.average_net_price) == (0, None)
    assert the_position(desk).is_flat
    assert the_position(desk).realized == 0


def test_an_execution_without_our_reference_is_ours_by_its_lasting_id() -> None:
    ids = replace(WORKING.broker, perm_id=700_001) if WORKING.broker else None
    desk = a_working_desk(replace(WORKING, broker=ids))
    told = [replace(one, order_ref="") for one in executions_of(WORKING)]
    assert record(desk, *told).state is OrderState.FILLED


def test_shares_are_booked_one_by_one() -> None:
    flatten = replace(
        WORKING, purpose=Purpose.FLATTEN_SHARES, quantity=500, session_date="2026-11-27"
    )
    desk = a_working_desk(flatten)
    told = replace(
        an_execution(WORKING, quantity=500, price="588"),
        contract_key=ContractKey("QQQ"),
        side=Side.SELL,
    )
    order = record(desk, told)
    assert (order.state, order.average_net_price) == (OrderState.FILLED, Decimal(-588))
    (fill,) = desk.fills_of(order.order_id)
    assert fill.multiplier == 1


def test_legs_in_every_order_of_arrival_are_one_fill() -> None:
    for told in permutations(executions_of(WORKING)):
        assert record(a_working_desk(), *told).state is OrderState.FILLED
