"""When the market of one session is open, in New York time.

Sources: options on broad ETFs (QQQ, SPY, IWM, DIA) trade until 15 minutes after the close of the
ETF, other equity options until the close (Cboe trading hours); United States equities quote from
04:00 to 20:00 New York.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
# The zone as the Gateway names it in message texts.
ZONE_NAME = "US/Eastern"
LATE_OPTION_TICKERS = frozenset({"QQQ", "SPY", "IWM", "DIA"})

_REGULAR_CLOSE = time(16, 0)
_PREMARKET_OPEN = time(4, 0)
_POSTMARKET_CLOSE = time(20, 0)
_OPTION_OVERTIME = timedelta(minutes=15)
_EXPIRY_DELAY = timedelta(minutes=20)


@dataclass(frozen=True, kw_only=True)
class TradingSession:
    """One session of one underlying; instants are aware UTC."""

    ticker: str
    open_at: datetime
    close_at: datetime

    @cached_property
    def session_date(self) -> date:
        """Return the New York date."""
        return self.open_at.astimezone(NEW_YORK).date()

    @cached_property
    def options_close_at(self) -> datetime:
        """Return when the options of this underlying stop trading."""
        overtime = _OPTION_OVERTIME if self.ticker in LATE_OPTION_TICKERS else timedelta(0)
        return self.close_at + overtime

    @cached_property
    def expiry_at(self) -> datetime:
        """Return when expiring positions are exercised, assigned or removed."""
        return self.close_at + _EXPIRY_DELAY

    @cached_property
    def premarket_at(self) -> datetime:
        """Return when the underlying starts quoting: 04:00 New York."""
        return new_york(self.session_date, _PREMARKET_OPEN)

    @cached_property
    def postmarket_end_at(self) -> datetime:
        """Return when the underlying stops quoting: 20:00 New York."""
        return new_york(self.session_date, _POSTMARKET_CLOSE)

    def trades_until(self, sec_type: str) -> datetime:
        """Return the end of trading of a security type: the stock's close or the options'."""
        return self.close_at if sec_type == "STK" else self.options_close_at

    def is_trading(self, sec_type: str, at: datetime) -> bool:
        """Tell whether orders in a security type are worked at this instant."""
        return self.open_at <= at < self.trades_until(sec_type)

    def is_quoting(self, sec_type: str, at: datetime) -> bool:
        """Tell whether a security type has quotes: the underlying also outside the session."""
        if sec_type == "STK":
            return self.premarket_at <= at < self.postmarket_end_at
        return self.open_at <= at < self.options_close_at


def new_york(day: date, at: time) -> datetime:
    """Return a New York wall-clock time as an aware UTC instant."""
    return datetime.combine(day, at, NEW_YORK).astimezone(UTC)


def new_york_date(at: datetime) -> date:
    """Return the New York date of an instant."""
    return at.astimezone(NEW_YORK).date()


def expiry_instant(expiry: date) -> datetime:
    """Return 16:00 New York of the expiry day, as an aware UTC instant."""
    return new_york(expiry, _REGULAR_CLOSE)


def gateway_time(at: datetime) -> str:
    """Return an instant as the Gateway prints it, e.g. ``20261123 09:30:05 US/Eastern``."""
    return f"{at.astimezone(NEW_YORK):%Y%m%d %H:%M:%S} {ZONE_NAME}"


def weekdays_from(day: date) -> Iterator[date]:
    """Yield this day and those after it that are Monday to Friday, without end."""
    while True:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)
