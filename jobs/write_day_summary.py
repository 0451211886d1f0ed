"""write-day-summary: writes the daily summary of a session and mails the admins a link to it."""

from __future__ import annotations

import argparse

from jobs.link_terms import link_terms
from shared.adapters.day_summary_pdf import PdfDaySummary
from shared.adapters.day_summary_xlsx import XlsxDaySummary
from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.config import MessageSettings, ReportSettings
from shared.domain.alerts import Alert, AlertType
from shared.domain.errors import InvalidInput, SpreadPilotError
from shared.domain.reports import daily_report_id
from shared.domain.sessions import as_session_date, session_date_at
from shared.use_cases.write_day_summary import SummaryPorts, write_day_summary


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the session."""
    parser.add_argument("--date", help="session, YYYY-MM-DD; today's in New York by default")


def run(given: argparse.Namespace) -> None:
    """Write a session's summary.

    Raises:
        SpreadPilotError: It was not written, or somebody could not be mailed; an alert says so,
            and doing it again is safe.
    """
    named = None if given.date is None else as_session_date(given.date, field="--date")
    services = Services(ReportSettings, MessageSettings)
    date = named or session_date_at(services.clock.now())
    try:
        written = write_day_summary(_ports(services), session_date=date)
    except InvalidInput:
        raise
    except SpreadPilotError as error:
        _alert(services, date, error)
        raise
    if written.report is None:
        log_event("day_summary_without_session", session_date=date)
        return
    log_event(
        "day_summary_written",
        report_id=written.report.report_id,
        figures_sha256=written.report.figures_sha256,
        mailed=written.mailed,
        unconfirmed=written.unconfirmed,
    )


def _ports(services: Services) -> SummaryPorts:
    return SummaryPorts(
        table=services.session_table,
        sessions=services.sessions,
        daily_pnl=services.daily_pnl,
        orders=services.orders,
        followers=services.followers,
        alerts=services.alerts,
        settings=services.settings_book,
        renderers=(PdfDaySummary(), XlsxDaySummary()),
        files=services.files,
        reports=services.reports,
        mail_texts=services.mail_texts,
        mail=services.mail,
        links=link_terms(services),
    )


def _alert(services: Services, session_date: str, error: SpreadPilotError) -> None:
    services.alarm.raise_alert(
        Alert(
            alert_type=AlertType.REPORT_FAILED,
            subject=daily_report_id(session_date),
            message=f"The daily summary is not complete: {error}. The job is tried again; if that"
            " fails too, run write-day-summary for this date by hand.",
            session_date=session_date,
            raised_at=services.clock.now(),
        )
    )
