"""Sessions from a table of holidays and early closes, for a simulator that runs for weeks.

The table is JSON: ``open`` and ``close`` in New York time, and per year ``holidays`` (MM-DD) and
``early_closes`` (MM-DD: time). Every other weekday is a session.
"""

import json
from datetime import date, time
from pathlib import Path

from gateway.simulator.config import ConfigError, Json, SessionHours
from gateway.simulator.hours import new_york, weekdays_from


def sessions_between(path: Path, first: date, last: date) -> tuple[SessionHours, ...]:
    """Return the sessions from one date to another, both included.

    Raises:
        ConfigError: The table cannot be used, lacks a year, or has no session in the range.
        OSError: The table cannot be read.
    """
    table = _object(_loaded(path), str(path))
    opens, closes = _time(path, table.get("open")), _time(path, table.get("close"))
    years = _object(table.get("years"), f"years of {path}")
    sessions: list[SessionHours] = []
    for day in weekdays_from(first):
        if day > last:
            break
        year = _object(years.get(str(day.year)), f"year {day.year} of {path}")
        key = f"{day:%m-%d}"
        if key in _list(year.get("holidays"), f"holidays of {day.year} in {path}"):
            continue
        early = _object(year.get("early_closes"), f"early_closes of {day.year} in {path}")
        close = _time(path, early[key]) if key in early else closes
        sessions.append(SessionHours(open_at=new_york(day, opens), close_at=new_york(day, close)))
    if not sessions:
        raise ConfigError(f"{path} has no session from {first} to {last}; choose other dates")
    return tuple(sessions)


def _loaded(path: Path) -> Json:
    try:
        document: Json = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error
    return document


def _object(value: Json, name: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise ConfigError(f"{name} must be a JSON object")
    return value


def _list(value: Json, name: str) -> list[Json]:
    if not isinstance(value, list):
        raise ConfigError(f"{name} must be a list")
    return value


def _time(path: Path, value: Json) -> time:
    try:
        return time.fromisoformat(str(value))
    except ValueError as error:
        raise ConfigError(f"{path}: {value!r} is not a time; write it as 09:30") from error
