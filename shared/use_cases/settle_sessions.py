"""Settle sessions: match the broker's statements, make final what agrees, then the months."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.alerts import Alert, AlertType
from shared.domain.months import Month, month_of, next_month, previous_month
from shared.domain.report_requests import REPORTS_TOPIC, monthly_report_request
from shared.domain.session_record import Finality, SessionRecord
from shared.domain.sessions import Session, session_date_at
from shared.domain.settlement import final_by
from shared.ports.reports import Reports
from shared.use_cases.issue_statements import StatementPorts, StatementsIssued, issue_statements
from shared.use_cases.match_session import MatchPorts, SessionMatched, match_session
from shared.use_cases.roll_up_day import RollUpPorts, roll_up_day
from shared.use_cases.roll_up_month import MonthPorts, MonthRolledUp, roll_up_month

SESSIONS_BACK = 15
"""How many sessions are looked at: three weeks, within which a mismatch is to be cleared up."""
_MOST_NAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlePorts:
    """What settling takes."""

    matching: MatchPorts
    days: RollUpPorts
    months: MonthPorts
    statements: StatementPorts
    reports: Reports


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What settling did.

    Attributes:
        final: Sessions that became final, oldest first.
        waiting: Sessions that stay provisional, with what they wait for.
        months: Months that were rolled up, and what was issued of each.
    """

    final: tuple[str, ...]
    waiting: tuple[SessionMatched, ...]
    months: tuple[tuple[MonthRolledUp, StatementsIssued], ...]


def settle_sessions(ports: SettlePorts) -> Settled:
    """Settle every session of the last weeks that is over and still provisional, oldest first.

    - A session is final when the broker's statements and the next morning's sweep agree with the
      books, every fill has its fee, and whatever was carried into it comes from a final one.
    - It is then rolled up again, as final, and so is its month; when all sessions of a month are
      final its statements are issued and its reports asked for.
    - What is not final by 08:00 New York on the second business day raises ROLLUP_NOT_FINAL.
    - A session that ends with a corrected fill is rolled up again either way.

    Raises:
        AdapterError: The database or a topic failed; doing it again goes on where it stopped.
    """
    final: list[str] = []
    waiting: list[SessionMatched] = []
    for session in _candidates(ports):
        matched = match_session(ports.matching, session)
        matched = _after_carried(ports, matched, {one.session_date for one in waiting})
        _conclude(ports, session, matched)
        if matched.waits_for:
            waiting.append(matched)
        else:
            final.append(session.session_date)
    return Settled(final=tuple(final), waiting=tuple(waiting), months=_months(ports, final))


def _candidates(ports: SettlePorts) -> list[Session]:
    """Sessions that are over and not final; what nobody opened and nothing filled in is none."""
    table, now = ports.matching.table, ports.matching.clock.now()
    found: list[Session] = []
    date = session_date_at(now)
    for _ in range(SESSIONS_BACK):
        session = table.previous_session(date)
        date = session.session_date
        record = ports.days.sessions.read(date)
        if record is None:
            if not ports.matching.fills.of_session(date):
                continue
            ports.days.sessions.open(_record_of(session))
        elif record.finality is Finality.FINAL:
            continue
        found.append(session)
    return found[::-1]


def _record_of(session: Session) -> SessionRecord:
    return SessionRecord(
        session_date=session.session_date, open_at=session.open_at, close_at=session.close_at
    )


def _after_carried(
    ports: SettlePorts, matched: SessionMatched, provisional: set[str]
) -> SessionMatched:
    """A day counts from the end of the day before: what was carried must come from final days."""
    date = matched.session_date
    carried = ports.matching.positions.carried_into(date) if provisional else ()
    through = sorted(
        {day for one in carried for day in provisional if one.session_date <= day < date}
    )
    if not through:
        return matched
    words = f"positions were carried through {', '.join(through)}, which is provisional"
    return replace(matched, waits_for=(*matched.waits_for, words))


def _conclude(ports: SettlePorts, session: Session, matched: SessionMatched) -> None:
    date, now = session.session_date, ports.matching.clock.now()
    if not matched.waits_for:
        # The days first: a session that says it is final is never looked at again.
        roll_up_day(ports.days, session_date=date, settled=True)
        ports.days.sessions.make_final(date, now)
        return
    ports.days.sessions.note_waiting(date, matched.waits_for)
    if matched.corrected:
        roll_up_day(ports.days, session_date=date)
    if now >= final_by(date, ports.matching.table):
        ports.matching.alarm.raise_alert(_not_final(matched, now))


def _not_final(matched: SessionMatched, now: datetime) -> Alert:
    more = len(matched.waits_for) - _MOST_NAMED
    return Alert(
        alert_type=AlertType.ROLLUP_NOT_FINAL,
        subject=matched.session_date,
        message=(
            f"The figures of {matched.session_date} are still provisional, and its month cannot"
            f" be billed: {'; '.join(matched.waits_for[:_MOST_NAMED])}"
            f"{f'; and {more} more' if more > 0 else ''}."
        ),
        session_date=matched.session_date,
        raised_at=now,
    )


def _months(
    ports: SettlePorts, final: list[str]
) -> tuple[tuple[MonthRolledUp, StatementsIssued], ...]:
    """Roll up every month from the one before, or from the first that has changed."""
    current = month_of(session_date_at(ports.months.clock.now()))
    month = min(month_of(date) for date in [*final, previous_month(current)])
    done = []
    while month <= current:
        rolled_up = roll_up_month(ports.months, month=month)
        done.append((rolled_up, issue_statements(ports.statements, month=month)))
        if rolled_up.finality is Finality.FINAL:
            _ask_for_reports(ports, month)
        month = next_month(month)
    return tuple(done)


def _ask_for_reports(ports: SettlePorts, month: Month) -> None:
    """Ask where an issued statement is not in its report yet; nothing else would."""
    shown = {one.statement_number for one in ports.reports.of_period(month)}
    issued = {one.number for one in ports.statements.statements.of_month(month) if one.number}
    if issued - shown:
        ports.days.publisher.publish(REPORTS_TOPIC, monthly_report_request(month))
