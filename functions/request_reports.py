"""request_reports: starts the reports job for what a message asks for."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from functions.push import answer_push
from shared.adapters.json_log import log_event
from shared.adapters.pubsub_envelope import PushMessage
from shared.bootstrap import Services
from shared.config import JobSettings
from shared.use_cases.request_reports import request_reports as request_job

services = Services(JobSettings)


@functions_framework.http
def request_reports(request: Request) -> Response:
    """Answer the push of a request; a repeat starts a job that finds its work done."""
    return answer_push(request, _work)


def _work(message: PushMessage) -> None:
    operation = request_job(
        data=message.data,
        job=services.settings(JobSettings).reports_job,
        runner=services.job_runner,
        tasks=services.settings(JobSettings).report_tasks,
    )
    log_event("report_job_started", operation=operation, message_id=message.message_id)
