"""What SendGrid answers, row by row."""

from __future__ import annotations

from tests.sandbox.conformance import Row
from tests.sandbox.sendgrid_conformance_content import CONTENT
from tests.sandbox.sendgrid_rows import (
    AUTHORIZED,
    ERRORS,
    MAIL,
    RECORDED,
    UNBINDABLE,
    refusal,
    row,
    to,
    without,
)

CONFORMANCE: tuple[Row, ...] = (
    row("a mail is accepted", MAIL, status=202),
    row(
        "text and html, an attachment and custom arguments are accepted",
        {
            **MAIL,
            "content": [
                {"type": "text/plain", "value": "Content"},
                {"type": "text/html", "value": "<p>Content</p>"},
            ],
            "attachments": [{"content": "dGVzdA==", "type": "text/plain", "filename": "a.txt"}],
            "custom_args": {"outbox_id": "1"},
        },
        status=202,
    ),
    row(
        "sandbox mode validates only",
        {**MAIL, "mail_settings": {"sandbox_mode": {"enable": True}}},
        status=200,
        source=ERRORS,
    ),
    Row(
        name="no key",
        request="POST /v3/mail/send",
        json=MAIL,
        status=401,
        answer=refusal(
            "The provided authorization grant is invalid, expired, or revoked", None, None
        ),
        source="https://github.com/sendgrid/sendgrid-nodejs/issues/998",
    ),
    Row(
        name="another media type",
        request="POST /v3/mail/send",
        headers={**AUTHORIZED, "Content-Type": "text/plain"},
        body=b"{}",
        status=415,
        answer=refusal("Content-Type should be application/json.", None, None),
        source=RECORDED,
    ),
    Row(
        name="no JSON at all",
        request="POST /v3/mail/send",
        headers={**AUTHORIZED, "Content-Type": "application/json"},
        body=b"",
        status=400,
        answer=UNBINDABLE,
        source=RECORDED,
    ),
    Row(
        name="another method",
        request="GET /v3/mail/send",
        headers=AUTHORIZED,
        status=405,
        answer=refusal("POST method allowed only", None, None),
        source=RECORDED,
    ),
    row(
        "no personalizations",
        without("personalizations"),
        refusal(
            "The personalizations field is required and must have at least one personalization.",
            "personalizations",
            "-Personalizations-Errors",
        ),
    ),
    row(
        "a personalization without recipients",
        to(),
        refusal(
            "The to array is required for all personalization objects, and must have at least one "
            "email object with a valid email address.",
            "personalizations.0.to",
            "message.personalizations.to",
        ),
        source="https://github.com/sendgrid/sendgrid-nodejs/issues/1425",
    ),
    row(
        "a recipient without an address",
        to({"name": "Anna"}),
        refusal(
            "The to email parameter is required.",
            "personalizations.0.to.0.email",
            "message.personalizations.to",
        ),
        source="https://github.com/sendgrid/sendgrid-php/issues/972",
    ),
    row(
        "an address that is no string",
        to({"email": ["anna@example.com"]}),
        refusal(
            "Invalid type. Expected: string, given: array.",
            "personalizations.0.to.0.email",
            "message.personalizations.to",
        ),
        source="https://github.com/elbuo8/sendgrid-django/issues/64",
    ),
    row(
        "an address that is none",
        to({"email": "nobody"}),
        refusal(
            "Does not contain a valid address.",
            "personalizations.0.to.0.email",
            "message.personalizations.to",
        ),
        source=ERRORS,
    ),
    row(
        "copies to others",
        to({"email": "to@example.com"}, cc=[{"email": "ops@example.com", "name": "Desk"}]),
        status=202,
        source="https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send",
    ),
    row(
        "a copy to what is no address",
        to({"email": "to@example.com"}, cc=[{"email": "nobody"}]),
        refusal(
            "Does not contain a valid address.",
            "personalizations.0.cc.0.email",
            "message.personalizations.cc",
        ),
        source=ERRORS,
    ),
    row(
        "one address twice among the copies",
        to(
            {"email": "to@example.com"},
            cc=[{"email": "ops@example.com"}, {"email": "ops@example.com"}],
        ),
        {"errors": [{"field": "personalizations.0"}]},
        source="https://support.sendgrid.com/hc/en-us/articles/34677918767131",
    ),
    row(
        "one address twice",
        to({"email": "to@example.com"}, cc=[{"email": "To@example.com"}]),
        {
            "errors": [
                {
                    "message": "Each email address in the personalization block should be unique "
                    "between to, cc, and bcc. We found the first duplicate instance of "
                    "[to@example.com] in the personalizations.0.cc field.",
                    "field": "personalizations.0",
                }
            ]
        },
        source="https://support.sendgrid.com/hc/en-us/articles/34677918767131",
    ),
    row(
        "no sender",
        without("from"),
        refusal(
            "The from object must be provided for every email send. It is an object that requires "
            "the email parameter, but may also contain a name parameter.  e.g. "
            '{"email" : "example@example.com"}  or '
            '{"email" : "example@example.com", "name" : "Example Recipient"}.',
            "from.email",
            "message.from",
        ),
    ),
    row(
        "a sender nobody verified",
        {**MAIL, "from": {"email": "me@elsewhere.example"}},
        refusal(
            "The from address does not match a verified Sender Identity. Mail cannot be sent until "
            "this error is resolved. Visit "
            "https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the "
            "Sender Identity requirements",
            "from",
            None,
        ),
        status=403,
        source="https://github.com/christianblais/triggerify/pull/99",
    ),
    row(
        "no subject",
        without("subject"),
        refusal(
            "The subject is required. You can get around this requirement if you use a template "
            "with a subject defined or if every personalization has a subject defined.",
            "subject",
            "message.subject",
        ),
    ),
    *CONTENT,
    Row(
        name="the key that events are signed with",
        request="GET /v3/user/webhooks/event/settings/signed",
        headers=AUTHORIZED,
        status=200,
        # Every public key on P-256 starts so in base64: the header of its DER.
        text='"public_key":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE',
        source="https://www.twilio.com/docs/sendgrid/api-reference/webhooks/"
        "get-signed-event-webhooks-public-key",
    ),
    Row(
        name="that key for nobody in particular",
        request="GET /v3/user/webhooks/event/settings/signed",
        status=401,
        answer=refusal(
            "The provided authorization grant is invalid, expired, or revoked", None, None
        ),
        source="https://github.com/sendgrid/sendgrid-nodejs/issues/998",
    ),
    Row(
        name="too many requests",
        request="POST /v3/mail/send",
        headers=AUTHORIZED,
        json=MAIL,
        before=(("POST", "/_sandbox/failures", {"status": 429}),),
        status=429,
        answer=refusal("too many requests", None, None),
        answer_headers={"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0"},
        source="https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/"
        "rate-limits",
    ),
    Row(
        name="SendGrid is down",
        request="POST /v3/mail/send",
        headers=AUTHORIZED,
        json=MAIL,
        before=(("POST", "/_sandbox/failures", {"status": 500}),),
        status=500,
        answer={"errors": [{"field": None}]},
        source=ERRORS,
    ),
)
