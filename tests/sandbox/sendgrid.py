"""A stand-in for SendGrid v3: `POST /v3/mail/send`, strictly, and its signed events.

- `GET /_sandbox/messages` lists what was accepted: `[{"message_id", "body"}]`, oldest first.
- `POST /_sandbox/faults` `{"fault": "lost_answer"}` accepts the next mail and breaks the connection
  before the answer; `{"fault": "slow_answer", "seconds": 2}` accepts it and answers late.
- `POST /_sandbox/events` posts a signed batch about accepted mail; see `sendgrid_events`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import time
from collections import deque
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.control import Control, Failure, Json, bearer_token
from tests.sandbox.sendgrid_events import EventPoster, EventSigner, Message
from tests.sandbox.sendgrid_faults import LostAnswer, Unbindable, gone
from tests.sandbox.sendgrid_validation import faults_in

SANDBOX_API_KEYS = frozenset({"SG.sandbox"})
# "The total size of your email, including attachments, must be less than 30MB."
# https://www.twilio.com/docs/sendgrid/api-reference/mail-send#limitations
MOST_BYTES = 30 * 1024 * 1024
_RATE_LIMIT = 600
_FAILED = {500: "Internal server error", 503: "Service unavailable"}


class _SendGrid:
    def __init__(
        self,
        api_keys: frozenset[str],
        verified_domains: frozenset[str],
        most_bytes: int,
        unix_time: Callable[[], float],
        signer: EventSigner,
        on_accepted: Callable[[Message], None],
    ) -> None:
        self._api_keys = api_keys
        self._verified_domains = verified_domains
        self._most_bytes = most_bytes
        self._unix_time = unix_time
        self._signer = signer
        self._on_accepted = on_accepted
        self._messages: list[Message] = []
        self._delays: deque[float | None] = deque()
        self.control = Control(self._forget)
        self.poster = EventPoster(signer, self._messages)

    def _forget(self) -> None:
        self._messages.clear()
        self._delays.clear()

    async def fault(self, request: Request) -> Response:
        asked = await request.json()
        delays: dict[str, float | None] = {
            "lost_answer": None,
            "slow_answer": float(asked.get("seconds", 1)),
        }
        self._delays.extend([delays[asked["fault"]]] * int(asked.get("times", 1)))
        return Response(status_code=204)

    async def send(self, request: Request) -> Response:
        if bearer_token(request) not in self._api_keys:
            return error(401, "The provided authorization grant is invalid, expired, or revoked")
        if request.headers.get("content-type") != "application/json":
            return error(415, "Content-Type should be application/json.")
        raw = await request.body()
        if len(raw) >= self._most_bytes:
            return error(413, "Payload Too Large")
        try:
            body: Json = json.loads(raw)
            faults = faults_in(body)
        except (ValueError, Unbindable):
            return error(400, "Bad Request")
        if faults:
            return JSONResponse({"errors": faults}, status_code=400)
        return await self._answered(request, self._accepted(body))

    async def _answered(self, request: Request, answer: Response) -> Response:
        """Answer late or never, as it was told; whoever has gone is waited for no longer."""
        if answer.status_code != 202 or not self._delays:
            return answer
        delay = self._delays.popleft()
        if delay is None:
            return LostAnswer()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(gone(request), delay)
        return answer

    def _accepted(self, body: Json) -> Response:
        if not isinstance(body, dict) or not isinstance(body["from"], dict):
            raise TypeError("an unvalidated mail")
        if str(body["from"]["email"]).rpartition("@")[2] not in self._verified_domains:
            return error(
                403,
                "The from address does not match a verified Sender Identity. Mail cannot be sent "
                "until this error is resolved. Visit "
                "https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see "
                "the Sender Identity requirements",
                "from",
            )
        settings = body.get("mail_settings")
        if isinstance(settings, dict) and settings.get("sandbox_mode") == {"enable": True}:
            return Response(status_code=200)
        digest = hashlib.sha256(f"sendgrid message {len(self._messages)}".encode()).digest()
        message_id = base64.urlsafe_b64encode(digest).decode()[:22]
        message: Message = {"message_id": message_id, "body": body}
        self._messages.append(message)
        self._on_accepted(message)
        return Response(status_code=202, headers={"X-Message-Id": message_id})

    async def public_key(self, request: Request) -> Response:
        if bearer_token(request) not in self._api_keys:
            return error(401, "The provided authorization grant is invalid, expired, or revoked")
        return JSONResponse({"public_key": self._signer.public_key})

    async def messages(self, _request: Request) -> Response:
        return JSONResponse(self._messages)

    def failed(self, failure: Failure) -> Response:
        if failure.status != 429:
            return error(failure.status, _FAILED.get(failure.status, "Error"))
        answer = error(429, "too many requests")
        answer.headers["X-RateLimit-Limit"] = str(_RATE_LIMIT)
        answer.headers["X-RateLimit-Remaining"] = "0"
        reset_at = int(self._unix_time()) + failure.retry_after_seconds
        answer.headers["X-RateLimit-Reset"] = str(reset_at)
        return answer


def create_app(
    *,
    api_keys: frozenset[str] = SANDBOX_API_KEYS,
    verified_domains: frozenset[str] = frozenset({"spreadpilot.example"}),
    most_bytes: int = MOST_BYTES,
    unix_time: Callable[[], float] = time.time,
    signer: EventSigner | None = None,
    on_accepted: Callable[[Message], None] = lambda _message: None,
) -> Starlette:
    """The stand-in.

    `unix_time` (machine time) dates the end of a rate limit; `signer` signs the events;
    `on_accepted` is told of every mail before its answer goes out.
    """
    service = _SendGrid(
        api_keys, verified_domains, most_bytes, unix_time, signer or EventSigner(), on_accepted
    )
    send = service.control.guarded(service.send, service.failed)
    return Starlette(
        routes=[
            Route("/v3/mail/send", send, methods=["POST"]),
            Route("/v3/user/webhooks/event/settings/signed", service.public_key, methods=["GET"]),
            Route("/_sandbox/messages", service.messages, methods=["GET"]),
            Route("/_sandbox/faults", service.fault, methods=["POST"]),
            Route("/_sandbox/events", service.poster.post, methods=["POST"]),
            *service.control.routes(),
        ],
        exception_handlers={404: _not_found, 405: _method_not_allowed},
    )


def error(status: int, message: str, field: str | None = None) -> Response:
    """An error array of one entry."""
    return JSONResponse(
        {"errors": [{"message": message, "field": field, "help": None}]}, status_code=status
    )


async def _not_found(_request: Request, _error: Exception) -> Response:
    return error(404, "Not Found")


async def _method_not_allowed(_request: Request, _error: Exception) -> Response:
    return error(405, "POST method allowed only")
