"""A follower's month: the sum of his days, and what they say about him as a trader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal

from shared.domain.daily_pnl import DailyPnl
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO, round_to_micros
from shared.domain.months import Month
from shared.domain.session_record import Finality

SESSIONS_A_YEAR = 252
_EXACT = Context(prec=50, rounding=ROUND_HALF_UP)
_RATIO_PLACES = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthlyPnl:
    """One follower's month; amounts in USD: `pnl_monthly/{month}~{follower_id}`.

    Attributes:
        month: `2026-11`.
        follower_id: Whose.
        realized: Closed profit before fees.
        unrealized: How much the open profit changed over the month.
        fees: Broker fees, positive.
        total: Realized plus unrealized less fees: the sum of his days.
        trades: Leg executions.
        volume: Contracts of those.
        active_days: Sessions with an execution or a result.
        winning_days: Active days with a positive total.
        losing_days: Active days with a negative total.
        flat_days: Active days that ended at zero.
        best_day: Highest total of an active day; None without one.
        best_day_on: ISO date of the first such day; empty without one.
        worst_day: Lowest total of an active day; None without one.
        worst_day_on: ISO date of the first such day; empty without one.
        average_day: Mean total of an active day, rounded to the micro; None without one.
        win_rate_ratio: Winning days by winning and losing days; None without either.
        profit_factor_ratio: Gains of the winning days by losses of the losing ones; None where
            no day lost.
        sharpe_ratio: Mean by sample deviation of the active days' totals, times the root of 252;
            None under two active days, or where no day differs from another.
        drawdown: Largest fall of the month's curve, by day, from its running peak, positive; the
            curve and its peak start at 0.
        finality: Final once every session of the month is.
        rolled_up_at: Market time (UTC).
    """

    month: Month
    follower_id: FollowerId
    realized: Decimal
    unrealized: Decimal
    fees: Decimal
    total: Decimal
    trades: int
    volume: int
    active_days: int
    winning_days: int
    losing_days: int
    flat_days: int
    best_day: Decimal | None
    best_day_on: str
    worst_day: Decimal | None
    worst_day_on: str
    average_day: Decimal | None
    win_rate_ratio: Decimal | None
    profit_factor_ratio: Decimal | None
    sharpe_ratio: Decimal | None
    drawdown: Decimal
    finality: Finality
    rolled_up_at: datetime

    @property
    def realized_net(self) -> Decimal:
        """Closed profit net of broker fees: what commission is computed from."""
        return self.realized - self.fees


def sum_up_month(
    month: Month,
    follower_id: FollowerId,
    days: Sequence[DailyPnl],
    *,
    finality: Finality,
    now: datetime,
) -> MonthlyPnl:
    """Sum a follower's days up.

    Args:
        month: The month.
        follower_id: Whose.
        days: His days of the month, in any order; days that are missing had nothing.
        finality: Whether every session of the month is final.
        now: Market time (UTC).
    """
    ordered = sorted(days, key=lambda day: day.session_date)
    active = [day for day in ordered if day.trades or day.total]
    totals = [day.total for day in active]
    best = max(active, key=lambda day: day.total, default=None)
    worst = min(active, key=lambda day: day.total, default=None)
    wins = [total for total in totals if total > ZERO]
    losses = [total for total in totals if total < ZERO]
    return MonthlyPnl(
        month=month,
        follower_id=follower_id,
        realized=sum((day.realized for day in ordered), ZERO),
        unrealized=sum((day.unrealized for day in ordered), ZERO),
        fees=sum((day.fees for day in ordered), ZERO),
        total=sum((day.total for day in ordered), ZERO),
        trades=sum(day.trades for day in ordered),
        volume=sum(day.volume for day in ordered),
        active_days=len(active),
        winning_days=len(wins),
        losing_days=len(losses),
        flat_days=len(active) - len(wins) - len(losses),
        best_day=best.total if best else None,
        best_day_on=best.session_date if best else "",
        worst_day=worst.total if worst else None,
        worst_day_on=worst.session_date if worst else "",
        average_day=round_to_micros(sum(totals, ZERO) / len(totals)) if totals else None,
        win_rate_ratio=_ratio(len(wins), len(wins) + len(losses)),
        profit_factor_ratio=_ratio(sum(wins, ZERO), -sum(losses, ZERO)),
        sharpe_ratio=sharpe_ratio(totals),
        drawdown=curve_drawdown(totals),
        finality=finality,
        rolled_up_at=now,
    )


def sharpe_ratio(totals: Sequence[Decimal]) -> Decimal | None:
    """Mean by sample deviation (n - 1) times the root of 252, to four places, half up."""
    count = len(totals)
    if count < 2:
        return None
    mean = _EXACT.divide(sum(totals, ZERO), Decimal(count))
    squares = sum(((total - mean) ** 2 for total in totals), ZERO)
    deviation = _EXACT.sqrt(_EXACT.divide(squares, Decimal(count - 1)))
    if not deviation:
        return None
    yearly = _EXACT.sqrt(Decimal(SESSIONS_A_YEAR))
    return _EXACT.multiply(_EXACT.divide(mean, deviation), yearly).quantize(
        _RATIO_PLACES, rounding=ROUND_HALF_UP
    )


def curve_drawdown(totals: Sequence[Decimal]) -> Decimal:
    """Largest fall from the running peak of the curve that totals add up to; it starts at 0."""
    equity = peak = drawdown = ZERO
    for total in totals:
        equity += total
        peak = max(peak, equity)
        drawdown = max(drawdown, peak - equity)
    return drawdown


def _ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    if not whole:
        return None
    return _EXACT.divide(Decimal(part), Decimal(whole)).quantize(
        _RATIO_PLACES, rounding=ROUND_HALF_UP
    )
