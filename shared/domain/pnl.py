"""Profit and loss: per leg, at the middle of the market, broker fees counted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.money import ZERO
from shared.domain.options import ContractKey
from shared.domain.positions import LegPosition


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfitAndLoss:
    """A follower's result, USD.

    Attributes:
        realized: Closed profit before fees.
        unrealized: Open profit at the middle of the market.
        fees: Broker fees, positive.
    """

    realized: Decimal = ZERO
    unrealized: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Realized plus unrealized less fees."""
        return self.realized + self.unrealized - self.fees

    def __add__(self, other: ProfitAndLoss) -> ProfitAndLoss:
        """Add two results, item by item."""
        return ProfitAndLoss(
            realized=self.realized + other.realized,
            unrealized=self.unrealized + other.unrealized,
            fees=self.fees + other.fees,
        )


def mark_legs(
    legs: Sequence[LegPosition], mids: Mapping[ContractKey, Decimal], *, fees: Decimal
) -> ProfitAndLoss:
    """Mark legs to the middle of the market.

    Args:
        legs: Holdings, signed.
        mids: Middle of the market per contract, USD per share; every open leg must be there.
        fees: Broker fees so far, USD, positive.

    Raises:
        KeyError: If an open leg has no middle; a mark must never guess one.
    """
    unrealized = ZERO
    for leg in legs:
        if leg.quantity:
            worth = mids[leg.contract_key] * leg.quantity
            unrealized += (worth - leg.cost) * leg.multiplier
    realized = sum((leg.realized for leg in legs), ZERO)
    return ProfitAndLoss(realized=realized, unrealized=unrealized, fees=fees)


@dataclass(frozen=True, kw_only=True, slots=True)
class DayCurve:
    """A day's total-P&L series in one line, USD.

    Attributes:
        open: First total of the day.
        close: Last total.
        high: Highest total, at least 0 (a day starts at 0).
        low: Lowest total, at most 0.
        drawdown: Largest fall from the running peak, positive; the peak starts at 0.
    """

    open: Decimal
    close: Decimal
    high: Decimal
    low: Decimal
    drawdown: Decimal


def day_curve(totals: Sequence[Decimal]) -> DayCurve:
    """Summarize a day's totals in the order they were marked; an empty day is all zero."""
    peak = low = drawdown = ZERO
    for total in totals:
        peak, low = max(peak, total), min(low, total)
        drawdown = max(drawdown, peak - total)
    first, last = (totals[0], totals[-1]) if totals else (ZERO, ZERO)
    return DayCurve(open=first, close=last, high=peak, low=low, drawdown=drawdown)
