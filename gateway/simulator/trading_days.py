"""The sessions that one simulator runs through, one after the other, on one clock.

A session is in force from midnight New York of its date until midnight of the next one's; before
the first, the first is. A weekday between two sessions that is none itself is a holiday.
"""

import bisect
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from gateway.simulator.hours import (
    NEW_YORK,
    TradingSession,
    expiry_instant,
    new_york,
    weekdays_from,
)

_REGULAR_CLOSE = time(16, 0)
_DAYS_SHOWN = 5


class TradingDays:
    """The sessions of one underlying in order of their dates.

    Args:
        sessions: At least one, at most one of a date.
    """

    def __init__(self, sessions: tuple[TradingSession, ...]) -> None:
        self.sessions = sessions
        self.begins = [new_york(session.session_date, time()) for session in sessions]
        self._begin_seconds = [begin.timestamp() for begin in self.begins]
        self._by_date = {session.session_date: session for session in sessions}

    def at(self, at: datetime) -> TradingSession:
        """Return the session in force at an instant."""
        return self.sessions[max(bisect.bisect_right(self.begins, at) - 1, 0)]

    def begin_second(self, second: int) -> float:
        """Return when the session in force at an epoch second began, in epoch seconds."""
        return self._begin_seconds[max(bisect.bisect_right(self._begin_seconds, second) - 1, 0)]

    def turns(self) -> list[datetime]:
        """Return every instant at which what is quoted, traded or held changes by itself."""
        turns = [turn for session in self.sessions for turn in _turns(session)]
        return sorted([*turns, *self.begins[1:]])

    def begun(self, after: datetime, until: datetime) -> bool:
        """Tell whether a session other than the first came into force after one instant."""
        return any(after < begin <= until for begin in self.begins[1:])

    def expiring(self, after: datetime, until: datetime) -> list[TradingSession]:
        """Return the sessions whose expiring options are processed after one instant."""
        return [session for session in self.sessions if after < session.expiry_at <= until]

    def is_expired(self, expiry: date, at: datetime) -> bool:
        """Tell whether options of an expiry have been processed."""
        session = self.at(at)
        return expiry < session.session_date or (
            expiry == session.session_date and at >= session.expiry_at
        )

    def expires_at(self, expiry: date) -> datetime:
        """Return when an option stops having time value: 16:00 New York, earlier on half days."""
        session = self._by_date.get(expiry)
        return session.close_at if session else expiry_instant(expiry)

    def ends_day_order(self, sec_type: str, at: datetime, *, extended: bool = False) -> datetime:
        """Return the end of the session that a day order given at an instant is good for.

        ``extended``: a stock's order is good until 20:00. After the last known session: the
        regular end of the next weekday.
        """
        late = extended and sec_type == "STK"
        known = (
            session.postmarket_end_at if late else session.trades_until(sec_type)
            for session in self.sessions
        )
        return next((end for end in known if at < end), self._later_end(sec_type, at))

    def next_open_at(self, at: datetime) -> datetime:
        """Return the next open after an instant: a session's, or the next weekday's 09:30."""
        ahead = (session.open_at for session in self.sessions if at < session.open_at)
        return next(ahead, self._later_open(at))

    def liquid_hours(self, sec_type: str, at: datetime) -> str:
        """Return the coming days as the Gateway writes them in ``liquidHours``.

        Days after the last known session are given the regular hours.
        """
        return ";".join(self._liquid_day(sec_type, day) for day in self._days_shown(at))

    def trading_hours(self, sec_type: str, at: datetime) -> str:
        """Return ``tradingHours``: the stock's extended session, the options' own one."""
        if sec_type != "STK":
            return self.liquid_hours(sec_type, at)
        return ";".join(
            f"{day:%Y%m%d}:0400-{day:%Y%m%d}:2000"
            if self._is_open_on(day)
            else f"{day:%Y%m%d}:CLOSED"
            for day in self._days_shown(at)
        )

    def _liquid_day(self, sec_type: str, day: date) -> str:
        if not self._is_open_on(day):
            return f"{day:%Y%m%d}:CLOSED"
        session = self._by_date.get(day)
        first = self.sessions[0]
        if session is not None:
            open_at, end_at = session.open_at, session.trades_until(sec_type)
        else:
            open_at = new_york(day, _opening_time(first))
            overtime = first.trades_until(sec_type) - first.close_at
            end_at = new_york(day, _REGULAR_CLOSE) + overtime
        open_at, end_at = open_at.astimezone(NEW_YORK), end_at.astimezone(NEW_YORK)
        return f"{day:%Y%m%d}:{open_at:%H%M}-{day:%Y%m%d}:{end_at:%H%M}"

    def _is_open_on(self, day: date) -> bool:
        if day <= self.sessions[-1].session_date:
            return day in self._by_date
        return day.weekday() < 5

    def _days_shown(self, at: datetime) -> list[date]:
        first = max(at.astimezone(NEW_YORK).date(), self.sessions[0].session_date)
        return [first + timedelta(days=n) for n in range(_DAYS_SHOWN)]

    def _later_open(self, at: datetime) -> datetime:
        opening = _opening_time(self.sessions[-1])
        return next(
            opens
            for day in self._weekdays_after_the_last()
            if (opens := new_york(day, opening)) > at
        )

    def _later_end(self, sec_type: str, at: datetime) -> datetime:
        last = self.sessions[-1]
        overtime = last.trades_until(sec_type) - last.close_at
        return next(
            end
            for day in self._weekdays_after_the_last()
            if (end := new_york(day, _REGULAR_CLOSE) + overtime) > at
        )

    def _weekdays_after_the_last(self) -> Iterator[date]:
        return weekdays_from(self.sessions[-1].session_date + timedelta(days=1))


def _turns(session: TradingSession) -> tuple[datetime, ...]:
    return (
        session.premarket_at,
        session.open_at,
        session.close_at,
        session.options_close_at,
        session.expiry_at,
        session.postmarket_end_at,
    )


def _opening_time(session: TradingSession) -> time:
    return session.open_at.astimezone(NEW_YORK).time()
