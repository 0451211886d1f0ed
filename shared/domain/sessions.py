"""Sessions: the trading dates of US equities and their options, and New York wall-clock time.

Instants are aware UTC. New York only names a session and turns "09:27" into an instant.
Hours are those of the *underlying*: 09:30 to 16:00 New York, 13:00 on early closes, as the NYSE
publishes them (https://www.nyse.com/markets/hours-calendars). QQQ options themselves quote for
15 minutes longer; the contract's own liquid hours win on the day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NewType
from zoneinfo import ZoneInfo

from shared.domain.errors import InvalidInput
from shared.domain.session_table_text import parse_session_table

SessionDate = NewType("SessionDate", str)
"""A New York calendar date as ISO text ("2026-11-27"); sorts as it reads."""

NEW_YORK = ZoneInfo("America/New_York")
MARK_INTERVAL_SECONDS = 30

_ONE_DAY = timedelta(days=1)
_WALL_TIME = re.compile(r"\d{2}:\d{2}(:\d{2})?")
_MONTH = re.compile(r"\d{4}-\d{2}")


def as_session_date(text: str, *, field: str = "session_date") -> SessionDate:
    """Accept ISO text of the long form only.

    Raises:
        InvalidInput: ``text`` is not a date written YYYY-MM-DD.
    """
    _parse_date(text, field=field)
    return SessionDate(text)


def session_date_at(now: datetime) -> SessionDate:
    """Name the New York calendar date of an aware instant, whether or not it is a session.

    Raises:
        InvalidInput: ``now`` is naive.
    """
    if now.tzinfo is None or now.utcoffset() is None:
        raise InvalidInput("now", f"{now.isoformat()} is naive; instants are aware UTC")
    return SessionDate(now.astimezone(NEW_YORK).date().isoformat())


def at_new_york(session_date: str, wall_time: str) -> datetime:
    """Turn a New York wall-clock time into an instant.

    Args:
        session_date: ISO date in New York.
        wall_time: "HH:MM" or "HH:MM:SS", 24 hours. The hour that comes twice when summer time
            ends means its first occurrence.

    Returns:
        Aware UTC.

    Raises:
        InvalidInput: Either text is malformed, or the clock skips that time when summer time
            begins.
    """
    day = _parse_date(session_date, field="session_date")
    local = datetime.combine(day, _parse_wall_time(wall_time), tzinfo=NEW_YORK)
    instant = local.astimezone(UTC)
    if instant.astimezone(NEW_YORK).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise InvalidInput("wall_time", f"{wall_time} does not exist on {session_date} in New York")
    return instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One trading date and the underlying's regular session.

    Attributes:
        session_date: The New York date.
        open_at: Aware UTC, inclusive.
        close_at: Aware UTC, exclusive.
    """

    session_date: SessionDate
    open_at: datetime
    close_at: datetime

    @property
    def is_early_close(self) -> bool:
        """True where the underlying closes before 16:00 New York."""
        return self.close_at < at_new_york(self.session_date, "16:00")

    def mark_slots(self) -> tuple[int, ...]:
        """List the half-minutes that are due a mark, each as Unix epoch seconds // 30.

        The open counts, the close does not: 780 slots, 420 on an early close.
        """
        return tuple(range(_slot_at(self.open_at), _slot_at(self.close_at)))


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionTable:
    """Every session between two dates: weekdays less the holidays.

    Attributes:
        source: What the table was generated from, with its version.
        first_date: First date covered, inclusive.
        last_date: Last date covered, inclusive.
        open_time: New York wall-clock time of every open.
        close_time: New York wall-clock time of the close, early closes apart.
        holidays: Weekdays without a session, one-off closures included.
        early_closes: Close, New York wall-clock time, of the sessions that end early.
    """

    source: str
    first_date: SessionDate
    last_date: SessionDate
    open_time: str
    close_time: str
    holidays: frozenset[SessionDate]
    early_closes: Mapping[SessionDate, str]

    @classmethod
    def from_json(cls, text: str) -> SessionTable:
        """Read the text of ``session_table.json``.

        Raises:
            InvalidInput: The text is not JSON or not of that shape.
        """
        parsed = parse_session_table(text)
        for wall_time in (parsed.open_time, parsed.close_time, *parsed.early_closes.values()):
            _parse_wall_time(wall_time)
        return cls(
            source=parsed.source,
            first_date=as_session_date(parsed.first_date, field="session_table.first_date"),
            last_date=as_session_date(parsed.last_date, field="session_table.last_date"),
            open_time=parsed.open_time,
            close_time=parsed.close_time,
            holidays=frozenset(as_session_date(day) for day in parsed.holidays),
            early_closes={as_session_date(d): at for d, at in parsed.early_closes.items()},
        )

    def session_on(self, date_text: str) -> Session | None:
        """Look a date up; None on weekends and holidays.

        Raises:
            InvalidInput: ``date_text`` is no ISO date, or outside the table.
        """
        return self._session(self._covered(_parse_date(date_text, field="session_date")))

    def is_session(self, date_text: str) -> bool:
        """True where the date is a trading date; raises as ``session_on`` does."""
        return self.session_on(date_text) is not None

    def next_session(self, date_text: str) -> Session:
        """Find the first session strictly after a date; raises as ``session_on`` does."""
        return self._neighbor(date_text, _ONE_DAY)

    def previous_session(self, date_text: str) -> Session:
        """Find the last session strictly before a date; raises as ``session_on`` does."""
        return self._neighbor(date_text, -_ONE_DAY)

    def sessions_in_month(self, month: str) -> tuple[Session, ...]:
        """List a month's sessions, oldest first.

        Args:
            month: "YYYY-MM".

        Raises:
            InvalidInput: ``month`` is malformed, or not wholly inside the table.
        """
        if _MONTH.fullmatch(month) is None:
            raise InvalidInput("month", f"{month!r} is not a month; write it YYYY-MM")
        day = _parse_date(f"{month}-01", field="month")
        found: list[Session] = []
        while day.isoformat().startswith(month):
            session = self._session(self._covered(day))
            if session is not None:
                found.append(session)
            day += _ONE_DAY
        return tuple(found)

    def _neighbor(self, date_text: str, step: timedelta) -> Session:
        day = self._covered(_parse_date(date_text, field="session_date"))
        while True:
            day = self._covered(day + step)
            session = self._session(day)
            if session is not None:
                return session

    def _covered(self, day: date) -> date:
        if self.first_date <= day.isoformat() <= self.last_date:
            return day
        raise InvalidInput(
            "session_date",
            f"{day.isoformat()} is outside the session table"
            f" ({self.first_date} to {self.last_date}); regenerate the table",
        )

    def _session(self, day: date) -> Session | None:
        session_date = SessionDate(day.isoformat())
        if not _is_weekday(day) or session_date in self.holidays:
            return None
        return Session(
            session_date=session_date,
            open_at=at_new_york(session_date, self.open_time),
            close_at=at_new_york(
                session_date, self.early_closes.get(session_date, self.close_time)
            ),
        )


def _is_weekday(day: date) -> bool:
    return day.isoweekday() <= 5


def _slot_at(instant: datetime) -> int:
    return int(instant.timestamp()) // MARK_INTERVAL_SECONDS


def _parse_date(text: str, *, field: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    # Python also reads "20261127" and "2026-W48-5": two spellings would be two document ids.
    if day is None or day.isoformat() != text:
        raise InvalidInput(field, f"{text!r} is not a date; write it YYYY-MM-DD")
    return day


def _parse_wall_time(text: str) -> time:
    try:
        return time.fromisoformat(text if _WALL_TIME.fullmatch(text) else "")
    except ValueError:
        raise InvalidInput("wall_time", f"{text!r} is not a time; write it HH:MM:SS") from None
