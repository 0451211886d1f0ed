"""Calendar months, by which profit is summed up and billed."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NewType

from shared.domain.errors import InvalidInput

Month = NewType("Month", str)
"""ISO text, `2026-11`; months compare as their text does."""

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def as_month(text: str, *, field: str = "month") -> Month:
    """Check the text of a month.

    Raises:
        InvalidInput: It is not of the form YYYY-MM.
    """
    if not _MONTH.fullmatch(text):
        raise InvalidInput(field, f"{text!r} is no month; write YYYY-MM")
    return Month(text)


def month_of(iso_date: str) -> Month:
    """The month that an ISO date lies in."""
    return Month(iso_date[:7])


def first_day(month: Month) -> date:
    """The month's first calendar day."""
    return date.fromisoformat(f"{month}-01")


def last_day(month: Month) -> date:
    """The month's last calendar day."""
    return first_day(next_month(month)) - timedelta(days=1)


def next_month(month: Month) -> Month:
    """The month after."""
    return month_of((first_day(month) + timedelta(days=31)).isoformat())


def previous_month(month: Month) -> Month:
    """The month before."""
    return month_of((first_day(month) - timedelta(days=1)).isoformat())


def month_name(month: Month) -> str:
    """Write a month as people do: November 2026."""
    return f"{first_day(month):%B %Y}"
