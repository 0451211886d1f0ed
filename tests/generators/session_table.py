"""Write shared/session_table.json from exchange_calendars, or check it date by date.

python -m tests.generators.session_table            write the table
python -m tests.generators.session_table --check    exit 1 and list the dates that differ
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from shared.domain.errors import InvalidInput
from shared.domain.sessions import NEW_YORK, Session, SessionDate, SessionTable

TABLE_PATH = Path(__file__).resolve().parents[2] / "shared" / "session_table.json"
FIRST_DATE = date(2013, 1, 1)
LAST_DATE = date(2031, 12, 31)
OPEN_TIME = "09:30"
CLOSE_TIME = "16:00"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExchangeSchedule:
    """What exchange_calendars says: its version, and the session of every trading date."""

    version: str
    sessions: Mapping[str, Session]


def read_exchange_schedule() -> ExchangeSchedule:
    """Ask exchange_calendars for XNYS; far holidays come from its rules."""
    # Imported here: it brings pandas, which nothing else needs.
    import exchange_calendars

    calendar = exchange_calendars.get_calendar(
        "XNYS", start=FIRST_DATE.isoformat(), end=LAST_DATE.isoformat()
    )
    sessions = {
        row.Index.date().isoformat(): Session(
            session_date=SessionDate(row.Index.date().isoformat()),
            open_at=row.open.to_pydatetime().astimezone(UTC),
            close_at=row.close.to_pydatetime().astimezone(UTC),
        )
        for row in calendar.schedule.itertuples()
    }
    return ExchangeSchedule(version=exchange_calendars.__version__, sessions=sessions)


def render(schedule: ExchangeSchedule) -> str:
    """Write the table: one line per list, keys in order, so that a change reads as a diff."""
    years = [
        f'    "{year}": {{\n'
        f'      "holidays": {json.dumps(_holidays(year, schedule))},\n'
        f'      "early_closes": {json.dumps(_early_closes(year, schedule))}\n'
        "    }"
        for year in range(FIRST_DATE.year, LAST_DATE.year + 1)
    ]
    head = {
        "source": f"generated from exchange_calendars XNYS {schedule.version}",
        "first_date": FIRST_DATE.isoformat(),
        "last_date": LAST_DATE.isoformat(),
        "open": OPEN_TIME,
        "close": CLOSE_TIME,
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    return "\n".join(["{", *lines, '  "years": {', ",\n".join(years), "  }", "}", ""])


def differences(table: SessionTable, sessions: Mapping[str, Session]) -> list[str]:
    """Compare every date; one line per date whose open or close differs."""
    return [
        f"{day}: the table says {_shown(ours)}, XNYS {_shown(theirs)}"
        for day in _dates(FIRST_DATE, LAST_DATE)
        for ours, theirs in [(_session_or_none(table, day), sessions.get(day))]
        if ours != theirs
    ]


def main(arguments: Sequence[str]) -> int:
    """Write or check; the exit code is 1 where the check found a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args(arguments)
    schedule = read_exchange_schedule()
    if not options.check:
        TABLE_PATH.write_text(render(schedule), encoding="utf-8")
        return 0
    table = SessionTable.from_json(TABLE_PATH.read_text(encoding="utf-8"))
    differing = differences(table, schedule.sessions)
    sys.stdout.writelines(f"{line}\n" for line in differing)
    return 1 if differing else 0


def _session_or_none(table: SessionTable, day: str) -> Session | None:
    try:
        return table.session_on(day)
    except InvalidInput:
        return None


def _holidays(year: int, schedule: ExchangeSchedule) -> list[str]:
    return [
        day[5:]
        for day in _dates(date(year, 1, 1), date(year, 12, 31))
        if date.fromisoformat(day).isoweekday() <= 5 and day not in schedule.sessions
    ]


def _early_closes(year: int, schedule: ExchangeSchedule) -> dict[str, str]:
    return {
        day[5:]: _new_york_time(session.close_at)
        for day, session in sorted(schedule.sessions.items())
        if day.startswith(f"{year}-") and _new_york_time(session.close_at) != CLOSE_TIME
    }


def _new_york_time(instant: datetime) -> str:
    return instant.astimezone(NEW_YORK).strftime("%H:%M")


def _shown(session: Session | None) -> str:
    if session is None:
        return "no session"
    return f"{_new_york_time(session.open_at)} to {_new_york_time(session.close_at)}"


def _dates(first: date, last: date) -> Iterator[str]:
    for offset in range((last - first).days + 1):
        yield (first + timedelta(days=offset)).isoformat()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
