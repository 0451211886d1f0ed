"""roll-up: rolls a session or a month up again, by hand or after figures were put right."""

from __future__ import annotations

import argparse

from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.domain.months import as_month
from shared.domain.sessions import as_session_date
from shared.use_cases.roll_up_day import RollUpPorts, roll_up_day
from shared.use_cases.roll_up_month import MonthPorts, roll_up_month


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name a session or a month."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--date", help="session, YYYY-MM-DD; today's in New York by default")
    which.add_argument("--month", help="month, YYYY-MM, from the days as they are")


def run(given: argparse.Namespace) -> None:
    """Roll up what was named.

    Raises:
        SpreadPilotError: It was not rolled up, or not wholly; doing it again is safe.
    """
    services = Services()
    if given.month is not None:
        _month(services, as_month(given.month, field="--month"))
        return
    date = None if given.date is None else as_session_date(given.date, field="--date")
    done = roll_up_day(RollUpPorts.of(services), session_date=date)
    for one in done.discrepancies:
        log_event(
            "pnl_discrepancy",
            severity="WARNING",
            session_date=done.session_date,
            follower_id=one.follower_id,
            words=one.words,
        )
    log_event(
        "day_rolled_up",
        session_date=done.session_date,
        followers=done.followers,
        written=done.written,
        gaps=done.gaps,
    )


def _month(services: Services, month: str) -> None:
    done = roll_up_month(MonthPorts.of(services), month=month)
    log_event(
        "month_rolled_up",
        month=done.month,
        finality=done.finality,
        followers=done.followers,
        written=done.written,
        waits_for=list(done.waits_for),
    )
