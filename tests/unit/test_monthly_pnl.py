"""A month is the sum of its days; its measures are computed by hand here."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.daily_pnl import DailyPnl
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO
from shared.domain.monthly_pnl import MonthlyPnl, curve_drawdown, sharpe_ratio, sum_up_month
from shared.domain.session_record import Finality
from tests.months import NOVEMBER, ROLLED_UP_AT, a_day

CENTS = st.integers(min_value=-10_000_000, max_value=10_000_000).map(
    lambda cents: Decimal(cents) / 100
)


def summed(*days: DailyPnl) -> MonthlyPnl:
    return sum_up_month(
        NOVEMBER, FollowerId("anna"), days, finality=Finality.FINAL, now=ROLLED_UP_AT
    )


def test_a_month_of_five_days_as_computed_by_hand() -> None:
    # Totals by day:       +100   -40   +60    0   -30      sum  90
    # Curve:                100    60   120   120   90      peak 120; falls 40 (100->60), 30
    # Wins 2, losses 2, flat 1: win rate 2/4 = 0.5
    # Profit factor: 160 / 70 = 2.285714 -> 2.2857
    # Mean 18; deviations 82, -58, 42, -18, -48: squares 6724 + 3364 + 1764 + 324 + 2304 = 14480
    # Sample variance 14480 / 4 = 3620, deviation 60.166436
    # Sharpe 18 / 60.166436 x sqrt(252) 15.874508 = 0.299170 x 15.874508 = 4.749174 -> 4.7492
    month = summed(
        a_day("100", date="2026-11-02", fees="2.60"),
        a_day("-40", date="2026-11-03", fees="2.60"),
        a_day("60", date="2026-11-04", fees="1.30", unrealized="10"),
        a_day("0", date="2026-11-05", fees="0.65"),
        a_day("-30", date="2026-11-06", fees="2.60", unrealized="-10"),
    )
    assert month.total == Decimal(90)
    assert (month.realized, month.fees, month.unrealized) == (
        Decimal("99.75"),
        Decimal("9.75"),
        ZERO,
    )
    assert month.realized_net == Decimal(90)
    assert (month.active_days, month.winning_days, month.losing_days, month.flat_days) == (
        5,
        2,
        2,
        1,
    )
    assert (month.best_day, month.best_day_on) == (Decimal(100), "2026-11-02")
    assert (month.worst_day, month.worst_day_on) == (Decimal(-40), "2026-11-03")
    assert month.average_day == Decimal(18)
    assert month.win_rate_ratio == Decimal("0.5")
    assert month.profit_factor_ratio == Decimal("2.2857")
    assert month.sharpe_ratio == Decimal("4.7492")
    assert month.drawdown == Decimal(40)
    assert (month.trades, month.volume) == (20, 100)


def test_the_drawdown_is_counted_from_the_curves_peak_not_from_the_lowest_day() -> None:
    # Curve 50, 20, 45, 5, 25: peak 50, lowest after it 5.
    assert curve_drawdown([Decimal(n) for n in (50, -30, 25, -40, 20)]) == Decimal(45)
    # A curve that starts with a loss falls from zero.
    assert curve_drawdown([Decimal(-10), Decimal(-5), Decimal(30)]) == Decimal(15)


def test_a_session_without_trade_and_result_is_no_active_day() -> None:
    month = summed(a_day("10", date="2026-11-02"), a_day("0", date="2026-11-03", trades=0))
    assert (month.active_days, month.flat_days, month.average_day) == (1, 0, Decimal(10))


def test_measures_without_a_meaning_are_blank() -> None:
    nothing = summed()
    assert (nothing.total, nothing.drawdown, nothing.active_days) == (ZERO, ZERO, 0)
    assert nothing.best_day is None
    assert nothing.worst_day is None
    assert nothing.average_day is None
    assert nothing.win_rate_ratio is None
    assert nothing.profit_factor_ratio is None
    assert nothing.sharpe_ratio is None
    one_win = summed(a_day("10"))
    assert one_win.win_rate_ratio == Decimal(1)
    assert one_win.profit_factor_ratio is None, "no day lost"
    assert one_win.sharpe_ratio is None, "one day has no deviation"


def test_equal_days_have_no_deviation_and_so_no_sharpe_ratio() -> None:
    assert sharpe_ratio([Decimal(7), Decimal(7), Decimal(7)]) is None


@given(st.lists(CENTS, max_size=23))
def test_a_months_total_is_the_sum_of_its_days_to_the_cent(totals: list[Decimal]) -> None:
    days = [a_day(str(total), date=f"2026-11-{n + 1:02d}") for n, total in enumerate(totals)]
    month = summed(*days)
    assert month.total == sum(totals, ZERO)
    assert month.total == month.realized + month.unrealized - month.fees
    assert month.winning_days + month.losing_days + month.flat_days == month.active_days
    assert month.drawdown >= ZERO
