"""Time value: how it is read, judged and settled over readings."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.options import underlying_key
from shared.domain.quotes import Quote
from shared.domain.spreads import Strategy
from shared.domain.time_value import (
    TimeValue,
    TimeValueRules,
    TimeValueScope,
    TimeValueStatus,
    confirmed,
    read_time_value,
)
from tests.builders import NOON, a_contract, a_quote, a_spread, by_contract

RULES = TimeValueRules()
PUT = a_spread()
CALL = a_spread(strategy=Strategy.SHORT)


def underlying(bid: str | None, ask: str | None, age_seconds: float = 0) -> Quote:
    return Quote(
        contract_key=underlying_key("QQQ"),
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
        bid_size=1,
        ask_size=1,
        at=NOON - timedelta(seconds=age_seconds),
    )


def short_put(bid: str | None, ask: str | None, age_seconds: float = 0) -> Quote:
    at = NOON - timedelta(seconds=age_seconds)
    return a_quote(bid, ask, contract=a_contract("590"), at=at)


def read(*quotes: Quote) -> TimeValue | None:
    return read_time_value(PUT, by_contract(*quotes), now=NOON, max_age_seconds=2)


def of(value: str, *, is_in_the_money: bool = True) -> TimeValue:
    return TimeValue(value=Decimal(value), is_in_the_money=is_in_the_money)


@pytest.mark.parametrize(
    ("bid", "ask", "value", "is_in_the_money"),
    [
        ("592.00", "592.02", "0.45", False),
        ("589.99", "590.01", "0.45", False),
        ("589.69", "589.71", "0.15", True),
        ("589.00", "589.00", "-0.55", True),
    ],
)
def test_it_is_the_short_put_s_middle_less_what_it_is_worth_now(
    bid: str, ask: str, value: str, is_in_the_money: bool
) -> None:
    found = read(short_put("0.40", "0.50"), underlying(bid, ask))
    assert found == of(value, is_in_the_money=is_in_the_money)


def test_a_short_call_is_worth_what_the_underlying_is_above_it() -> None:
    contract = CALL.short_contract
    quotes = by_contract(a_quote("2.00", "2.10", contract=contract), underlying("591.9", "592.1"))
    found = read_time_value(CALL, quotes, now=NOON, max_age_seconds=2)
    assert found == of("0.05")


@pytest.mark.parametrize(
    "quotes",
    [
        [short_put("0.40", "0.50")],
        [underlying("592", "592.02")],
        [short_put(None, "0.50"), underlying("592", "592.02")],
        [short_put("0.40", None), underlying("592", "592.02")],
        [short_put("0.60", "0.50"), underlying("592", "592.02")],
        [short_put("0.40", "0.50"), underlying(None, "592.02")],
        [short_put("0.40", "0.50"), underlying("592.04", "592.02")],
        [short_put("0.40", "0.50", 2.1), underlying("592", "592.02")],
        [short_put("0.40", "0.50"), underlying("592", "592.02", 2.1)],
    ],
)
def test_quotes_that_are_missing_one_sided_crossed_or_old_give_no_reading(
    quotes: list[Quote],
) -> None:
    assert read(*quotes) is None


def test_quotes_of_different_moments_give_no_reading_however_old_they_may_be() -> None:
    quotes = by_contract(short_put("0.40", "0.50", 10), underlying("592", "592.02", 12.1))
    assert read_time_value(PUT, quotes, now=NOON, max_age_seconds=60) is None
    quotes = by_contract(short_put("0.40", "0.50", 10), underlying("592", "592.02", 12))
    assert read_time_value(PUT, quotes, now=NOON, max_age_seconds=60) is not None


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("1.01", TimeValueStatus.SAFE),
        ("1.00", TimeValueStatus.RISK),
        ("0.10", TimeValueStatus.RISK),
        ("0.095", TimeValueStatus.CRITICAL),
        ("-3", TimeValueStatus.CRITICAL),
    ],
)
def test_both_bounds_are_a_risk(value: str, status: TimeValueStatus) -> None:
    assert of(value).status(RULES) is status


@pytest.mark.parametrize(
    ("scope", "is_in_the_money", "closes"),
    [
        (TimeValueScope.ANY, False, True),
        (TimeValueScope.ANY, True, True),
        (TimeValueScope.ITM, False, False),
        (TimeValueScope.ITM, True, True),
    ],
)
def test_the_scope_says_whether_what_is_out_of_the_money_is_closed(
    scope: TimeValueScope, is_in_the_money: bool, closes: bool
) -> None:
    rules = TimeValueRules(scope=scope)
    assert of("0.05", is_in_the_money=is_in_the_money).must_close(rules) is closes
    assert not of("0.10", is_in_the_money=is_in_the_money).must_close(rules)


def test_one_reading_settles_all_but_critical() -> None:
    assert confirmed(None, of("1.5"), RULES) == of("1.5")
    assert confirmed(None, of("0.5"), RULES) == of("0.5")
    assert confirmed(None, of("0.05"), RULES) is None
    assert confirmed(of("0.05"), of("0.06"), RULES) == of("0.06")
    assert confirmed(of("0.05"), of("0.5"), RULES) == of("0.5")


READINGS = st.none() | st.builds(
    TimeValue,
    value=st.decimals("-5", "5", places=3),
    is_in_the_money=st.booleans(),
)


@given(READINGS, READINGS)
def test_nothing_is_closed_without_two_critical_readings(
    first: TimeValue | None, second: TimeValue | None
) -> None:
    settled = confirmed(first, second, RULES)
    if settled is not None and settled.must_close(RULES):
        assert first is not None
        assert second is not None
        assert max(first.value, second.value) < RULES.critical_below
