"""send-commission-mail: mails followers what is payable and was not sent, admins in copy."""

from __future__ import annotations

import argparse

from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.config import MessageSettings
from shared.domain.errors import AdapterError
from shared.use_cases.send_commission_mail import CommissionMailPorts, send_commission_mail


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take no arguments: what is payable is found in the database."""


def run(_given: argparse.Namespace) -> None:
    """Mail what was not mailed yet.

    Raises:
        SpreadPilotError: Somebody could not be mailed; alerts name him, and doing it again sends
            nothing twice.
    """
    services = Services(MessageSettings)
    sent = send_commission_mail(
        CommissionMailPorts(
            clock=services.clock,
            statements=services.statements,
            payees=services.payees,
            billing=services.billing,
            settings=services.settings_book,
            mail_texts=services.mail_texts,
            mail=services.mail,
            alarm=services.alarm,
            contact=services.settings(MessageSettings).mail_from,
        )
    )
    log_event(
        "commission_mail_sent",
        sent=sent.sent,
        statements=sent.statements,
        unconfirmed=sent.unconfirmed,
        failed=len(sent.failed),
    )
    if sent.failed:
        who, why = sent.failed[0]
        raise AdapterError(
            "mail", f"{len(sent.failed)} not mailed, the first {who}: {why}", retryable=True
        )
