"""Mark everybody's profit and loss, twice a minute while the session lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.domain.alerts import Alert, AlertType
from shared.domain.boards import BoardLine
from shared.domain.figures_text import counted
from shared.domain.marks import SLOT_SECONDS, Mark, book_total, make_marks, slot_of
from shared.domain.sessions import Session, SessionTable, session_date_at
from shared.ports.alarm import Alarm
from shared.ports.boards import BoardReader
from shared.ports.clock import Clock
from shared.ports.marks import Marks
from shared.ports.quotes import QuoteReader
from shared.ports.settings_book import SettingsBook

_SLOTS_PER_MINUTE = 60 // SLOT_SECONDS
_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkingPorts:
    """What marking reads and writes."""

    clock: Clock
    table: SessionTable
    boards: BoardReader
    quotes: QuoteReader
    marks: Marks
    settings: SettingsBook
    alarm: Alarm


@dataclass(frozen=True, kw_only=True, slots=True)
class _Marked:
    """A slot that was marked.

    Attributes:
        marks: Its documents.
        uncounted: Followers of whom nobody knows what they carried in.
    """

    marks: tuple[Mark, ...]
    uncounted: frozenset[str]


def mark_pnl(ports: MarkingPorts) -> tuple[int, ...]:
    """Mark the half-minute of now, wait for the other one of this minute, mark that too.

    - A slot is marked once, whoever comes first; a repeat or an overlap finds it done.
    - A slot that has passed is never marked afterwards: it stays a gap, told at the roll-up.
    - An entry is the day's result: what was carried in counts from the end before.
    - A follower with an open leg that has no two-sided quote is listed, never guessed; so is one
      of whom the board says that nobody knows what he carried in.
    - Old quotes are used, and flagged; these faults raise MARKET_DATA_STALE once a session.

    Returns:
        The slots marked by this call; empty outside a session.

    Raises:
        AdapterError: The database or the topic failed; the tick is to be delivered again.
    """
    now = ports.clock.now()
    session = ports.table.session_on(session_date_at(now))
    if session is None:
        return ()
    due = frozenset(session.mark_slots())
    marked: list[_Marked] = []
    for slot in _rest_of_minute(now):
        if slot not in due:
            continue
        ports.clock.sleep_until(datetime.fromtimestamp(slot * SLOT_SECONDS, tz=UTC))
        done = _mark_slot(ports, session, slot)
        if done is not None:
            marked.append(done)
    _warn(ports, marked)
    return tuple(done.marks[0].slot for done in marked)


def _rest_of_minute(now: datetime) -> range:
    first = slot_of(now)
    return range(first, first - first % _SLOTS_PER_MINUTE + _SLOTS_PER_MINUTE)


def _mark_slot(ports: MarkingPorts, session: Session, slot: int) -> _Marked | None:
    now = ports.clock.now()
    if slot_of(now) != slot:
        return None
    lines = ports.boards.lines(session.session_date)
    open_keys = sorted({leg.contract_key for line in lines for leg in line.legs if leg.quantity})
    marks = make_marks(
        session_date=session.session_date,
        slot=slot,
        now=now,
        lines=lines,
        quotes=ports.quotes.read(open_keys) if open_keys else {},
        stale_seconds=ports.settings.trading().mark_stale_seconds,
    )
    if not ports.marks.write(marks, total=book_total(marks)):
        return None
    return _Marked(marks=marks, uncounted=_uncounted(lines))


def _uncounted(lines: Sequence[BoardLine]) -> frozenset[str]:
    return frozenset(line.follower_id for line in lines if not line.is_carried_known)


def _warn(ports: MarkingPorts, marked: list[_Marked]) -> None:
    for done in marked:
        if said := _faults_of(done):
            ports.alarm.raise_alert(_stale_alert(done.marks[0], said))
            return


def _faults_of(done: _Marked) -> list[str]:
    """Say what is wrong with a slot's marks; empty where nothing is."""
    stale = sorted({key for one in done.marks for key, used in one.quotes.items() if used.stale})
    unmarked = {follower for mark in done.marks for follower in mark.unmarked}
    unquoted = sorted(unmarked - done.uncounted)
    said = []
    if stale:
        said.append(f"The last quotes of {_some(stale)} are old; the marks use and flag them.")
    if unquoted:
        said.append(
            f"{counted(len(unquoted), 'follower')} cannot be marked for want of a two-sided quote:"
            f" {_some(unquoted)}."
        )
    if stale or unquoted:
        said.append("Check the gateway's market data: connection, farm and subscription.")
    if done.uncounted:
        said.append(
            f"{counted(len(done.uncounted), 'follower')} cannot be marked because a day before was"
            f" not rolled up: {_some(sorted(done.uncounted))}. Roll it up (roll_up_day)."
        )
    return said


def _stale_alert(mark: Mark, said: list[str]) -> Alert:
    return Alert(
        alert_type=AlertType.MARKET_DATA_STALE,
        subject="marks",
        message=" ".join(said),
        session_date=mark.session_date,
        raised_at=mark.marked_at,
    )


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
