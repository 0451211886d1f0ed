"""A follower's day, rolled up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.commissions import commission_on
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO
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
        unrealized: Change of the open profit over the day.
        fees: Broker fees of the day, positive.
        total: Realized plus unrealized less fees.
        trades: Leg executions.
        volume: Contracts and shares of those.
        opening_legs: Contracts held when the day began.
        closing_legs: Contracts held at its end.
        unrealized_start: Open profit carried in from the day before.
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
    volume: int = 0
    opening_legs: int = 0
    closing_legs: int = 0
    unrealized_start: Decimal = ZERO

    @property
    def unrealized_end(self) -> Decimal:
        """Open profit carried out."""
        return self.unrealized_start + self.unrealized


@dataclass(frozen=True, kw_only=True, slots=True)
class DayExtent:
    """What a day's figures are besides money.

    Attributes:
        trades: Leg executions; the zero-price bookings of expired options are none.
        volume: Contracts and shares of those.
        opening_legs: Contracts held when the day began.
        closing_legs: Contracts held at its end.
        unrealized_start: Open profit carried in, USD.
    """

    trades: int = 0
    volume: int = 0
    opening_legs: int = 0
    closing_legs: int = 0
    unrealized_start: Decimal = ZERO


def roll_up(
    *,
    session_date: str,
    follower_id: FollowerId,
    totals: Sequence[Decimal],
    end: ProfitAndLoss,
    extent: DayExtent,
    commission_ratio: Decimal,
    finality: Finality,
    now: datetime,
) -> DailyPnl:
    """Roll one follower's day up.

    Args:
        session_date: ISO text.
        follower_id: Whose day.
        totals: Marked totals in slot order, USD.
        end: His result at the end of the day, from the books.
        extent: His trades and holdings.
        commission_ratio: Our share by his terms.
        finality: Whether the broker's statement agrees.
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
        trades=extent.trades,
        volume=extent.volume,
        opening_legs=extent.opening_legs,
        closing_legs=extent.closing_legs,
        unrealized_start=extent.unrealized_start,
        commission_base=accrued.base,
        commission_ratio=commission_ratio,
        commission=accrued.amount,
        finality=finality,
        rolled_up_at=now,
    )
