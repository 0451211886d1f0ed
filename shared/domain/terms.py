"""Terms: at what rate and in which currency a follower is billed, and from which month on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from shared.domain.errors import InvalidInput
from shared.domain.money import ZERO
from shared.domain.months import Month, as_month

USUAL_COMMISSION_RATIO = Decimal("0.20")


class BillingCurrency(StrEnum):
    """The currency of a follower's statements."""

    USD = "USD"
    EUR = "EUR"


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What was agreed with a follower, in force from a month until the next terms.

    Attributes:
        from_month: First month, `2026-11`.
        commission_ratio: Our share of his profit, 0 to 1.
        currency: In which he is billed.
        has_high_water_mark: True where only profit above his best result so far is billed.
        multiplier_ratio: Share of the sheet's quantity he takes from that month on; None leaves
            what stands at the follower.
    """

    from_month: Month
    commission_ratio: Decimal = USUAL_COMMISSION_RATIO
    currency: BillingCurrency = BillingCurrency.USD
    has_high_water_mark: bool = False
    multiplier_ratio: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse what nobody can have agreed to.

        Raises:
            InvalidInput: Naming the field.
        """
        as_month(self.from_month, field="from_month")
        if not ZERO <= self.commission_ratio <= 1:
            raise InvalidInput("commission_ratio", "is from 0 to 1; 20 % is 0.20")
        if self.multiplier_ratio is not None and self.multiplier_ratio < ZERO:
            raise InvalidInput("multiplier_ratio", "is not negative")


def terms_in_force(agreed: Iterable[Terms], month: Month) -> Terms | None:
    """Find the terms of a month: the latest that begin in it or before; None before the first."""
    begun = [terms for terms in agreed if terms.from_month <= month]
    return max(begun, key=lambda terms: terms.from_month, default=None)


def multiplier_in_force(agreed: Iterable[Terms], month: Month, otherwise: Decimal) -> Decimal:
    """Find a month's multiplier: that of the latest terms that name one, else the follower's."""
    naming = [terms for terms in agreed if terms.multiplier_ratio is not None]
    terms = terms_in_force(naming, month)
    return otherwise if terms is None or terms.multiplier_ratio is None else terms.multiplier_ratio
