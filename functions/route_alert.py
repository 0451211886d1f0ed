"""route_alert: records an alert and tells people of it."""

from __future__ import annotations

import functions_framework
from flask import Request, Response

from functions.push import answer_push
from shared.adapters.alert_message import from_message
from shared.adapters.json_log import log_event
from shared.adapters.pubsub_envelope import PushMessage
from shared.bootstrap import Services
from shared.config import MessageSettings
from shared.use_cases.route_alert import Routing, RoutingPorts
from shared.use_cases.route_alert import route_alert as route

services = Services(MessageSettings)


@functions_framework.http
def route_alert(request: Request) -> Response:
    """Answer the push of an alert; delivered again where nobody could be told."""
    return answer_push(request, _work)


def _work(message: PushMessage) -> None:
    alert = from_message(message.data)
    outcome = route(
        alert,
        # Without a count of deliveries every one may be a repeat: better told twice than never.
        redelivered=message.delivery_attempt != 1,
        ports=RoutingPorts(
            clock=services.clock,
            log=services.alerts,
            deliveries=services.alert_deliveries,
            settings=services.settings_book,
            messenger=services.messenger,
            mailer=services.mailer,
            dashboard_url=services.settings(MessageSettings).dashboard_base_url,
        ),
    )
    severity = "ERROR" if outcome is Routing.NOBODY_TO_TELL else "INFO"
    log_event("alert_routed", severity=severity, alert_key=alert.key, outcome=outcome)
