"""Exchange rates: how a commission in USD becomes an amount in the currency of its statement.

The European Central Bank publishes how many USD one EUR is, on every working day of its payment
system at about 16:00 in Frankfurt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from shared.domain.errors import InvalidInput
from shared.domain.money import ZERO, round_to_cents
from shared.domain.months import Month, last_day
from shared.domain.target_days import target_day_until


class RateSource(StrEnum):
    """Who says so."""

    ECB = "ecb"
    PERSONS = "persons"
    """Two persons entered the same rate, because the bank could not be asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FxRate:
    """A reference rate: `fx_rates/{rate_date}`.

    Attributes:
        rate_date: Day of publication, ISO text.
        usd_per_eur_ratio: USD for one EUR; positive.
        source: Who says so.
        entered_by: The first person, where persons entered it.
        confirmed_by: The second person; a rate of persons counts only with both.
    """

    rate_date: str
    usd_per_eur_ratio: Decimal
    source: RateSource = RateSource.ECB
    entered_by: str = ""
    confirmed_by: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no rate.

        Raises:
            InvalidInput: Naming the field.
        """
        try:
            date.fromisoformat(self.rate_date)
        except ValueError as error:
            raise InvalidInput("rate_date", f"{self.rate_date!r} is no date; YYYY-MM-DD") from error
        if not (self.usd_per_eur_ratio.is_finite() and self.usd_per_eur_ratio > ZERO):
            raise InvalidInput("usd_per_eur_ratio", "is a positive number")

    @property
    def is_usable(self) -> bool:
        """True where the bank published it, or two different persons entered it."""
        if self.source is RateSource.ECB:
            return True
        return bool(self.entered_by and self.confirmed_by) and not is_same_person(
            self.entered_by, self.confirmed_by
        )


def is_same_person(one: str, other: str) -> bool:
    """True where two names are one person's; case and blanks make no second person."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def entered(before: FxRate | None, rate_date: str, ratio: Decimal, *, by: str) -> FxRate:
    """Take a person's word for a day's rate.

    The first person makes the entry, and alone may change it while nobody has confirmed it. A
    second person who enters the same rate confirms it. What is confirmed, or published by the
    bank, stands; entering the same once more changes nothing.

    Args:
        before: What is known of that day.
        rate_date: ISO date.
        ratio: USD for one EUR.
        by: Who says so.

    Raises:
        InvalidInput: It is refused, with the words for that person.
    """
    if before is None:
        return FxRate(
            rate_date=rate_date,
            usd_per_eur_ratio=ratio,
            source=RateSource.PERSONS,
            entered_by=by,
        )
    is_equal = before.usd_per_eur_ratio == ratio
    if before.is_usable:
        if is_equal:
            return before
        who = "the bank" if before.source is RateSource.ECB else "two persons"
        raise InvalidInput("rate", f"{rate_date} is settled by {who}: {before.usd_per_eur_ratio:f}")
    if is_same_person(before.entered_by, by):
        return replace(before, usd_per_eur_ratio=ratio)
    if is_equal:
        return replace(before, confirmed_by=by)
    raise InvalidInput(
        "rate",
        f"{before.entered_by} entered {before.usd_per_eur_ratio:f} for {rate_date}; look it up"
        " again, and where that entry is wrong have its author change it",
    )


def month_end_rate(rates: Iterable[FxRate], month: Month) -> FxRate | None:
    """Find the rate of the last publication on or before a month's end.

    Args:
        rates: Whatever is known around the month's end.
        month: The month.

    Returns:
        None where a later publication of the month may still be missing: the bank's last working
        day has no rate, and no later publication of the bank proves that it never had one. A
        later rate of persons proves nothing: they enter single days.
    """
    usable = sorted((rate for rate in rates if rate.is_usable), key=lambda rate: rate.rate_date)
    end = last_day(month)
    before = [rate for rate in usable if rate.rate_date <= end.isoformat()]
    if not before:
        return None
    is_last = before[-1].rate_date >= target_day_until(end).isoformat()
    is_proved = any(
        rate.source is RateSource.ECB and rate.rate_date > end.isoformat() for rate in usable
    )
    return before[-1] if is_last or is_proved else None


def to_eur(amount: Decimal, rate: FxRate) -> Decimal:
    """Turn USD into EUR: divided by the rate, rounded half up to the cent, once."""
    return round_to_cents(amount / rate.usd_per_eur_ratio)
