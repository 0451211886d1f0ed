"""Days on which euro payments are settled and the European Central Bank publishes its rates.

TARGET is closed on Saturdays, Sundays, New Year's Day, Good Friday, Easter Monday, 1 May, and
Christmas Day and the day after (https://www.ecb.europa.eu/paym/target/t2/html/index.en.html,
"TARGET closing days"); the reference rates follow the same calendar
(https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

FRANKFURT = ZoneInfo("Europe/Berlin")
"""The time zone of the bank's calendar."""

_FRIDAY = 5
_ONE_DAY = timedelta(days=1)
_FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})


def is_target_day(day: date) -> bool:
    """True where euro payments are settled on that calendar day (Frankfurt)."""
    if day.isoweekday() > _FRIDAY or (day.month, day.day) in _FIXED_HOLIDAYS:
        return False
    easter = easter_sunday(day.year)
    return day not in (easter - 2 * _ONE_DAY, easter + _ONE_DAY)


def target_day_from(day: date) -> date:
    """The first TARGET day on or after a day."""
    while not is_target_day(day):
        day += _ONE_DAY
    return day


def target_day_until(day: date) -> date:
    """The last TARGET day on or before a day."""
    while not is_target_day(day):
        day -= _ONE_DAY
    return day


def frankfurt_date(now: datetime) -> date:
    """The calendar day in Frankfurt at an aware instant."""
    return now.astimezone(FRANKFURT).date()


def easter_sunday(year: int) -> date:
    """Easter Sunday of the Gregorian calendar.

    By the lunar cycle of 19 years (golden number), corrected for the leap days that the Gregorian
    calendar drops: https://en.wikipedia.org/wiki/Date_of_Easter#Anonymous_Gregorian_algorithm.
    """
    golden = year % 19
    century, of_century = divmod(year, 100)
    moon_shift = (century - (century + 8) // 25 + 1) // 3
    full_moon = (19 * golden + century - century // 4 - moon_shift + 15) % 30
    to_sunday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - full_moon - of_century % 4) % 7
    correction = (golden + 11 * full_moon + 22 * to_sunday) // 451
    month, before = divmod(full_moon + to_sunday - 7 * correction + 114, 31)
    return date(year, month, before + 1)
