"""issue-statements: computes a month's commissions, and issues what is final and complete."""

from __future__ import annotations

import argparse

from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.domain.months import as_month
from shared.domain.report_requests import REPORTS_TOPIC, monthly_report_request
from shared.use_cases.issue_statements import StatementPorts, issue_statements
from shared.use_cases.roll_up_month import MonthPorts, roll_up_month


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the month."""
    parser.add_argument("--month", required=True, help="month, YYYY-MM")


def run(given: argparse.Namespace) -> None:
    """Roll the month up from its days as they are, and issue what can be.

    Raises:
        SpreadPilotError: It was not done, or not wholly; doing it again is safe.
    """
    services = Services()
    month = as_month(given.month, field="--month")
    rolled_up = roll_up_month(MonthPorts.of(services), month=month)
    issued = issue_statements(StatementPorts.of(services), month=month)
    if issued.issued:
        services.publisher.publish(REPORTS_TOPIC, monthly_report_request(month))
    log_event(
        "statements_issued",
        month=month,
        finality=rolled_up.finality,
        issued=issued.issued,
        held=[f"{who}: {reason}" for who, reason in issued.held],
        adjusted=issued.adjusted,
        unchanged=issued.unchanged,
    )
