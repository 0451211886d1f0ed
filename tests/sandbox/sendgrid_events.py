"""SendGrid's Event Webhook: signed batches about mail that was accepted.

`POST /_sandbox/events` posts one batch and answers `{"status": 204}`, the webhook's status:

    {"url": "http://127.0.0.1:8080/", "outbox_id": "...", "events": ["processed", "delivered"]}

Further members, all optional: `email` (whose events; the recipient's), `reason` (of a bounce or
drop), `copies` (2: every event twice, with the same id), `reversed` (latest first), `others` (that
many events of mail of somebody else's, in front), `signature` ("wrong" or "none"), `age_seconds`
(how old the signature is), `unix_time` (when the first event happened).

| what | source |
|---|---|
| one line of JSON that ends with CR LF | RECORDED |
| array of events, their members, custom arguments beside them | EVENTS |
| ECDSA over timestamp and body, base64, two headers | SIGNED |
| key as base64 of its DER, without PEM lines | `EventWebhook` of the sendgrid package |
| `sg_message_id` starts with the X-Message-Id and a dot | MESSAGE_IDS |
| events may come twice, told apart by `sg_event_id` | DUPLICATES |
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.sandbox.control import Json

EVENTS = "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event"
SIGNED = (
    "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/"
    "getting-started-event-webhook-security-features"
)
MESSAGE_IDS = "https://github.com/sendgrid/sendgrid-nodejs/issues/412"
DUPLICATES = "https://github.com/sendgrid/docs/pull/2120"
# A batch as SendGrid signed it, beside its key: the test of SendGrid's own library.
RECORDED = "https://github.com/sendgrid/sendgrid-python/blob/main/test/unit/test_eventwebhook.py"
_SECONDS = 30
# What each kind of event says beside the common members; the words are those of EVENTS.
_BESIDE: Mapping[str, Mapping[str, Json]] = {
    "processed": {},
    "deferred": {"response": "400 try again later", "attempt": "5"},
    "delivered": {"response": "250 OK"},
    "bounce": {"reason": "500 unknown recipient", "status": "5.0.0", "type": "bounce"},
    "dropped": {"reason": "Bounced Address", "status": "5.0.0"},
    "open": {"useragent": "Mozilla/4.0", "ip": "255.255.255.255"},
}
Message = dict[str, Json]


class EventSigner:
    """A throw-away key pair that signs batches as SendGrid does."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """The verification key as SendGrid shows it."""
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def headers(self, body: bytes, timestamp: int) -> dict[str, str]:
        """The headers that go with a body."""
        signature = self._key.sign(str(timestamp).encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "Content-Type": "application/json",
            "User-Agent": "SendGrid Event API",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": str(timestamp),
        }


def event(
    kind: str, *, email: str, at: int, message_id: str, args: Mapping[str, Json]
) -> dict[str, Json]:
    """One event; the custom arguments of its mail are members of it."""
    told = hashlib.sha256(f"{kind} {email} {at} {message_id}".encode()).digest()
    return {
        **args,
        "email": email,
        "timestamp": at,
        "smtp-id": f"<{message_id}@geopod-ismtpd-1>",
        "event": kind,
        "sg_event_id": base64.urlsafe_b64encode(told).decode()[:22],
        "sg_message_id": f"{message_id}.recvd-5f9ffdf494-9kc6l-1-673C6EB0-B.0",
        **_BESIDE[kind],
    }


class EventPoster:
    """Posts batches about accepted mail, as it is told."""

    def __init__(self, signer: EventSigner, messages: Sequence[Message]) -> None:
        self._signer = signer
        self._messages = messages

    async def post(self, request: Request) -> Response:
        """Post one batch."""
        asked = await request.json()
        message = self._message(asked["outbox_id"])
        if message is None:
            return JSONResponse({"error": "no such mail was accepted"}, status_code=404)
        return JSONResponse({"status": await self.tell(message, asked)})

    async def tell(self, message: Message, asked: Mapping[str, Json]) -> int:
        """Post one batch about a mail; the webhook's status."""
        body = json.dumps(_batch(asked, message), separators=(",", ":")).encode() + b"\r\n"
        return await asyncio.to_thread(self._posted, asked, body)

    def _posted(self, asked: Mapping[str, Json], body: bytes) -> int:
        timestamp = int(time.time()) - int(str(asked.get("age_seconds", 0)))
        headers = self._signer.headers(body, timestamp)
        match asked.get("signature"):
            case "wrong":
                headers = EventSigner().headers(body, timestamp)
            case "none":
                headers = {"Content-Type": "application/json"}
            case _:
                pass
        answer = requests.post(str(asked["url"]), data=body, headers=headers, timeout=_SECONDS)
        return answer.status_code

    def _message(self, outbox_id: str) -> Message | None:
        found = (one for one in self._messages if _arguments(one).get("outbox_id") == outbox_id)
        return next(found, None)


def _batch(asked: Mapping[str, Json], message: Message) -> list[Json]:
    events = list(_events(asked, message))
    if asked.get("reversed"):
        events.reverse()
    others: list[Json] = [
        event("processed", email=f"{n}@example.com", at=n, message_id=f"other-{n}", args={})
        for n in range(int(str(asked.get("others", 0))))
    ]
    return [*others, *events * int(str(asked.get("copies", 1)))]


def _events(asked: Mapping[str, Json], message: Message) -> Iterator[Json]:
    kinds = asked["events"]
    if not isinstance(kinds, list):
        raise TypeError("events is a list of kinds")
    first = int(str(asked.get("unix_time", int(time.time()))))
    for seconds, kind in enumerate(kinds):
        told = event(
            str(kind),
            email=str(asked.get("email", _recipient(message))),
            at=first + seconds,
            message_id=str(message["message_id"]),
            args=_arguments(message),
        )
        if "reason" in told and "reason" in asked:
            told["reason"] = asked["reason"]
        yield told


def _body(message: Message) -> Mapping[str, Json]:
    body = message["body"]
    return body if isinstance(body, dict) else {}


def _arguments(message: Message) -> Mapping[str, Json]:
    arguments = _body(message).get("custom_args")
    return arguments if isinstance(arguments, dict) else {}


def _recipient(message: Message) -> str:
    match _body(message)["personalizations"]:
        case [{"to": [{"email": str(email)}, *_]}, *_]:
            return email
        case _:
            raise TypeError("an unvalidated mail")
