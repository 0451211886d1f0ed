"""open_session: opens the session of the day at 09:00 New York."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from functions.push import answer_push
from shared.adapters.json_log import log_event
from shared.adapters.pubsub_envelope import PushMessage
from shared.bootstrap import Services
from shared.use_cases.open_session import open_session as open_todays_session

services = Services()


@functions_framework.http
def open_session(request: Request) -> Response:
    """Answer the scheduler's push; days without a session and repeats change nothing."""
    return answer_push(request, _work)


def _work(message: PushMessage) -> None:
    opened = open_todays_session(
        clock=services.clock,
        session_table=services.session_table,
        sessions=services.sessions,
        followers=services.followers,
    )
    log_event("session_opening", opened=opened, message_id=message.message_id)
