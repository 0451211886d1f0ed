"""Five-field unix-cron, as Cloud Scheduler reads it, in a time zone.

Grammar per field: `*`, a number, a name (months and days of the week, three letters), `a-b`, any of
them with `/step`, and lists with commas. Sunday is 0 and 7. Where day of month *and* day of week
are restricted, either suffices (https://man7.org/linux/man-pages/man5/crontab.5.html); there is no
`L` (https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules). A local time that the
change to summer time leaves out is skipped; one that the change back repeats runs twice.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")
# Leap days are at most eight years apart (1896 to 1904, 2096 to 2104).
_SEARCH_DAYS = 8 * 366 + 1


class BadCron(ValueError):
    """A schedule that is no unix-cron text, or never comes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Field:
    name: str
    first: int
    last: int
    names: Sequence[str] = ()


_MINUTE = _Field(name="minute", first=0, last=59)
_HOUR = _Field(name="hour", first=0, last=23)
_DAY = _Field(name="day of month", first=1, last=31)
_MONTH = _Field(name="month", first=1, last=12, names=_MONTHS)
_WEEKDAY = _Field(name="day of week", first=0, last=7, names=_WEEKDAYS)
_FIELDS = (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cron:
    """A schedule: the values that match, and whether the days are restricted.

    `weekdays` count from Sunday, 0 to 6.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def matches(self, day: date) -> bool:
        """Whether the schedule comes on a date at all."""
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday

    def next_after(self, after: datetime, zone: ZoneInfo) -> datetime:
        """Return the first instant later than `after`, both aware UTC.

        Args:
            after: Aware instant; a schedule at this very instant does not count.
            zone: Time zone in which the schedule is written.

        Raises:
            BadCron: If it never comes (30 February).
        """
        # A day earlier, too: a time that is repeated begins before the local date of `after`.
        start = after.astimezone(zone).date() - timedelta(days=1)
        for offset in range(_SEARCH_DAYS + 1):
            day = start + timedelta(days=offset)
            instants = _instants(self, day, zone) if self.matches(day) else ()
            later = bisect_right(instants, after)
            if later < len(instants):
                return instants[later]
        raise BadCron("the schedule never comes")


@lru_cache(maxsize=256)
def _instants(cron: Cron, day: date, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the instants of one local date, in UTC, in order."""
    found = set()
    for hour in cron.hours:
        for minute in cron.minutes:
            wall = datetime.combine(day, time(hour, minute))
            for fold in (0, 1):
                at = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
                # A wall time in the gap comes back as another one.
                if at.astimezone(zone).replace(tzinfo=None) == wall:
                    found.add(at)
    return tuple(sorted(found))


def parse_cron(text: str) -> Cron:
    """Read a schedule.

    Raises:
        BadCron: If a field is missing, out of range or not understood.
    """
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise BadCron(f"{text!r} has {len(parts)} fields instead of 5")
    minutes, hours, days, months, weekdays = map(_values, parts, _FIELDS)
    return Cron(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(weekday % 7 for weekday in weekdays),
        any_day=parts[2].startswith("*"),
        any_weekday=parts[4].startswith("*"),
    )


def _values(text: str, field: _Field) -> frozenset[int]:
    return frozenset(value for part in text.split(",") for value in _range(part, field))


def _range(part: str, field: _Field) -> range:
    match = _PART.fullmatch(part)
    if match is None or (match["first"] == "*" and match["last"]):
        raise BadCron(f"{part!r} is not a {field.name}")
    if match["step"] and not (match["last"] or match["first"] == "*"):
        raise BadCron(f"{part!r}: a step needs a range")
    if match["first"] == "*":
        first, last = field.first, field.last
    else:
        first = _number(match["first"], field)
        last = _number(match["last"], field) if match["last"] else first
    step = int(match["step"] or 1)
    if step == 0 or first > last:
        raise BadCron(f"{part!r} is not a range of {field.name}")
    return range(first, last + 1, step)


def _number(text: str, field: _Field) -> int:
    if text.lower() in field.names:
        return field.first + field.names.index(text.lower())
    if text.isdecimal() and field.first <= int(text) <= field.last:
        return int(text)
    raise BadCron(f"{text!r} is not a {field.name} ({field.first} to {field.last})")
