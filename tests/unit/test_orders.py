"""Orders: the transition table, the ends, the names."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvariantBroken
from shared.domain.followers import FollowerId
from shared.domain.order_life import end_state
from shared.domain.orders import (
    LIVE_STATES,
    TERMINAL_STATES,
    TRANSITIONS,
    Margin,
    Order,
    OrderId,
    OrderState,
    Purpose,
    moved,
    opening_order_id,
    order_ref_of,
)
from tests.builders import SIGNAL_ID, a_spread, an_order

STATES = st.sampled_from(OrderState)
NAMES = st.text(alphabet="abz09-~.", min_size=1)
PRINTED_LIFE = [
    OrderState.PLANNED,
    OrderState.CLAIMED,
    OrderState.RELEASING,
    OrderState.WORKING,
]
ENDS = [
    OrderState.FILLED,
    OrderState.PARTIALLY_FILLED,
    OrderState.EXPIRED,
    OrderState.CANCELED,
    OrderState.REJECTED,
]


def reachable_from(start: OrderState) -> set[OrderState]:
    seen, waiting = {start}, [start]
    while waiting:
        for state in TRANSITIONS[waiting.pop()] - seen:
            seen.add(state)
            waiting.append(state)
    return seen


def test_the_table_knows_every_state() -> None:
    assert set(TRANSITIONS) == set(OrderState)


def test_every_state_is_reachable_from_planned() -> None:
    assert reachable_from(OrderState.PLANNED) == set(OrderState)


def test_nothing_ever_returns_to_planned_or_to_itself() -> None:
    for state, following in TRANSITIONS.items():
        assert OrderState.PLANNED not in following
        assert state not in following


def test_the_terminal_states_are_the_ends_and_skipped_and_have_no_exits() -> None:
    assert frozenset({*ENDS, OrderState.SKIPPED}) == TERMINAL_STATES
    assert all(not TRANSITIONS[state] for state in TERMINAL_STATES)


def test_an_end_is_reachable_from_everywhere() -> None:
    for state in OrderState:
        assert reachable_from(state) & TERMINAL_STATES


@pytest.mark.parametrize("end", ENDS)
def test_the_whole_life_may_be_lived_to_each_end(end: OrderState) -> None:
    order = an_order(PRINTED_LIFE[0])
    for state in [*PRINTED_LIFE[1:], end]:
        order = moved(order, state)
    assert order.is_terminal


@pytest.mark.parametrize("end", ENDS)
def test_a_release_may_end_before_it_was_ever_acknowledged(end: OrderState) -> None:
    # A fast fill or a refusal arrives before the first open order does.
    assert moved(an_order(OrderState.RELEASING), end).state is end


@pytest.mark.parametrize("state", [OrderState.RELEASING, OrderState.WORKING])
def test_an_unknown_outcome_leads_back_to_work_or_to_any_end(state: OrderState) -> None:
    unknown = moved(an_order(state), OrderState.UNCONFIRMED)
    for after in [OrderState.WORKING, *ENDS]:
        assert moved(unknown, after).state is after


def test_what_may_stand_at_the_broker_cannot_be_called_skipped() -> None:
    # Unknown is never "not sent".
    for state in (OrderState.WORKING, OrderState.UNCONFIRMED):
        with pytest.raises(InvariantBroken):
            moved(an_order(state), OrderState.SKIPPED)


def test_nothing_is_at_the_broker_before_the_release_or_after_the_end() -> None:
    assert LIVE_STATES.isdisjoint(TERMINAL_STATES)
    assert {*OrderState} - LIVE_STATES - TERMINAL_STATES == {
        OrderState.PLANNED,
        OrderState.CLAIMED,
    }


@given(STATES, STATES)
def test_a_move_is_allowed_exactly_where_the_table_says(
    before: OrderState, after: OrderState
) -> None:
    order = an_order(before)
    if after in TRANSITIONS[before]:
        assert moved(order, after) == replace(order, state=after)
        return
    with pytest.raises(InvariantBroken, match=f"from {before} to {after}"):
        moved(order, after)


@given(st.lists(STATES, max_size=30))
def test_a_walk_of_any_wishes_is_a_path_through_the_table_that_stops_at_its_end(
    wishes: list[OrderState],
) -> None:
    order = an_order()
    path = [order.state]
    for wish in wishes:
        if wish in TRANSITIONS[order.state]:
            order = moved(order, wish)
            path.append(order.state)
    ends = [state for state in path if state in TERMINAL_STATES]
    assert ends == path[-1:] * order.is_terminal
    assert OrderState.CLAIMED in path or not LIVE_STATES & set(path)


@given(st.integers(1, 500), st.integers(0, 600), st.sampled_from(ENDS[2:]))
def test_an_end_is_named_by_what_filled_and_only_then_by_what_ended_it(
    quantity: int, filled: int, ended_by: OrderState
) -> None:
    order = an_order(OrderState.WORKING, quantity=quantity, filled_quantity=filled)
    end = end_state(order, ended_by=ended_by)
    assert (end is OrderState.FILLED) == (filled >= quantity)
    assert (end is OrderState.PARTIALLY_FILLED) == (0 < filled < quantity)
    assert (end is ended_by) == (filled == 0)
    assert end in TRANSITIONS[OrderState.WORKING]
    assert order.remaining == quantity - filled


def test_an_opening_is_named_by_its_signal_and_its_follower() -> None:
    assert opening_order_id(SIGNAL_ID, FollowerId("anna")) == "2026-11-27-QQQ-1~anna~open"


@given(NAMES, NAMES)
def test_a_broker_reference_fits_the_broker_and_is_as_unique_as_the_order(
    one: str, other: str
) -> None:
    refs = [order_ref_of(OrderId(f"{name}~open")) for name in (one, other)]
    assert all(re.fullmatch(r"[A-Z0-9-]{1,20}", ref) for ref in refs)
    assert (refs[0] == refs[1]) == (one == other)


def test_a_broker_reference_never_changes_between_versions() -> None:
    # A new version must find the orders that the old one sent.
    assert order_ref_of(OrderId("2026-11-27-QQQ-1~anna~open")) == "SP-5MACGND2O2OVKX7IJ"


def test_opening_and_closing_buy_opposite_legs() -> None:
    spread = a_spread()
    assert an_order(spread=spread).legs == spread.opening_legs
    assert an_order(spread=spread, purpose=Purpose.CLOSE).legs == spread.closing_legs


@pytest.mark.parametrize(
    ("equity", "initial", "fits"),
    [("10000", "9500", True), ("10000", "9500.01", False), ("-1", "0", False)],
)
def test_margin_fits_where_the_buffer_stays_free(equity: str, initial: str, fits: bool) -> None:
    margin = Margin(
        currency="EUR",
        initial_before=Decimal(0),
        initial_after=Decimal(initial),
        equity_after=Decimal(equity),
        buffer=Decimal(500),
    )
    assert margin.fits is fits


def test_an_order_is_a_fact_and_does_not_change() -> None:
    order: Order = an_order()
    moved(order, OrderState.CLAIMED)
    assert order.state is OrderState.PLANNED
