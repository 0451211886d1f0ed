"""Alerts on the wire: the JSON that travels on the topic `alerts`.

| key | value |
|---|---|
| type | `alert` |
| alert_type | one of the catalog |
| subject, message, session_date, traceparent | text |
| raised_at | ISO instant with its offset |
| follower_id | text or null |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from shared.domain.alerts import Alert, AlertType
from shared.domain.errors import InvalidInput
from shared.domain.sessions import as_session_date


def to_message(alert: Alert) -> dict[str, object]:
    """Write an alert as a message."""
    return {
        "type": "alert",
        "alert_type": str(alert.alert_type),
        "subject": alert.subject,
        "message": alert.message,
        "session_date": alert.session_date,
        "raised_at": alert.raised_at.astimezone(UTC).isoformat(),
        "follower_id": alert.follower_id,
        "traceparent": alert.traceparent,
    }


def from_message(data: Mapping[str, object]) -> Alert:
    """Read an alert from a message.

    Raises:
        InvalidInput: Naming the field that is missing or wrong.
    """
    return Alert(
        alert_type=_alert_type(_text(data, "alert_type")),
        subject=_text(data, "subject"),
        message=_text(data, "message"),
        session_date=as_session_date(_text(data, "session_date")),
        raised_at=_instant(_text(data, "raised_at")),
        follower_id=_optional_text(data, "follower_id"),
        traceparent=_optional_text(data, "traceparent") or "",
    )


def _alert_type(text: str) -> AlertType:
    try:
        return AlertType(text)
    except ValueError:
        raise InvalidInput("alert_type", f"{text!r} is not in the catalog of alerts") from None


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("raised_at", f"{text!r} is not an ISO instant") from None
    if at.tzinfo is None:
        raise InvalidInput("raised_at", f"{text!r} has no offset; instants are aware UTC")
    return at.astimezone(UTC)


def _text(data: Mapping[str, object], field: str) -> str:
    value = data.get(field)
    if not isinstance(value, str) or not value:
        raise InvalidInput(field, f"must be text, not {value!r}")
    return value


def _optional_text(data: Mapping[str, object], field: str) -> str | None:
    value = data.get(field)
    if value is None or isinstance(value, str):
        return value or None
    raise InvalidInput(field, f"must be text or null, not {value!r}")
