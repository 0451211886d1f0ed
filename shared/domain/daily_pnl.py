"""A follower's day, rolled up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.commissions import commission_on
from shared.domain.followers import FollowerId
from shared.domain.pnl import ProfitAndLoss, day_curve
from shared.domain.session_record import Finality


@dataclass(frozen=True, kw_only=True, slots=True)
class DailyPnl:
    """One follower's day, USD.

    Attributes:
        session_date: ISO text.
        follower_id: Whose.
        open: First marked total.
        close: Total at the end of the day.
        high: Highest total, at least 0.
        low: Lowest total, at most 0.
        drawdown: Largest fall from the running peak, positive.
        realized: Closed profit before fees.
        unrealized: Open profit at the end.
        fees: Broker fees of the day, positive.
        total: Realized plus unrealized less fees.
        trades: Leg executions.
        commission_base: Realized net of fees, never negative: what commission would be on.
        commission_ratio: Our share by his terms.
        commission: Accrued commission of the day; a month's statement is computed on its own.
        finality: Provisional until the broker's statement agrees.
        rolled_up_at: Market time (UTC).
    """

    session_date: str
    follower_id: FollowerId
    open: Decimal
    close: Decimal
    high: Decimal
    low: Decimal
    drawdown: Decimal
    realized: Decimal
    unrealized: Decimal
    fees: Decimal
    total: Decimal
    trades: int
    commission_base: Decimal
    commission_ratio: Decimal
    commission: Decimal
    finality: Finality
    rolled_up_at: datetime


def roll_up(
    *,
    session_date: str,
    follower_id: FollowerId,
    totals: Sequence[Decimal],
    end: ProfitAndLoss,
    trades: int,
    commission_ratio: Decimal,
    now: datetime,
) -> DailyPnl:
    """Roll one follower's day up.

    Args:
        session_date: ISO text.
        follower_id: Whose day.
        totals: Marked totals in slot order, USD.
        end: His result at the end of the day, from the books.
        trades: Leg executions.
        commission_ratio: Our share by his terms.
        now: Market time (UTC).
    """
    curve = day_curve([*totals, end.total])
    accrued = commission_on(end.realized - end.fees, commission_ratio)
    return DailyPnl(
        session_date=session_date,
        follower_id=follower_id,
        open=curve.open,
        close=curve.close,
        high=curve.high,
        low=curve.low,
        drawdown=curve.drawdown,
        realized=end.realized,
        unrealized=end.unrealized,
        fees=end.fees,
        total=end.total,
        trades=trades,
        commission_base=accrued.base,
        commission_ratio=commission_ratio,
        commission=accrued.amount,
        finality=Finality.PROVISIONAL,
        rolled_up_at=now,
    )
