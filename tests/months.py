"""Builders of months: days, roll-ups and statements whose figures are consistent."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from shared.domain.daily_pnl import DailyPnl, DayExtent, roll_up
from shared.domain.followers import FollowerId
from shared.domain.monthly_pnl import MonthlyPnl, sum_up_month
from shared.domain.months import Month
from shared.domain.pnl import ProfitAndLoss
from shared.domain.session_record import Finality
from shared.domain.terms import BillingCurrency, Terms

NOVEMBER = Month("2026-11")
ROLLED_UP_AT = datetime(2026, 12, 1, 5, 10, tzinfo=UTC)


def a_day(
    total: str,
    *,
    date: str = "2026-11-23",
    who: str = "anna",
    fees: str = "0",
    unrealized: str = "0",
    trades: int = 4,
    finality: Finality = Finality.FINAL,
) -> DailyPnl:
    """A day that ended at this total: realized is what fees and unrealized leave of it."""
    realized = Decimal(total) + Decimal(fees) - Decimal(unrealized)
    return roll_up(
        session_date=date,
        follower_id=FollowerId(who),
        totals=(),
        end=ProfitAndLoss(realized=realized, unrealized=Decimal(unrealized), fees=Decimal(fees)),
        extent=DayExtent(trades=trades, volume=trades * 5),
        commission_ratio=Decimal("0.20"),
        finality=finality,
        now=ROLLED_UP_AT,
    )


def a_month(
    net: str,
    *,
    month: str = NOVEMBER,
    who: str = "anna",
    fees: str = "0",
    finality: Finality = Finality.FINAL,
) -> MonthlyPnl:
    """A month of one day whose realized profit net of fees is this."""
    day = a_day(net, date=f"{month}-02", who=who, fees=fees)
    return sum_up_month(Month(month), FollowerId(who), [day], finality=finality, now=ROLLED_UP_AT)


def terms(
    ratio: str = "0.20",
    *,
    since: str = "2026-01",
    currency: BillingCurrency = BillingCurrency.USD,
    mark: bool = False,
    multiplier: str | None = None,
) -> Terms:
    """Terms in force from a month on."""
    return Terms(
        from_month=Month(since),
        commission_ratio=Decimal(ratio),
        currency=currency,
        has_high_water_mark=mark,
        multiplier_ratio=None if multiplier is None else Decimal(multiplier),
    )
