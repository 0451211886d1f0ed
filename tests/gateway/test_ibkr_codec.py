"""IBKR's floats: nothing that stands for "no value" may become a price."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.broker.ibkr_codec import decimal_or_none, margin_of, quote_of, utc, whole
from shared.domain.options import ContractKey
from shared.domain.orders import Margin
from shared.ports.broker import WhatIfRefused
from tests.builders import NOON

UNSET = 1.7976931348623157e308
NOTHING = [math.nan, math.inf, -math.inf, UNSET, -UNSET, "", "1.7976931348623157E308", "nan", None]
FIVE_PERCENT = Decimal("0.05")
CENTS = st.integers(-1_000_000, 1_000_000)


@dataclass
class State:
    """What the library makes of an answer: figures as text."""

    initMarginBefore: object = "0.0"  # the library's own names
    initMarginAfter: object = "2500.0"
    equityWithLoanAfter: object = "100350.0"
    commissionCurrency: object = "USD"


@pytest.mark.parametrize("value", [*NOTHING, "abc", [], object()])
def test_what_stands_for_no_value_is_none(value: object) -> None:
    assert decimal_or_none(value) is None


@given(CENTS)
def test_every_price_in_cents_survives_the_wire_exactly(cents: int) -> None:
    exact = Decimal(cents) / 100
    assert decimal_or_none(cents / 100) == exact
    assert decimal_or_none(str(cents / 100)) == exact
    assert decimal_or_none(float(exact)) == exact


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_float_is_a_decimal_of_micros_or_nothing(value: float) -> None:
    read = decimal_or_none(value)
    assert (read is None) == (not math.isfinite(value) or abs(value) >= 1e15)
    if read is None:
        return
    assert read == read.quantize(Decimal("0.000001"))
    assert abs(float(read) - value) <= max(1e-6, abs(value) * 1e-12)


@pytest.mark.parametrize(
    ("value", "count"), [(5.0, 5), (0.0, 0), (-3.0, -3), (math.nan, 0), (UNSET, 0), (math.inf, 0)]
)
def test_counts_without_a_value_are_zero(value: float, count: int) -> None:
    assert whole(value) == count


@pytest.mark.parametrize(
    ("price", "size", "side"),
    [
        (1.25, 10, "1.25"),
        (0.0, 10, "0"),
        (-1.0, 0, None),  # IBKR's "no data"
        (-1.0, 10, None),
        (1.25, 0, None),
        (1.25, math.nan, None),
        (math.nan, 10, None),
        (UNSET, 10, None),
    ],
)
def test_a_side_without_size_or_below_zero_is_no_quote(
    price: float, size: float, side: str | None
) -> None:
    key = ContractKey("QQQ")
    bid = quote_of(key, bid=price, ask=9.0, bid_size=size, ask_size=1, at=NOON).bid
    ask = quote_of(key, bid=0.0, ask=price, bid_size=1, ask_size=size, at=NOON).ask
    assert bid == ask == (None if side is None else Decimal(side))


@given(
    st.floats(allow_nan=True, allow_infinity=True), st.floats(allow_nan=True, allow_infinity=True)
)
def test_no_pair_of_floats_makes_a_quote_that_is_not_a_price(price: float, size: float) -> None:
    bid = quote_of(ContractKey("Q"), bid=price, ask=1.0, bid_size=size, ask_size=1, at=NOON).bid
    assert bid is None or (bid.is_finite() and bid >= 0)


def test_a_what_if_is_read_in_the_accounts_currency_with_its_buffer() -> None:
    margin = margin_of(State(commissionCurrency="EUR"), buffer_ratio=FIVE_PERCENT)
    assert margin == Margin(
        currency="EUR",
        initial_before=Decimal(0),
        initial_after=Decimal(2500),
        equity_after=Decimal(100350),
        buffer=Decimal("5017.5"),
    )


@pytest.mark.parametrize("field", ["initMarginBefore", "initMarginAfter", "equityWithLoanAfter"])
@pytest.mark.parametrize("value", NOTHING)
def test_a_what_if_without_one_of_its_figures_is_refused(field: str, value: object) -> None:
    state = State()
    setattr(state, field, value)
    refused = margin_of(state, buffer_ratio=FIVE_PERCENT)
    assert isinstance(refused, WhatIfRefused)
    assert field in refused.message


def test_a_refused_what_if_is_an_empty_list_and_no_margin() -> None:
    refused = margin_of([], buffer_ratio=FIVE_PERCENT)
    assert isinstance(refused, WhatIfRefused)
    assert "equityWithLoanAfter" in refused.message


@pytest.mark.parametrize("field", ["initMarginBefore", "initMarginAfter"])
def test_a_negative_margin_is_nonsense(field: str) -> None:
    state = State()
    setattr(state, field, "-1.0")
    assert isinstance(margin_of(state, buffer_ratio=FIVE_PERCENT), WhatIfRefused)


def test_negative_equity_never_fits_and_has_no_negative_buffer() -> None:
    margin = margin_of(State(equityWithLoanAfter="-5.0"), buffer_ratio=FIVE_PERCENT)
    assert isinstance(margin, Margin)
    assert margin.buffer == 0
    assert not margin.fits


def test_an_execution_time_is_made_utc_and_never_guessed() -> None:
    at = datetime(2026, 11, 27, 12, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert utc(at) == datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
    assert utc(at).tzinfo is UTC
    with pytest.raises(ValueError, match="without a zone"):
        utc(at.replace(tzinfo=None))
