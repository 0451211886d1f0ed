"""mark_pnl: marks everybody's profit and loss, ticked each minute, two marks a tick."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from functions.push import answer_push
from shared.adapters.json_log import log_event
from shared.adapters.pubsub_envelope import PushMessage
from shared.bootstrap import Services
from shared.use_cases.mark_pnl import MarkingPorts
from shared.use_cases.mark_pnl import mark_pnl as mark

services = Services()


@functions_framework.http
def mark_pnl(request: Request) -> Response:
    """Answer the scheduler's push; outside sessions, and on repeats, nothing is written."""
    return answer_push(request, _work)


def _work(message: PushMessage) -> None:
    slots = mark(
        MarkingPorts(
            clock=services.clock,
            table=services.session_table,
            boards=services.boards,
            quotes=services.quotes,
            marks=services.marks,
            settings=services.settings_book,
            alarm=services.alarm,
        )
    )
    log_event("pnl_marked", slots=list(slots), message_id=message.message_id)
