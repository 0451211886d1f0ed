"""What people write in a sheet's cells: numbers and dates, the American way and the Italian.

Only what can be read in one way is read; everything else is "unreadable" (None), never a guess.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class CellLocale:
    """How a sheet's people write.

    Attributes:
        decimal_mark: "." or ","; the other one groups thousands.
        day_first: True where 3/8/2026 is the third of August.
    """

    decimal_mark: str
    day_first: bool


AMERICAN = CellLocale(decimal_mark=".", day_first=False)
ITALIAN = CellLocale(decimal_mark=",", day_first=True)

_DASHES = frozenset("-\u2013\u2014")
_MINUS = "\u2212"
_SPACED_THOUSANDS = re.compile(r"(?<=[0-9])[ '\u2019](?=[0-9]{3}(?![0-9]))")
_NUMBER = re.compile(r"([+-]?)\$? ?([0-9]+(?:[.,][0-9]+)*) ?\$?")
_ONE_GROUP = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+|(?:,[0-9]{3})+)")

_YEAR_FIRST = re.compile(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_NAMED_MONTH = re.compile(r"([0-9]{1,2})[-/. ]+([a-z]{3,})[-/. ]+([0-9]{4})")
_MONTHS = (
    ("january", "gennaio"),
    ("february", "febbraio"),
    ("march", "marzo"),
    ("april", "aprile"),
    ("may", "maggio"),
    ("june", "giugno"),
    ("july", "luglio"),
    ("august", "agosto"),
    ("september", "settembre"),
    ("october", "ottobre"),
    ("november", "novembre"),
    ("december", "dicembre"),
)
# Google Sheets counts days from here:
# https://developers.google.com/workspace/sheets/api/guides/formats#about_date_time_values
_SERIAL_ZERO = date(1899, 12, 30)
_FIRST_SERIAL = (date(2000, 1, 1) - _SERIAL_ZERO).days
_LAST_SERIAL = (date(2099, 12, 31) - _SERIAL_ZERO).days


def clean(text: str) -> str:
    """Take away what nobody sees: outer spaces, zero-width characters, odd kinds of space."""
    visible = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join("".join(visible).split())


def is_blank(text: str) -> bool:
    """True for an empty cell and for one that holds only a dash, which says "nothing here"."""
    cleaned = clean(text)
    return not cleaned or cleaned in _DASHES


def parse_number(text: str, locale: CellLocale) -> Decimal | None:
    """Read a number.

    Where both marks occur, the last one is the decimal mark: "1.250,5" and "1,250.5" are the
    same everywhere. A mark that comes several times groups thousands. A single mark is decimal
    ("450,5", "450.0"), unless exactly three digits follow one to three others: "1,250" could be
    either, and then the locale decides (1250 in America, 1.25 in Italy). Thin or unbreakable
    spaces and apostrophes may group thousands; a dollar sign is passed over.

    Returns:
        None where the text is no number, or its thousands are not grouped by threes.
    """
    bare = _SPACED_THOUSANDS.sub("", clean(text).replace(_MINUS, "-"))
    match = _NUMBER.fullmatch(bare)
    if match is None:
        return None
    sign, digits = match.groups()
    mark = _decimal_mark_of(digits, locale)
    whole, _, fraction = digits.rpartition(mark) if mark else (digits, "", "")
    if not whole.isdigit() and _GROUPED.fullmatch(whole) is None:
        return None
    plain = whole.replace(".", "").replace(",", "")
    return Decimal(f"{sign}{plain}.{fraction}" if fraction else f"{sign}{plain}")


def _decimal_mark_of(digits: str, locale: CellLocale) -> str:
    marks = [character for character in digits if character in ".,"]
    only_groups = len(marks) > 1 and len(set(marks)) == 1
    if not marks or only_groups:
        return ""
    may_be_group = _ONE_GROUP.fullmatch(digits) is not None
    return "" if may_be_group and marks[0] != locale.decimal_mark else marks[-1]


def parse_date(text: str, locale: CellLocale) -> str | None:
    """Read a date as ISO text.

    Understood are 2026-11-27 and 2026/11/27, day and month in the locale's order before a
    four-digit year (27/11/2026 or 11/27/2026), a named month in English or Italian
    (27-Nov-2026), and a bare serial number, which Sheets shows where a cell lost its format.

    Returns:
        None where the text is no date, or one that the calendar does not have.
    """
    cleaned = clean(text).lower()
    if match := _YEAR_FIRST.fullmatch(cleaned):
        return _iso(year=match[1], month=match[3], day=match[4])
    if match := _YEAR_LAST.fullmatch(cleaned):
        day, month = (match[1], match[3]) if locale.day_first else (match[3], match[1])
        return _iso(year=match[4], month=month, day=day)
    if match := _NAMED_MONTH.fullmatch(cleaned):
        return _iso(year=match[3], month=_month_number(match[2]), day=match[1])
    return _serial_date(cleaned, locale)


def _iso(*, year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _month_number(word: str) -> str:
    for number, names in enumerate(_MONTHS, start=1):
        if any(name.startswith(word) for name in names):
            return str(number)
    return "0"


def _serial_date(text: str, locale: CellLocale) -> str | None:
    number = parse_number(text, locale)
    # A fraction is a time of day.
    if number is None or not _FIRST_SERIAL <= number < _LAST_SERIAL + 1:
        return None
    return (_SERIAL_ZERO + timedelta(days=int(number))).isoformat()
