"""Commission: our share of a profit, with and without a high-water mark."""

from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.commissions import Commission, commission_above_mark, commission_on
from shared.domain.money import from_micros

RATE = Decimal("0.20")
MONTHS = st.lists(st.integers(-(10**10), 10**10).map(from_micros), min_size=1, max_size=24)
RATES = st.integers(0, 100).map(lambda percent: Decimal(percent) / 100)


def with_mark(*months: Decimal, rate: Decimal = RATE) -> list[Commission]:
    """Bill month after month from an account that starts at 0."""
    mark, billed = Decimal(0), []
    for cumulative in accumulate(months):
        commission = commission_above_mark(cumulative, mark, rate)
        assert commission.high_water_mark is not None
        mark = commission.high_water_mark
        billed.append(commission)
    return billed


@pytest.mark.parametrize(
    ("realized_net", "amount"),
    [
        ("1000", "200.00"),
        ("0", "0.00"),
        ("-500", "0.00"),
        ("142.00", "28.40"),
        ("0.025", "0.01"),  # 0.005 goes up
        ("0.024999", "0.00"),
        ("123.456789", "24.69"),  # 24.6913578
    ],
)
def test_a_fifth_of_the_months_profit_is_owed_and_nothing_of_a_loss(
    realized_net: str, amount: str
) -> None:
    commission = commission_on(Decimal(realized_net), RATE)
    assert str(commission.amount) == amount
    assert commission.base == max(Decimal(0), Decimal(realized_net))
    assert commission.high_water_mark is None


def test_a_loss_is_earned_back_before_anything_is_owed_again() -> None:
    # Cumulative 1000, 400, 800, 1100: the mark stays at 1000 until the last 100 are above it.
    billed = with_mark(*map(Decimal, ("1000", "-600", "400", "300")))
    assert [month.base for month in billed] == [1000, 0, 0, 100]
    assert [month.amount for month in billed] == [200, 0, 0, 20]
    assert [month.high_water_mark for month in billed] == [1000, 1000, 1000, 1100]


def test_a_start_with_a_loss_puts_no_mark_below_zero() -> None:
    billed = with_mark(Decimal(-300), Decimal(500))
    assert [month.base for month in billed] == [0, 200]
    assert [month.high_water_mark for month in billed] == [0, 200]


@given(MONTHS, RATES)
def test_all_that_was_ever_billed_is_the_highest_the_account_ever_stood(
    months: list[Decimal], rate: Decimal
) -> None:
    billed = with_mark(*months, rate=rate)
    highest = max(Decimal(0), *accumulate(months))
    assert sum((month.base for month in billed), Decimal(0)) == highest
    assert billed[-1].high_water_mark == highest


@given(MONTHS)
def test_the_mark_never_falls_and_never_costs_the_follower_more(months: list[Decimal]) -> None:
    billed = with_mark(*months)
    marks = [month.high_water_mark or Decimal(0) for month in billed]
    assert marks == sorted(marks)
    plain = sum((commission_on(month, RATE).base for month in months), Decimal(0))
    assert sum((month.base for month in billed), Decimal(0)) <= plain


@given(MONTHS, RATES)
def test_an_amount_is_whole_cents_within_half_a_cent_of_the_share(
    months: list[Decimal], rate: Decimal
) -> None:
    commission = commission_on(months[0], rate)
    assert commission.amount == commission.amount.quantize(Decimal("0.01"))
    assert abs(commission.amount - commission.base * rate) <= Decimal("0.005")
    assert commission.amount >= 0
    assert commission.rate_ratio == rate
