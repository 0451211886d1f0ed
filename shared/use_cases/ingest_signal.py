"""Reading the leader's signal: each minute from 09:27 to 09:40 New York, on sessions.

A tick reads the sheet once a second, for 50 s at most, until today's row is decided:

- complete and lawful: recorded as the session's signal, and everybody's order is planned;
- faulty: told, cell by cell; nothing is planned, and a later tick may find it mended;
- not there or not finished: looked for again, until the tick of 09:40 calls it missing.

Once a signal is recorded, a tick reads once and compares. The same row is verified (the gateway
releases nothing that was not seen shortly before the open) and planned again, which repairs a
crash between recording and planning. A row that was edited or is gone withdraws the signal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.errors import AdapterError, Conflict
from shared.domain.leader_sheet import SheetFault, SheetRow, read_rows
from shared.domain.sessions import SessionTable, at_new_york, session_date_at
from shared.domain.signal_alerts import SheetAlerts
from shared.domain.signal_row import Accepted, Incomplete, Invalid
from shared.domain.signals import Signal, SignalState
from shared.domain.todays_signal import (
    Missing,
    changes_since,
    find_todays_signal,
    unreadable_dates,
)
from shared.domain.trading_settings import TradingSettings
from shared.ports.alarm import Alarm
from shared.ports.clock import Clock
from shared.ports.followers import Followers
from shared.ports.orders import PlannedOrders
from shared.ports.publisher import Publisher
from shared.ports.sessions import Sessions
from shared.ports.settings_book import SettingsBook
from shared.ports.sheet import LeaderSheet
from shared.ports.signals import Signals
from shared.use_cases.open_session import open_session
from shared.use_cases.plan_orders import plan_orders
from shared.use_cases.poll_sheet import SheetReading, poll_sheet

POLLED_FROM = "09:27"
"""New York time of the first tick."""
_POLLED_FOR = timedelta(seconds=50)
_ONE_TICK = timedelta(minutes=1)
_LAST_LOOK = timedelta(seconds=10)
"""How late the tick that ends the polling may still take a row: the seconds between the end of
the reads of the tick before and its own first read."""


class Ingestion(StrEnum):
    """What a tick came to."""

    NOT_DUE = "not_due"
    PLANNED = "planned"
    VERIFIED = "verified"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    INVALID = "invalid"
    UNDECIDED = "undecided"
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True, slots=True)
class IngestionPorts:
    """Everything a signal is read with and planned with."""

    clock: Clock
    session_table: SessionTable
    sessions: Sessions
    followers: Followers
    settings_book: SettingsBook
    sheet: LeaderSheet
    signals: Signals
    orders: PlannedOrders
    publisher: Publisher
    orders_topic: str
    alarm: Alarm


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tick:
    """One tick of a session that is due."""

    session_date: str
    settings: TradingSettings
    ports: IngestionPorts

    @property
    def alerts(self) -> SheetAlerts:
        return SheetAlerts(
            session_date=self.session_date,
            at=self.ports.clock.now(),
            poll_until=self.settings.poll_until,
            entry_cutoff=self.settings.entry_cutoff,
        )

    @property
    def poll_until(self) -> datetime:
        return at_new_york(self.session_date, self.settings.poll_until)

    def active_signal(self) -> Signal | None:
        return self.ports.signals.active(self.session_date, self.settings.ticker)

    def plan(self, signal: Signal) -> None:
        plan_orders(
            signal,
            clock=self.ports.clock,
            followers=self.ports.followers,
            settings_book=self.ports.settings_book,
            orders=self.ports.orders,
            publisher=self.ports.publisher,
            orders_topic=self.ports.orders_topic,
        )


def ingest_signal(ports: IngestionPorts) -> Ingestion:
    """Do one tick: read the sheet until today's row is decided, or for 50 s.

    Outside the hours of polling and on days without a session nothing is read.

    Raises:
        AdapterError: Database or Pub/Sub failed; the tick may be repeated.
    """
    started_at = ports.clock.now()
    tick = _Tick(
        session_date=session_date_at(started_at),
        settings=ports.settings_book.trading(),
        ports=ports,
    )
    if not _is_due(tick, started_at):
        return Ingestion.NOT_DUE
    open_session(
        clock=ports.clock,
        session_table=ports.session_table,
        sessions=ports.sessions,
        followers=ports.followers,
    )
    for answer in poll_sheet(clock=ports.clock, sheet=ports.sheet, until=started_at + _POLLED_FOR):
        outcome = _look(tick, answer)
        if outcome is not Ingestion.UNDECIDED:
            return outcome
    return Ingestion.UNDECIDED


def _is_due(tick: _Tick, now: datetime) -> bool:
    if not tick.ports.session_table.is_session(tick.session_date):
        return False
    polled_from = at_new_york(tick.session_date, POLLED_FROM)
    return polled_from <= now < tick.poll_until + _ONE_TICK


def _look(tick: _Tick, answer: SheetReading | AdapterError) -> Ingestion:
    signal = tick.active_signal()
    if isinstance(answer, AdapterError):
        return _tell_unreadable(tick, answer, signal)
    rows = read_rows(answer.table.values, tick.settings.sheet_preset)
    if signal is not None:
        return _compare(tick, signal, rows, answer.asked_at)
    return _decide(tick, rows, answer.asked_at)


def _decide(tick: _Tick, rows: tuple[SheetRow, ...] | SheetFault, asked_at: datetime) -> Ingestion:
    """Take today's row, tell what is wrong with it, or leave it undecided."""
    if isinstance(rows, SheetFault):
        return _tell_invalid(tick, (rows,))
    verdict = find_todays_signal(
        rows,
        session_date=tick.session_date,
        settings=tick.settings,
        table=tick.ports.session_table,
    )
    match verdict:
        case Invalid(faults=faults):
            return _tell_invalid(tick, faults)
        case Accepted() if asked_at < tick.poll_until + _LAST_LOOK:
            return _record(tick, verdict, rows, asked_at)
        case _ if asked_at < tick.poll_until:
            return Ingestion.UNDECIDED
        case _:
            return _give_up(tick, verdict, rows)


