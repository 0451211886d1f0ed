"""Roll a session up: everybody's day from fills and marks, the gaps, and the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from shared.domain.alerts import Alert, AlertType
from shared.domain.daily_pnl import DailyPnl
from shared.domain.day_books import (
    Discrepancy,
)
from shared.domain.figures_text import counted, new_york_clock
from shared.domain.marks import SLOT_SECONDS
from shared.domain.report_requests import REPORTS_TOPIC, report_request
from shared.domain.session_record import Finality, SessionRecord
from shared.domain.sessions import Session, SessionTable, session_date_at
from shared.ports.alarm import Alarm
from shared.ports.boards import BoardReader
from shared.ports.clock import Clock
from shared.ports.daily_pnl import DailyPnlBook
from shared.ports.fills import FillReader
from shared.ports.marks import Marks
from shared.ports.orders import PlannedOrders
from shared.ports.positions import PositionReader
from shared.ports.publisher import Publisher
from shared.ports.sessions import Sessions
from shared.ports.terms import TermsBook
from shared.use_cases.compute_days import compute_days


class _RollUpSource(Protocol):
    """Whatever carries the adapters that rolling up needs, under these names."""

    @property
    def clock(self) -> Clock: ...

    @property
    def session_table(self) -> SessionTable: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def boards(self) -> BoardReader: ...

    @property
    def orders(self) -> PlannedOrders: ...

    @property
    def positions(self) -> PositionReader: ...

    @property
    def fills(self) -> FillReader: ...

    @property
    def marks(self) -> Marks: ...

    @property
    def terms(self) -> TermsBook: ...

    @property
    def daily_pnl(self) -> DailyPnlBook: ...

    @property
    def alarm(self) -> Alarm: ...

    @property
    def publisher(self) -> Publisher: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class RollUpPorts:
    """What rolling up reads and writes."""

    clock: Clock
    table: SessionTable
    sessions: Sessions
    boards: BoardReader
    orders: PlannedOrders
    positions: PositionReader
    fills: FillReader
    marks: Marks
    terms: TermsBook
    daily_pnl: DailyPnlBook
    alarm: Alarm
    publisher: Publisher

    @classmethod
    def of(cls, source: _RollUpSource) -> RollUpPorts:
        """Take the ports from whatever carries them."""
        return cls(
            clock=source.clock,
            table=source.session_table,
            sessions=source.sessions,
            boards=source.boards,
            orders=source.orders,
            positions=source.positions,
            fills=source.fills,
            marks=source.marks,
            terms=source.terms,
            daily_pnl=source.daily_pnl,
            alarm=source.alarm,
            publisher=source.publisher,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class DayRolledUp:
    """What a roll-up did.

    Attributes:
        session_date: Which session; empty where there was nothing to roll up.
        followers: Days in the books now.
        written: Days that were new or changed.
        gaps: Due marks that are missing.
        discrepancies: What does not add up; for the log.
    """

    session_date: str = ""
    followers: int = 0
    written: int = 0
    gaps: int = 0
    discrepancies: tuple[Discrepancy, ...] = ()


def roll_up_day(
    ports: RollUpPorts, *, session_date: str | None = None, settled: bool = False
) -> DayRolledUp:
    """Roll one session up, once it has closed.

    - Everyone who had anything gets a day: an order, a board line, a fill, a position or a mark.
    - Realized and fees come from fills, unrealized from the last quotes the marks used, the
      curve from the marks.
    - A day counts from its end before: what was carried into it belongs to the days before.
    - A day whose figures have not changed, or that is final, is left as it is: a repeat writes
      nothing.
    - Due slots without a mark are noted as gaps and raise MARKS_MISSING.
    - At the end the daily summary is asked for.

    Args:
        ports: What it takes.
        session_date: ISO date, today's in New York by default; a date without a session, or
            with one that is not over, does nothing.
        settled: True where the broker's statement agrees: the days are final, whatever stood
            there before.

    Raises:
        InvalidInput: The date is malformed or outside the session table.
        AdapterError: The database or a topic failed; nothing is lost by doing it again.
    """
    now = ports.clock.now()
    session = ports.table.session_on(session_date or session_date_at(now))
    if session is None or now < session.close_at:
        return DayRolledUp()
    record = ports.sessions.read(session.session_date)
    finality = Finality.FINAL if settled else _finality_of(record)
    computed = compute_days(ports, session, finality=finality, now=now)
    days = computed.days
    changed = _changed(
        days, ports.daily_pnl.of_session(session.session_date), keeps_final=not settled
    )
    if changed:
        ports.daily_pnl.write(changed)
    gaps = _note_gaps(ports, session, computed.marked_slots, now)
    ports.publisher.publish(REPORTS_TOPIC, report_request(session.session_date))
    return DayRolledUp(
        session_date=session.session_date,
        followers=len(days),
        written=len(changed),
        gaps=len(gaps),
        discrepancies=computed.discrepancies,
    )


def _finality_of(record: SessionRecord | None) -> Finality:
    return record.finality if record else Finality.PROVISIONAL


def _changed(
    days: Sequence[DailyPnl], stored: Iterable[DailyPnl], *, keeps_final: bool
) -> list[DailyPnl]:
    before = {day.follower_id: day for day in stored}
    return [
        day for day in days if _differs(day, before.get(day.follower_id), keeps_final=keeps_final)
    ]


def _differs(day: DailyPnl, before: DailyPnl | None, *, keeps_final: bool) -> bool:
    if before is None:
        return True
    if keeps_final and before.finality is Finality.FINAL is day.finality:
        return False
    return replace(day, rolled_up_at=before.rolled_up_at) != before


def _note_gaps(
    ports: RollUpPorts, session: Session, marked: frozenset[int], now: datetime
) -> tuple[int, ...]:
    due = session.mark_slots()
    # Nobody may have opened the session; its document then has to be made now.
    ports.sessions.open(
        SessionRecord(
            session_date=session.session_date, open_at=session.open_at, close_at=session.close_at
        )
    )
    gaps = tuple(slot for slot in due if slot not in marked)
    ports.sessions.note_gaps(session.session_date, gaps)
    if gaps:
        ports.alarm.raise_alert(_gap_alert(session, gaps, len(due), now))
    return gaps


def _gap_alert(session: Session, gaps: Sequence[int], due: int, now: datetime) -> Alert:
    first, last = _slot_clock(gaps[0]), _slot_clock(gaps[-1])
    return Alert(
        alert_type=AlertType.MARKS_MISSING,
        subject="marks",
        message=(
            f"{counted(len(gaps), 'mark')} of {due} missing, the first at {first},"
            f" the last at {last} New York. The day's high, low and drawdown may be wider than"
            " shown; its result is not touched. Look for failures of mark_pnl at that time."
        ),
        session_date=session.session_date,
        raised_at=now,
    )


def _slot_clock(slot: int) -> str:
    return new_york_clock(datetime.fromtimestamp(slot * SLOT_SECONDS, tz=UTC), seconds=True)
