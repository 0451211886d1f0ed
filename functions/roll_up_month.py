"""roll_up_month: the month before, at 00:10 New York on the 1st, or any month a message names."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from functions.push import answer_push
from shared.adapters.json_log import log_event
from shared.adapters.pubsub_envelope import PushMessage
from shared.bootstrap import Services
from shared.domain.errors import InvalidInput
from shared.use_cases.issue_statements import StatementPorts, issue_statements
from shared.use_cases.roll_up_month import MonthPorts
from shared.use_cases.roll_up_month import roll_up_month as roll_up

services = Services()


@functions_framework.http
def roll_up_month(request: Request) -> Response:
    """Answer the scheduler's push; a repeat finds the month done."""
    return answer_push(request, _work)


def _work(message: PushMessage) -> None:
    month = message.data.get("month")
    if month is not None and not isinstance(month, str):
        raise InvalidInput("month", f"must be text, not {month!r}")
    done = roll_up(MonthPorts.of(services), month=month)
    statements = issue_statements(StatementPorts.of(services), month=done.month)
    log_event(
        "month_rolled_up",
        month=done.month,
        finality=done.finality,
        followers=done.followers,
        written=done.written,
        waits_for=len(done.waits_for),
        issued=statements.issued,
        held=len(statements.held),
    )
