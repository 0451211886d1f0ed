"""request_mail: starts the mail job for what a message asks for."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from functions.push import answer_push
from shared.adapters.json_log import log_event
from shared.adapters.pubsub_envelope import PushMessage
from shared.bootstrap import Services
from shared.config import JobSettings
from shared.use_cases.request_mail import request_mail as request_job

services = Services(JobSettings)


@functions_framework.http
def request_mail(request: Request) -> Response:
    """Answer the push of a request; a repeat starts a job that finds its mails sent."""
    return answer_push(request, _work)


def _work(message: PushMessage) -> None:
    operation = request_job(
        data=message.data,
        job=services.settings(JobSettings).mail_job,
        runner=services.job_runner,
    )
    log_event("mail_job_started", operation=operation, message_id=message.message_id)
