"""record_mail: records what became of our mail; ticked, it looks for mail nobody heard of."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from functions.push import answer_push
from shared.adapters.json_log import log_event
from shared.adapters.pubsub_envelope import PushMessage
from shared.adapters.sendgrid_events import from_message
from shared.bootstrap import Services
from shared.use_cases.record_mail_event import MailEventPorts, record_mail_event
from shared.use_cases.tell_unresolved_mail import tell_unresolved_mail

services = Services()


@functions_framework.http
def record_mail(request: Request) -> Response:
    """Answer the push of events, or the scheduler's empty one; repeats change nothing."""
    return answer_push(request, _work)


def _work(message: PushMessage) -> None:
    ports = MailEventPorts(clock=services.clock, outbox=services.outbox, alarm=services.alarm)
    if not message.data:
        told = tell_unresolved_mail(ports)
        log_event("mail_swept", severity="WARNING" if told else "INFO", outbox_ids=list(told))
        return
    events = from_message(message.data)
    rows = [record_mail_event(event, ports) for event in events]
    log_event(
        "mail_events_recorded",
        events=len(events),
        without_row=rows.count(None),
        message_id=message.message_id,
    )
