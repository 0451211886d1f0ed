"""Commission: what a follower owes us on profit (a broker fee is what IBKR charges him)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from shared.domain.money import ZERO, round_to_cents


@dataclass(frozen=True, kw_only=True, slots=True)
class Commission:
    """A commission and how it came about, USD.

    Attributes:
        base: Profit it is taken of, never negative.
        rate_ratio: Our share, 0 to 1.
        amount: Rate times base, rounded half up to the cent, once.
        high_water_mark: The mark after this period; None where the terms have none.
    """

    base: Decimal
    rate_ratio: Decimal
    amount: Decimal
    high_water_mark: Decimal | None = None


def commission_on(realized_net: Decimal, rate_ratio: Decimal) -> Commission:
    """Take our share of a period's realized profit net of broker fees; a loss owes nothing."""
    base = max(ZERO, realized_net)
    return Commission(base=base, rate_ratio=rate_ratio, amount=round_to_cents(base * rate_ratio))


def commission_above_mark(
    cumulative_net: Decimal, previous_mark: Decimal, rate_ratio: Decimal
) -> Commission:
    """Take our share of what lies above the high-water mark.

    Args:
        cumulative_net: Cumulative final realized profit net of fees, this period included.
        previous_mark: The mark before; 0 at the start.
        rate_ratio: Our share, 0 to 1.
    """
    base = max(ZERO, cumulative_net - previous_mark)
    return Commission(
        base=base,
        rate_ratio=rate_ratio,
        amount=round_to_cents(base * rate_ratio),
        high_water_mark=max(previous_mark, cumulative_net),
    )
