"""send-monthly-mail: mails followers a link to their issued reports of a month."""

from __future__ import annotations

import argparse

from jobs.link_terms import link_terms
from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.config import MessageSettings, ReportSettings
from shared.domain.errors import AdapterError
from shared.domain.months import as_month
from shared.use_cases.send_monthly_mail import MonthlyMailPorts, send_monthly_mail


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the month."""
    parser.add_argument("--month", required=True, help="month, YYYY-MM")


def run(given: argparse.Namespace) -> None:
    """Mail what was not mailed yet.

    Raises:
        SpreadPilotError: Somebody could not be mailed; alerts name him, and doing it again sends
            nothing twice.
    """
    services = Services(MessageSettings, ReportSettings)
    month = as_month(given.month, field="--month")
    sent = send_monthly_mail(_ports(services), month=month)
    log_event(
        "monthly_mail_sent",
        month=month,
        sent=sent.sent,
        already=sent.already,
        unconfirmed=sent.unconfirmed,
        quiet=sent.quiet,
        failed=len(sent.failed),
    )
    if sent.failed:
        who, why = sent.failed[0]
        raise AdapterError(
            "mail", f"{len(sent.failed)} not mailed, the first {who}: {why}", retryable=True
        )


def _ports(services: Services) -> MonthlyMailPorts:
    return MonthlyMailPorts(
        clock=services.clock,
        reports=services.reports,
        statements=services.statements,
        monthly_pnl=services.monthly_pnl,
        payees=services.payees,
        mail_texts=services.mail_texts,
        mail=services.mail,
        links=link_terms(services),
        alarm=services.alarm,
        contact=services.settings(MessageSettings).mail_from,
    )