def _record(
    tick: _Tick, accepted: Accepted, rows: tuple[SheetRow, ...], asked_at: datetime
) -> Ingestion:
    signal = accepted.signal(number=1, read_at=asked_at)
    if _is_recorded_now(tick, signal):
        tick.plan(signal)
        return Ingestion.PLANNED
    # An overlapping tick was faster, or a person has rejected the session's first signal.
    recorded = tick.active_signal()
    if recorded is None:
        return Ingestion.WITHDRAWN
    return _compare(tick, recorded, rows, asked_at)


def _is_recorded_now(tick: _Tick, signal: Signal) -> bool:
    try:
        return tick.ports.signals.record(signal)
    except Conflict:
        return False


def _compare(
    tick: _Tick, signal: Signal, rows: tuple[SheetRow, ...] | SheetFault, asked_at: datetime
) -> Ingestion:
    """Verify the recorded signal against the sheet, or withdraw it."""
    if signal.state is SignalState.REJECTED:
        return Ingestion.WITHDRAWN
    changes = changes_since(signal, rows)
    if changes:
        if signal.state is SignalState.ACTIVE:
            tick.ports.signals.mark_changed(signal.signal_id)
        tick.ports.alarm.raise_alert(tick.alerts.changed(signal, changes))
        return Ingestion.CHANGED
    if signal.state is SignalState.CHANGED:
        # Edited and put back: a person decides whether it stands.
        return Ingestion.WITHDRAWN
    tick.ports.signals.verify(signal.signal_id, asked_at)
    tick.plan(signal)
    return Ingestion.VERIFIED


def _give_up(
    tick: _Tick, verdict: Accepted | Incomplete | Missing, rows: tuple[SheetRow, ...]
) -> Ingestion:
    """Tell that no signal came in time, or the dates that could not be read instead."""
    unreadable = unreadable_dates(rows)
    if unreadable and not isinstance(verdict, Accepted):
        return _tell_invalid(tick, unreadable)
    tick.ports.alarm.raise_alert(tick.alerts.missing(verdict))
    return Ingestion.MISSING


def _tell_invalid(tick: _Tick, faults: tuple[SheetFault, ...]) -> Ingestion:
    tick.ports.alarm.raise_alert(tick.alerts.invalid(faults))
    return Ingestion.INVALID


def _tell_unreadable(tick: _Tick, error: AdapterError, signal: Signal | None) -> Ingestion:
    """Tell that the sheet cannot be read, where that still matters.

    A quota is refilled within the minute, so that only the last tick tells of it. A signal that
    was seen shortly before the open needs no more reading.
    """
    is_last = tick.ports.clock.now() >= tick.poll_until
    waits_for_quota = error.retry_after_seconds is not None and not is_last
    if not waits_for_quota and not _is_seen(tick, signal):
        tick.ports.alarm.raise_alert(tick.alerts.unreadable(str(error), signal))
    return Ingestion.UNREADABLE


def _is_seen(tick: _Tick, signal: Signal | None) -> bool:
    if signal is None:
        return False
    seen_at = max(signal.read_at, signal.verified_at or signal.read_at)
    return seen_at >= at_new_york(tick.session_date, tick.settings.verified_after)
