"""Time value of a short option: what its holder gives up by exercising it now.

Once little of it is left, an early assignment becomes likely, and so the pair is closed. One
decision serves every follower of a spread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from shared.domain.options import ContractKey, underlying_key
from shared.domain.quotes import Quote
from shared.domain.spreads import Spread, SpreadId

MAX_QUOTE_GAP = timedelta(seconds=2)
"""Option and underlying quotes further apart in time say nothing about each other."""


class TimeValueStatus(StrEnum):
    """How close an assignment is."""

    SAFE = "safe"
    RISK = "risk"
    CRITICAL = "critical"
    UNKNOWN = "unknown"
    """Never read yet."""


class TimeValueScope(StrEnum):
    """Which critical spreads are closed: any, or only those in the money."""

    ANY = "any"
    ITM = "itm"


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeValueRules:
    """When a time value is a risk.

    Attributes:
        safe_above: Above this it is safe, USD per share.
        critical_below: Below this it is critical, USD per share.
        safe_again_above: Above this a risk that was told is over: the next one is told anew.
            Higher than `safe_above`, for a value that hovers there would be told all day.
        scope: Which critical spreads are closed.
    """

    safe_above: Decimal = Decimal("1.00")
    critical_below: Decimal = Decimal("0.10")
    safe_again_above: Decimal = Decimal("1.10")
    scope: TimeValueScope = TimeValueScope.ANY


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeValue:
    """One reading.

    Attributes:
        value: Short option's mid less its intrinsic value, USD per share; may be negative.
        is_in_the_money: True where the short option has intrinsic value.
    """

    value: Decimal
    is_in_the_money: bool

    def status(self, rules: TimeValueRules) -> TimeValueStatus:
        """Judge it; both bounds themselves are a risk."""
        if self.value > rules.safe_above:
            return TimeValueStatus.SAFE
        if self.value < rules.critical_below:
            return TimeValueStatus.CRITICAL
        return TimeValueStatus.RISK

    def must_close(self, rules: TimeValueRules) -> bool:
        """Tell whether a spread with this reading, twice, is closed."""
        is_critical = self.status(rules) is TimeValueStatus.CRITICAL
        return is_critical and (self.is_in_the_money or rules.scope is TimeValueScope.ANY)


@dataclass(frozen=True, kw_only=True, slots=True)
class SpreadRecord:
    """What is known of a spread's risk: one document for all who hold it.

    Attributes:
        spread_id: Which.
        spread: What it is.
        session_date: Session of the reading, ISO text.
        status: How close an assignment is, by the last good reading.
        time_value: Last good reading, USD per share; None before the first.
        is_stale: True where the quotes gave no reading at the last look.
        read_at: When the last good reading was taken (UTC); None before the first.
        is_warned: True while a risk that was told is not over.
        warnings: How often a risk was told in this session.
    """

    spread_id: SpreadId
    spread: Spread
    session_date: str
    status: TimeValueStatus = TimeValueStatus.UNKNOWN
    time_value: Decimal | None = None
    is_stale: bool = False
    read_at: datetime | None = None
    is_warned: bool = False
    warnings: int = 0


def with_reading(
    record: SpreadRecord, reading: TimeValue, *, rules: TimeValueRules, now: datetime
) -> SpreadRecord:
    """Take a reading that counts into a spread's record.

    Returns:
        The record; one more warning than before where a risk has to be told now.
    """
    status = reading.status(rules)
    is_over = reading.value > rules.safe_again_above
    is_new = status is not TimeValueStatus.SAFE and not record.is_warned
    return replace(
        record,
        status=status,
        time_value=reading.value,
        read_at=now,
        is_warned=(record.is_warned and not is_over) or is_new,
        warnings=record.warnings + is_new,
    )


def read_time_value(
    spread: Spread, quotes: Mapping[ContractKey, Quote], *, now: datetime, max_age_seconds: float
) -> TimeValue | None:
    """Read a spread's time value from the quotes of its short option and its underlying.

    Returns:
        None where either quote is missing, one-sided, crossed, older than allowed, or the two
        are too far apart in time.
    """
    option = quotes.get(spread.short_contract.key)
    underlying = quotes.get(underlying_key(spread.symbol))
    if option is None or underlying is None or option.mid is None or underlying.mid is None:
        return None
    if max(option.age_seconds(now), underlying.age_seconds(now)) > max_age_seconds:
        return None
    if abs(option.at - underlying.at) > MAX_QUOTE_GAP:
        return None
    intrinsic = spread.short_contract.intrinsic(underlying.mid)
    return TimeValue(value=option.mid - intrinsic, is_in_the_money=intrinsic > 0)


def confirmed(
    first: TimeValue | None, second: TimeValue | None, rules: TimeValueRules
) -> TimeValue | None:
    """Settle two readings a few seconds apart: the second counts, and never alone for critical.

    Returns:
        None where nothing may be concluded: the second is missing, or critical on its own.
    """
    if second is None:
        return None
    was_critical = first is not None and first.status(rules) is TimeValueStatus.CRITICAL
    if second.status(rules) is TimeValueStatus.CRITICAL and not was_critical:
        return None
    return second
