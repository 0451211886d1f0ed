"""Several broker orders behind one of ours: one after another, every fill at its place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvariantBroken
from shared.domain.followers import AccountId
from shared.domain.order_life import reissued
from shared.domain.orders import BrokerIds, Order, OrderState, order_ref_of
from shared.ports.broker import Execution
from shared.use_cases.record_execution import record_execution
from tests.desks import RELEASE_AT, a_claimed_order, a_desk, executions_of
from tests.fakes.async_clock import AsyncManualClock

WORKING = replace(
    a_claimed_order(OrderState.WORKING), filled_quantity=2, acknowledged_at=RELEASE_AT
)


def fill_of(
    ids: BrokerIds, quantity: int, number: int, perm_id: int | None = None
) -> list[Execution]:
    """One fill of a broker order: what it is called there, and its lasting id."""
    told = executions_of(WORKING, quantity, number=number)
    perm_id = ids.perm_id or 0 if perm_id is None else perm_id
    return [replace(one, order_ref=ids.order_ref, perm_id=perm_id) for one in told]


def test_a_new_broker_order_is_for_what_the_earlier_ones_left() -> None:
    order = reissued(WORKING, 10_050)
    assert (order.state, order.broker_quantity, order.remaining) == (OrderState.RELEASING, 3, 3)
    assert order.order_refs == (order_ref_of(order.order_id, 2), order_ref_of(order.order_id))
    assert not order.was_acknowledged
    again = reissued(replace(order, state=OrderState.WORKING), 10_051)
    assert again.order_refs[0] == order_ref_of(order.order_id, 3)
    assert [ids.broker_order_id for ids in again.earlier_brokers] == [10_001, 10_050]


@pytest.mark.parametrize(
    "order",
    [
        replace(WORKING, filled_quantity=5),
        replace(WORKING, state=OrderState.UNCONFIRMED),
        replace(WORKING, state=OrderState.FILLED),
        replace(WORKING, broker=None),
    ],
    ids=["filled", "unconfirmed", "ended", "never claimed"],
)
def test_nothing_follows_an_order_of_which_nothing_certain_is_left(order: Order) -> None:
    with pytest.raises(InvariantBroken):
        reissued(order, 10_050)


def test_an_execution_of_an_earlier_broker_order_tells_nothing_of_the_present_one() -> None:
    order = reissued(replace(WORKING, filled_quantity=0), 10_050)
    desk = a_desk(AsyncManualClock(RELEASE_AT), order)
    for one in fill_of(order.earlier_brokers[0], 2, 1):
        record_execution(one, None, desk=desk)
    late = desk.order(order.order_id)
    assert late.state is OrderState.RELEASING
    assert (late.filled_quantity, late.earlier_filled_quantity) == (2, 2)
    assert late.broker_quantity == 3
    assert late.broker is not None
    for one in fill_of(late.broker, 3, 2):
        record_execution(one, None, desk=desk)
    assert desk.order(order.order_id).state is OrderState.FILLED


def test_an_execution_without_our_reference_is_found_by_its_lasting_id() -> None:
    first = replace(WORKING.broker, perm_id=700_001) if WORKING.broker else None
    order = replace(WORKING, filled_quantity=0, broker=first)
    desk = a_desk(AsyncManualClock(RELEASE_AT), order)
    told = [replace(one, order_ref="") for one in executions_of(order, 2)]
    assert all(record_execution(one, None, desk=desk) for one in told)
    assert desk.order(order.order_id).filled_quantity == 2
    fills = desk.fills_of(order.order_id)
    assert {fill.order_ref for fill in fills} == {order.order_refs[0]}
    assert not record_execution(replace(told[0], perm_id=700_002), None, desk=desk)
    foreign = replace(told[0], account_id=AccountId("DU9"))
    assert not record_execution(foreign, None, desk=desk)


FILLS = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3)), max_size=5)


@given(FILLS, st.data())
def test_fills_told_in_any_order_and_twice_add_up_broker_order_by_broker_order(
    fills: list[tuple[int, int]], data: st.DataObject
) -> None:
    order = reissued(replace(WORKING, quantity=100, filled_quantity=0), 10_050)
    desk = a_desk(AsyncManualClock(RELEASE_AT), order)
    assert order.broker is not None
    behind = [order.earlier_brokers[0], order.broker]
    told = [
        one
        for number, (which, quantity) in enumerate(fills)
        for one in fill_of(behind[which], quantity, number)
    ]
    for one in data.draw(st.permutations([*told, *told])):
        record_execution(one, None, desk=desk)
    filled = desk.order(order.order_id)
    assert filled.filled_quantity == sum(quantity for _, quantity in fills)
    earlier = sum(quantity for which, quantity in fills if which == 0)
    assert filled.earlier_filled_quantity == earlier
    assert filled.broker_quantity == 100 - earlier
