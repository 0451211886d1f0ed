"""How every function answers a Pub/Sub push.

2xx acknowledges; anything else is delivered again and, after some attempts, dead-lettered. A
message nobody can read would only come back, so it is logged once and acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Request, Response

from shared.adapters.json_log import log_error, log_event
from shared.adapters.pubsub_envelope import BadEnvelope, PushMessage, parse_push
from shared.domain.errors import AdapterError, InvalidInput


def answer_push(request: Request, work: Callable[[PushMessage], None]) -> Response:
    """Parse the envelope, do the work once, and say whether it is done.

    Args:
        request: The push.
        work: Idempotent; raises AdapterError where the outside world failed.
    """
    message = parse_push(request.get_data(cache=False))
    if isinstance(message, BadEnvelope):
        log_event("push_unreadable", severity="ERROR", reason=message.reason)
        return Response(status=204)
    try:
        work(message)
    except InvalidInput as error:
        log_error("push_refused", error, message_id=message.message_id)
        return Response(status=204)
    except AdapterError as error:
        log_error("push_failed", error, message_id=message.message_id)
        return Response(status=503)
    except Exception as error:
        log_error("push_failed", error, message_id=message.message_id)
        raise
    return Response(status=204)
