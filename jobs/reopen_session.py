"""reopen-session: makes a final session provisional again, so that it is settled anew."""

from __future__ import annotations

import argparse

from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.domain.sessions import as_session_date


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the session, the reason and the person."""
    parser.add_argument("--date", required=True, help="session, YYYY-MM-DD")
    parser.add_argument("--reason", required=True, help="why its figures may be wrong")
    parser.add_argument("--by", required=True, help="your name")


def run(given: argparse.Namespace) -> None:
    """Reopen a session; settle-sessions then looks at it again.

    Statements that are issued stay; what changes becomes an adjustment on the next ones.

    Raises:
        SpreadPilotError: There is no such session, or the database failed.
    """
    date = as_session_date(given.date, field="--date")
    services = Services()
    services.sessions.reopen(date, f"reopened by {given.by}: {given.reason}")
    log_event(
        "session_reopened",
        severity="WARNING",
        session_date=date,
        reason=given.reason,
        by=given.by,
    )
