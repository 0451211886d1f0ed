"""What a conformance row of SendGrid's is made of."""

from __future__ import annotations

from tests.sandbox.conformance import Row
from tests.sandbox.control import Json

ERRORS = "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors"
# Records SendGrid's answers as tests, body for body.
RECORDED = "https://github.com/yKanazawa/sendgrid-dev/blob/master/main_test.go"
_HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#"
AUTHORIZED = {"Authorization": "Bearer SG.sandbox"}
MAIL: dict[str, Json] = {
    "personalizations": [{"to": [{"email": "to@example.com"}]}],
    "from": {"email": "reports@spreadpilot.example"},
    "subject": "Subject",
    "content": [{"type": "text/plain", "value": "Content"}],
}


def without(name: str) -> Json:
    return {key: value for key, value in MAIL.items() if key != name}


def refusal(message: str, field: str | None, anchor: str | None) -> Json:
    return {
        "errors": [
            {
                "message": message,
                "field": field,
                "help": None if anchor is None else _HELP + anchor,
            }
        ]
    }


def row(
    name: str, json: Json, answer: Json = None, status: int = 400, source: str = RECORDED
) -> Row:
    return Row(
        name=name,
        request="POST /v3/mail/send",
        headers=AUTHORIZED,
        json=json,
        status=status,
        answer=answer,
        source=source,
    )


def content(*blocks: tuple[str, str]) -> Json:
    return {**MAIL, "content": [{"type": kind, "value": value} for kind, value in blocks]}


def attachment(content: str, **more: str) -> Json:
    return {**MAIL, "attachments": [{"content": content, "filename": "a.txt", **more}]}


def to(*recipients: Json, **more: Json) -> Json:
    return {**MAIL, "personalizations": [{"to": list(recipients), **more}]}


UNBINDABLE = refusal("Bad Request", None, None)
