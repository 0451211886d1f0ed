"""roll_up_day: rolls the session up at 16:30 New York, or any session a message names."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from functions.push import answer_push
from shared.adapters.json_log import log_event
from shared.adapters.pubsub_envelope import PushMessage
from shared.bootstrap import Services
from shared.domain.errors import InvalidInput
from shared.use_cases.roll_up_day import RollUpPorts
from shared.use_cases.roll_up_day import roll_up_day as roll_up

services = Services()


@functions_framework.http
def roll_up_day(request: Request) -> Response:
    """Answer the scheduler's push; a session that is not over is left alone."""
    return answer_push(request, _work)


def _work(message: PushMessage) -> None:
    session_date = message.data.get("session_date")
    if session_date is not None and not isinstance(session_date, str):
        raise InvalidInput("session_date", f"must be text, not {session_date!r}")
    done = roll_up(RollUpPorts.of(services), session_date=session_date)
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
