"""ingest_signal: reads the leader's signal, every minute from 09:27 to 09:40 New York."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from functions.push import answer_push
from shared.adapters.json_log import log_event
from shared.adapters.pubsub_envelope import PushMessage
from shared.bootstrap import Services
from shared.config import SheetSettings
from shared.use_cases.ingest_signal import IngestionPorts
from shared.use_cases.ingest_signal import ingest_signal as ingest

services = Services(SheetSettings)


@functions_framework.http
def ingest_signal(request: Request) -> Response:
    """Answer the scheduler's push; outside the hours of polling nothing is read."""
    return answer_push(request, _work)


def _work(message: PushMessage) -> None:
    outcome = ingest(
        IngestionPorts(
            clock=services.clock,
            session_table=services.session_table,
            sessions=services.sessions,
            followers=services.followers,
            settings_book=services.settings_book,
            sheet=services.sheet,
            signals=services.signals,
            orders=services.orders,
            publisher=services.publisher,
            orders_topic=services.settings(SheetSettings).orders_topic,
            alarm=services.alarm,
        )
    )
    log_event("signal_ingestion", outcome=outcome, message_id=message.message_id)
