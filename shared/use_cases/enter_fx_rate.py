"""Enter a reference rate by hand, where the bank could not be asked; two persons are needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from shared.domain.errors import InvalidInput
from shared.domain.fx import FxRate
from shared.domain.sessions import as_session_date
from shared.domain.target_days import frankfurt_date, is_target_day
from shared.ports.clock import Clock
from shared.ports.fx_rates import FxRates

LOWEST, HIGHEST = Decimal("0.5"), Decimal("2.5")
"""USD per EUR that need no reason; since 1999 the rate has stayed between 0.82 and 1.60."""

_MOST_DIGITS = 6


class _EntrySource(Protocol):
    """Whatever carries the adapters that an entry needs, under these names."""

    @property
    def clock(self) -> Clock: ...

    @property
    def fx_rates(self) -> FxRates: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryPorts:
    """What an entry reads and writes."""

    clock: Clock
    rates: FxRates

    @classmethod
    def of(cls, source: _EntrySource) -> EntryPorts:
        """Take the ports from whatever carries them."""
        return cls(clock=source.clock, rates=source.fx_rates)


def enter_fx_rate(
    ports: EntryPorts, *, rate_date: str, ratio: Decimal, by: str, reason: str = ""
) -> FxRate:
    """Take a person's word for a day's rate; it counts once a second person has entered the same.

    Args:
        ports: What it takes.
        rate_date: ISO date of the publication (Frankfurt), today at the latest, a TARGET day: on
            other days the bank publishes nothing.
        ratio: USD for one EUR.
        by: Who says so, by name.
        reason: Why a rate outside LOWEST to HIGHEST is right.

    Raises:
        InvalidInput: Naming the argument; or an entry of somebody else, or the bank's, differs.
        AdapterError: The database failed.
    """
    day = date.fromisoformat(as_session_date(rate_date, field="date"))
    if day > frankfurt_date(ports.clock.now()):
        raise InvalidInput("date", f"{rate_date} is in the future; rates are of past days or today")
    if not is_target_day(day):
        raise InvalidInput("date", f"{rate_date} has no rate: the bank publishes on TARGET days")
    name = " ".join(by.split())
    if not name:
        raise InvalidInput("by", "is empty; write the name of the person who looked the rate up")
    _check_ratio(ratio, reason)
    return ports.rates.enter(rate_date, ratio, by=name)


def _check_ratio(ratio: Decimal, reason: str) -> None:
    if not ratio.is_finite() or ratio <= 0:
        raise InvalidInput("rate", "is a positive number: USD for one EUR")
    if -int(ratio.as_tuple().exponent) > _MOST_DIGITS:
        raise InvalidInput("rate", f"has at most {_MOST_DIGITS} digits after the point")
    if not LOWEST <= ratio <= HIGHEST and not reason.strip():
        raise InvalidInput(
            "rate",
            f"{ratio} USD for one EUR is not from {LOWEST} to {HIGHEST}; is it the other way round?"
            " Where it is right, give the reason",
        )
