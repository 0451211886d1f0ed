"""Fetch the reference rates, and say so where a month's end still has none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from shared.domain.alerts import Alert, AlertType
from shared.domain.fx import month_end_rate
from shared.domain.months import Month, first_day, last_day, month_of, previous_month
from shared.domain.sessions import session_date_at
from shared.domain.target_days import target_day_until
from shared.ports.alarm import Alarm
from shared.ports.clock import Clock
from shared.ports.fx_rates import FxRates, Publication
from shared.ports.reference_rates import ReferenceRates

_SATURDAY = 6
_LOOK_BACK = timedelta(days=10)
"""Longer than any gap between two publications."""


class _RateSource(Protocol):
    """Whatever carries the adapters that fetching rates needs, under these names."""

    @property
    def clock(self) -> Clock: ...

    @property
    def reference_rates(self) -> ReferenceRates: ...

    @property
    def fx_rates(self) -> FxRates: ...

    @property
    def alarm(self) -> Alarm: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchPorts:
    """What fetching rates reads and writes."""

    clock: Clock
    bank: ReferenceRates
    rates: FxRates
    alarm: Alarm

    @classmethod
    def of(cls, source: _RateSource) -> FetchPorts:
        """Take the ports from whatever carries them."""
        return cls(
            clock=source.clock,
            bank=source.reference_rates,
            rates=source.fx_rates,
            alarm=source.alarm,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class RatesFetched:
    """What was done.

    Attributes:
        publication: What the bank's rates changed.
        missing: The month whose end still has no rate although it should; None otherwise.
    """

    publication: Publication
    missing: Month | None


def fetch_fx_rates(ports: FetchPorts) -> RatesFetched:
    """Take in the bank's rates of the last 90 days; a repeat writes nothing.

    From the second weekday of a month on, FX_RATE_MISSING is raised where the month before still
    has no rate for its end, also where the bank could not be read: once a day until it has.

    Raises:
        AdapterError: The bank or the database failed; nothing is lost by doing it again.
        Conflict: The bank now says otherwise than it did; what it published first stays.
    """
    try:
        publication = ports.rates.publish(ports.bank.published())
    except Exception:
        _look_for_month_end(ports)
        raise
    return RatesFetched(publication=publication, missing=_look_for_month_end(ports))


def _look_for_month_end(ports: FetchPorts) -> Month | None:
    now = ports.clock.now()
    today = date.fromisoformat(session_date_at(now))
    month = previous_month(month_of(today.isoformat()))
    if _weekdays_until(today) < 2:  # the first evening's publication may still be to come
        return None
    first = last_day(month) - _LOOK_BACK
    known = ports.rates.between(first.isoformat(), today.isoformat())
    if month_end_rate(known, month) is not None:
        return None
    ports.alarm.raise_alert(_alert(month, today, now))
    return month


def _weekdays_until(today: date) -> int:
    first = first_day(month_of(today.isoformat()))
    days = (first + timedelta(days=count) for count in range(today.day))
    return sum(1 for day in days if day.isoweekday() < _SATURDAY)


def _alert(month: Month, today: date, now: datetime) -> Alert:
    wanted = target_day_until(last_day(month)).isoformat()
    return Alert(
        alert_type=AlertType.FX_RATE_MISSING,
        subject=month,
        message=f"No reference rate of the European Central Bank is known for {wanted}, the end of"
        f" {month}: statements in EUR are held. Run fetch-fx-rates again, or have two persons enter"
        " it with enter-fx-rate.",
        session_date=today.isoformat(),
        raised_at=now,
    )
