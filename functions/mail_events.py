"""mail_events: takes SendGrid's signed events. Public; it only publishes, to its own topic.

SendGrid posts a batch again, for a day, until it is answered 2xx, so that is said only once every
event lies in Pub/Sub. Nothing of a batch is logged: it holds addresses.
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook
"""

from __future__ import annotations

from datetime import timedelta

import functions_framework
from flask import Request, Response

from shared.adapters.json_log import log_error, log_event
from shared.adapters.machine_time import machine_now
from shared.adapters.sendgrid_events import (
    LARGEST_BODY_BYTES,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    EventRefusal,
    read_events,
    refusal_of,
    to_messages,
)
from shared.bootstrap import Services
from shared.config import MailEventSettings
from shared.domain.errors import AdapterError, InvalidInput

services = Services(MailEventSettings)


@functions_framework.http
def mail_events(request: Request) -> Response:
    """Answer a batch of events."""
    if request.method != "POST":
        return Response(status=405, headers={"Allow": "POST"})
    if request.content_length is None:
        return Response(status=411)
    if request.content_length > LARGEST_BODY_BYTES:
        return Response(status=413)
    body = request.get_data(cache=False)
    try:
        return _refused(request, body) or _published(body)
    except InvalidInput as error:
        log_error("mail_events_unreadable", error)
        return Response(status=400)
    except AdapterError as error:
        log_error("mail_events_failed", error)
        return Response(status=503)


def _refused(request: Request, body: bytes) -> Response | None:
    settings = services.settings(MailEventSettings)
    refusal = refusal_of(
        body,
        signature=request.headers.get(SIGNATURE_HEADER, ""),
        timestamp=request.headers.get(TIMESTAMP_HEADER, ""),
        public_key=services.secrets.read(settings.mail_events_secret),
        now=machine_now(),
        oldest=timedelta(minutes=settings.mail_events_minutes),
    )
    if refusal is None:
        return None
    log_event("mail_events_refused", severity="WARNING", reason=refusal)
    return Response(status=401 if refusal is EventRefusal.UNSIGNED else 403)


def _published(body: bytes) -> Response:
    batch = read_events(body)
    for message in to_messages(batch.events):
        services.publisher.publish(services.settings(MailEventSettings).mail_events_topic, message)
    log_event(
        "mail_events_published",
        severity="ERROR" if batch.unreadable else "INFO",
        events=len(batch.events),
        ignored=batch.ignored,
        unreadable=batch.unreadable,
    )
    return Response(status=204)
