"""SendGrid's signed events: whose they are, what they say, and how they travel on.

A batch is a JSON array. Each event carries the custom arguments of its mail as members of its own
(ours is `outbox_id`), and it may come twice, late and before an earlier one.
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sendgrid.helpers.eventwebhook import EventWebhook

from shared.adapters.pubsub_data import JsonObject
from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.outbox import (
    LONGEST_REASON,
    MailEvent,
    MailEventKind,
    recipient_key,
    without_addresses,
)

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

# SendGrid posts a batch when it holds 768 kilobytes, or every 30 seconds:
# https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook
LARGEST_BODY_BYTES = 1024 * 1024

EVENTS_PER_MESSAGE = 100
"""A message of that many stays below half a megabyte; Pub/Sub takes ten."""

_KINDS = frozenset(kind.value for kind in MailEventKind)
_LONGEST_TIMESTAMP = 12
_LONGEST_ID = 200
_LAST_SECOND = 253_402_300_799
# It becomes a document's id: no slash, nothing that Firestore keeps for itself.
_OUTBOX_ID = r"^[A-Za-z0-9][^/\x00-\x1f]{0,399}$"


class EventRefusal(StrEnum):
    """Why a batch is not taken."""

    UNSIGNED = "unsigned"
    FORGED = "forged"
    STALE = "stale"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadEvents:
    """What a batch held.

    Attributes:
        events: Those about our mail, in their order.
        ignored: How many were of other mail, or of a kind that tells nothing of delivery.
        unreadable: How many were of our mail but could not be read.
    """

    events: tuple[MailEvent, ...]
    ignored: int
    unreadable: int


class _Event(BaseModel):
    """An event as SendGrid writes it; it holds more than we read."""

    model_config = ConfigDict(frozen=True)

    outbox_id: str = Field(pattern=_OUTBOX_ID)
    event: MailEventKind
    email: str = Field(min_length=1)
    timestamp: int = Field(ge=0, le=_LAST_SECOND)
    sg_event_id: str = ""
    sg_message_id: str = ""
    reason: str = ""

    def value(self) -> MailEvent:
        """Read it as an event of ours, without the address."""
        # The mail's X-Message-Id stands before the first dot:
        # https://github.com/sendgrid/sendgrid-nodejs/issues/412
        message_id = self.sg_message_id.partition(".")[0][:_LONGEST_ID]
        return MailEvent(
            outbox_id=self.outbox_id,
            event_id=self.sg_event_id[:_LONGEST_ID] or f"{self.event}-{self.timestamp}",
            kind=self.event,
            recipient=recipient_key(self.email),
            occurred_at=datetime.fromtimestamp(self.timestamp, tz=UTC),
            message_id=message_id,
            reason=without_addresses(self.reason)[:LONGEST_REASON],
        )


class _Passed(BaseModel):
    """An event as it travels through Pub/Sub."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outbox_id: str = Field(pattern=_OUTBOX_ID)
    event_id: str
    kind: MailEventKind
    recipient: str
    occurred_at: datetime
    message_id: str
    reason: str


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    events: tuple[_Passed, ...]


def refusal_of(
    body: bytes,
    *,
    signature: str,
    timestamp: str,
    public_key: str,
    now: datetime,
    oldest: timedelta,
) -> EventRefusal | None:
    """Judge a batch by its signature, before anything in it is read.

    ECDSA on P-256 with SHA-256 over the timestamp and the body's bytes as they came.
    https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features

    Args:
        body: The bytes as they came.
        signature: Of `SIGNATURE_HEADER`; empty where there is none.
        timestamp: Of `TIMESTAMP_HEADER`; empty where there is none.
        public_key: The verification key as SendGrid shows it, base64 without PEM lines.
        now: Machine time (UTC).
        oldest: How far the timestamp may lie from `now`, before or after.

    Returns:
        Why the batch is not taken; None where it is SendGrid's and fresh.

    Raises:
        AdapterError: The key is none.
    """
    if not signature or not _is_timestamp(timestamp):
        return EventRefusal.UNSIGNED
    if not _is_signed(body, signature, timestamp, public_key):
        return EventRefusal.FORGED
    if abs(now - datetime.fromtimestamp(int(timestamp), tz=UTC)) > oldest:
        return EventRefusal.STALE
    return None


def read_events(body: bytes) -> ReadEvents:
    """Read a batch.

    Raises:
        InvalidInput: It is no JSON array. What it holds stays out of the message.
    """
    try:
        entries: object = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput("events", "are no JSON") from None
    if not isinstance(entries, list):
        raise InvalidInput("events", "are no JSON array")
    ours = [entry for entry in entries if _is_of_our_mail(entry)]
    read = [event for event in map(_read, ours) if event is not None]
    return ReadEvents(
        events=tuple(read),
        ignored=len(entries) - len(ours),
        unreadable=len(ours) - len(read),
    )


def to_messages(events: Sequence[MailEvent]) -> Iterator[JsonObject]:
    """Write events as messages of bounded size."""
    for start in range(0, len(events), EVENTS_PER_MESSAGE):
        part = events[start : start + EVENTS_PER_MESSAGE]
        yield {"events": [_passed(event) for event in part]}


def from_message(data: JsonObject) -> tuple[MailEvent, ...]:
    """Read a message of `to_messages`.

    Raises:
        InvalidInput: It is none, naming the first field at fault.
    """
    try:
        message = _Message.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "data"
        raise InvalidInput(field, first["msg"]) from None
    return tuple(MailEvent(**dict(event)) for event in message.events)


def _is_timestamp(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_TIMESTAMP


def _is_signed(body: bytes, signature: str, timestamp: str, public_key: str) -> bool:
    webhook = _webhook(public_key)
    try:
        # The library encodes the text again: the very bytes that came.
        return bool(webhook.verify_signature(body.decode("utf-8"), signature, timestamp))
    except ValueError:
        # No UTF-8, or a signature that is no base64.
        return False


def _webhook(public_key: str) -> EventWebhook:
    try:
        webhook = EventWebhook(public_key.strip())
        if isinstance(webhook.public_key, EllipticCurvePublicKey):
            return webhook
    except (ValueError, UnsupportedAlgorithm):
        # The library's words would quote the key.
        pass
    raise AdapterError(
        "sendgrid",
        "the key of signed events is none; store the verification key that SendGrid shows",
        retryable=False,
    )


def _is_of_our_mail(entry: object) -> bool:
    return isinstance(entry, dict) and "outbox_id" in entry and entry.get("event") in _KINDS


def _read(entry: object) -> MailEvent | None:
    try:
        return _Event.model_validate(entry).value()
    except ValidationError:
        return None


def _passed(event: MailEvent) -> JsonObject:
    return {
        "outbox_id": event.outbox_id,
        "event_id": event.event_id,
        "kind": event.kind.value,
        "recipient": event.recipient,
        "occurred_at": event.occurred_at.isoformat(),
        "message_id": event.message_id,
        "reason": event.reason,
    }
