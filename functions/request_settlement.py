"""request_settlement: starts the settlement job at 07:30 and 08:00 New York on sessions."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from functions.push import answer_push
from shared.adapters.json_log import log_event
from shared.adapters.pubsub_envelope import PushMessage
from shared.bootstrap import Services
from shared.config import JobSettings
from shared.use_cases.request_settlement import request_settlement as request_job

services = Services(JobSettings)


@functions_framework.http
def request_settlement(request: Request) -> Response:
    """Answer the scheduler's push; a repeat starts a job that finds its work done."""
    return answer_push(request, _work)


def _work(message: PushMessage) -> None:
    operation = request_job(
        job=services.settings(JobSettings).settlement_job, runner=services.job_runner
    )
    log_event("settlement_job_started", operation=operation, message_id=message.message_id)
