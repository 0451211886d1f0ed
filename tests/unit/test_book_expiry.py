"""Expiry: what ends out of the money is closed at zero, once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.money import ZERO
from shared.domain.orders import OrderState
from shared.domain.positions import Position
from shared.domain.spreads import Side, Strategy
from shared.use_cases.book_expiry import expires_worthless, expiry_fills
from shared.use_cases.record_execution import record_execution
from tests.builders import a_position, a_spread
from tests.desks import RELEASE_AT, a_claimed_order, a_desk, executions_of
from tests.fakes.async_clock import AsyncManualClock

CLOSE_AT = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
ORDER = a_claimed_order(OrderState.WORKING)


@pytest.mark.parametrize(
    ("strategy", "spot", "worthless"),
    [
        (Strategy.LONG, "590.00", True),
        (Strategy.LONG, "589.99", False),  # exercised from a cent in the money on
        (Strategy.LONG, "600", True),
        (Strategy.LONG, "580", False),
        (Strategy.SHORT, "590.00", True),
        (Strategy.SHORT, "590.01", False),
        (Strategy.SHORT, "580", True),
    ],
)
def test_a_spread_ends_worthless_where_no_leg_is_a_cent_in_the_money(
    strategy: Strategy, spot: str, worthless: bool
) -> None:
    position = a_position(spread=a_spread(strategy=strategy))
    assert expires_worthless(position, Decimal(spot)) is worthless


def held(quantity: int) -> Position:
    desk = a_desk(AsyncManualClock(RELEASE_AT), ORDER)
    for execution in executions_of(ORDER, quantity):
        record_execution(execution, Decimal("0.65"), desk=desk)
    return desk.positions()[0]


@given(st.integers(1, 500))
def test_the_closing_entries_undo_every_leg_at_zero_and_cost_nothing(quantity: int) -> None:
    position = held(quantity)
    long, short = expiry_fills(position, ORDER, at=CLOSE_AT)
    assert (long.side, short.side) == (Side.SELL, Side.BUY)
    for entry in (long, short):
        assert (entry.quantity, entry.price, entry.fee) == (quantity, ZERO, ZERO)
        assert (entry.at, entry.order_id) == (CLOSE_AT, ORDER.order_id)


def test_booking_the_entries_realizes_the_credit_and_is_idempotent() -> None:
    desk = a_desk(AsyncManualClock(RELEASE_AT), ORDER)
    for execution in executions_of(ORDER):
        record_execution(execution, Decimal("0.65"), desk=desk)
    entries = expiry_fills(desk.positions()[0], ORDER, at=CLOSE_AT)
    for _ in range(2):
        desk.book(entries)
        (position,) = desk.positions()
        assert position.is_flat
        # 0.95 x 100 x 5 kept.
        assert position.realized == Decimal("475.00")
        assert position.fees == Decimal("1.30")
    assert expiry_fills(position, ORDER, at=CLOSE_AT) == ()


def test_a_leg_that_is_not_held_gets_no_entry() -> None:
    desk = a_desk(AsyncManualClock(RELEASE_AT), ORDER)
    record_execution(executions_of(ORDER)[1], None, desk=desk)
    (entry,) = expiry_fills(desk.positions()[0], ORDER, at=CLOSE_AT)
    assert entry.contract_key == a_spread().long_contract.key
