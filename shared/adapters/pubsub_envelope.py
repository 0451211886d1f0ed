"""The one parser of Pub/Sub push bodies; pure.

A push body wraps a message: `{"message": {"data": base64, "attributes": {...}, "messageId": ...,
"publishTime": ..., "orderingKey": ...}, "subscription": ..., "deliveryAttempt": n}`
(https://cloud.google.com/pubsub/docs/push#receive_push). The functions framework would drop the
subscription, the ordering key and the attempt.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.adapters.pubsub_data import JsonObject, decode_object

# Pub/Sub takes no larger message; ours are hundreds of bytes.
LARGEST_BODY_BYTES = 10_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class PushMessage:
    """One delivery of one message.

    Attributes:
        data: The JSON object that was published.
        attributes: Text values beside it.
        message_id: Pub/Sub's id; a publisher's retry has another one.
        subscription: Full name of the subscription that delivers it.
        delivery_attempt: Counts from 1; None where the subscription has no dead-letter topic.
        ordering_key: Empty where there is none.
        published_at: When Pub/Sub took it: machine time, aware UTC.
    """

    data: JsonObject
    attributes: Mapping[str, str]
    message_id: str
    subscription: str
    delivery_attempt: int | None
    ordering_key: str
    published_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BadEnvelope:
    """A body that no retry will make better: log the reason and acknowledge."""

    reason: str


class _Bad(Exception):
    """Carries the reason out of the steps below."""


def parse_push(body: bytes) -> PushMessage | BadEnvelope:
    """Read a push body. Never raises: what can not be read is answered with the reason."""
    if len(body) > LARGEST_BODY_BYTES:
        return BadEnvelope(reason=f"larger than {LARGEST_BODY_BYTES} bytes")
    envelope = decode_object(body)
    if envelope is None:
        return BadEnvelope(reason="not a JSON object")
    try:
        return _parse(envelope)
    except _Bad as bad:
        return BadEnvelope(reason=str(bad))


def _parse(envelope: JsonObject) -> PushMessage:
    message = envelope.get("message")
    if not isinstance(message, dict):
        raise _Bad("message is missing")
    return PushMessage(
        data=_data(message.get("data")),
        attributes=_attributes(message.get("attributes", {})),
        message_id=_text(message.get("messageId"), "messageId"),
        subscription=_text(envelope.get("subscription"), "subscription"),
        delivery_attempt=_attempt(envelope.get("deliveryAttempt")),
        ordering_key=_optional_text(message.get("orderingKey", ""), "orderingKey"),
        published_at=_instant(message.get("publishTime")),
    )


def _data(value: object) -> JsonObject:
    try:
        decoded = base64.b64decode(_text(value, "data"), validate=True)
    except (binascii.Error, ValueError):
        raise _Bad("data is not base64") from None
    data = decode_object(decoded)
    if data is None:
        raise _Bad("data is not a JSON object in UTF-8")
    return data


def _attributes(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _Bad("attributes is not an object")
    return {str(name): _optional_text(text, f"attribute {name}") for name, text in value.items()}


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise _Bad(f"{name} is missing or not a text")
    return value


def _optional_text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise _Bad(f"{name} is not a text")
    return value


def _attempt(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _Bad("deliveryAttempt is not a whole number from 1")
    return value


def _instant(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(_text(value, "publishTime"))
        if at.tzinfo is None:
            raise _Bad("publishTime has no time zone")
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Bad("publishTime is not an RFC 3339 instant") from None
