"""The text of the session table, checked and flattened.

    {"source": ..., "first_date": ..., "last_date": ..., "open": "09:30", "close": "16:00",
     "years": {"2026": {"holidays": ["01-01", ...], "early_closes": {"11-27": "13:00"}}}}

Times stand there once; a date carries a time of its own only where it differs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.errors import InvalidInput


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionTableText:
    """The table's fields as written; dates are ISO text in full, times New York wall clock."""

    source: str
    first_date: str
    last_date: str
    open_time: str
    close_time: str
    holidays: tuple[str, ...]
    early_closes: Mapping[str, str]


def parse_session_table(text: str) -> SessionTableText:
    """Check the shape and write every date out in full.

    Raises:
        InvalidInput: Not JSON, or a field is missing or of another type.
    """
    try:
        document: object = json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            "session_table", f"is not JSON ({error}); regenerate the table"
        ) from error
    root = _mapping(document, "session_table")
    years = {
        year: _mapping(entry, f"session_table.years.{year}")
        for year, entry in _mapping(_member(root, "years"), "session_table.years").items()
    }
    return SessionTableText(
        source=_text(_member(root, "source"), "source"),
        first_date=_text(_member(root, "first_date"), "first_date"),
        last_date=_text(_member(root, "last_date"), "last_date"),
        open_time=_text(_member(root, "open"), "open"),
        close_time=_text(_member(root, "close"), "close"),
        holidays=tuple(day for year, entry in years.items() for day in _holidays(year, entry)),
        early_closes={
            day: at for year, entry in years.items() for day, at in _early_closes(year, entry)
        },
    )


def _holidays(year: str, entry: Mapping[str, object]) -> list[str]:
    field = f"years.{year}.holidays"
    days = _member(entry, "holidays")
    if not isinstance(days, list):
        raise _malformed(field, "a list")
    return [f"{year}-{_text(day, field)}" for day in days]


def _early_closes(year: str, entry: Mapping[str, object]) -> list[tuple[str, str]]:
    field = f"years.{year}.early_closes"
    closes = _mapping(_member(entry, "early_closes"), f"session_table.{field}")
    return [(f"{year}-{day}", _text(at, field)) for day, at in closes.items()]


def _member(entry: Mapping[str, object], name: str) -> object:
    if name not in entry:
        raise _malformed(name, "there")
    return entry[name]


def _mapping(value: object, field: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InvalidInput(field, "must be an object; regenerate the table")
    return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise _malformed(name, "text")
    return value


def _malformed(name: str, wanted: str) -> InvalidInput:
    return InvalidInput(f"session_table.{name}", f"must be {wanted}; regenerate the table")
