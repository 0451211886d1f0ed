"""What SendGrid answers to contents, attachments and custom arguments, row by row."""

from __future__ import annotations

from tests.sandbox.conformance import Row
from tests.sandbox.sendgrid_rows import (
    ERRORS,
    MAIL,
    UNBINDABLE,
    attachment,
    content,
    refusal,
    row,
    without,
)

CONTENT: tuple[Row, ...] = (
    row(
        "no content",
        without("content"),
        refusal(
            "Unless a valid template_id is provided, the content parameter is required. There must "
            "be at least one defined content block. We typically suggest both text/plain and "
            "text/html blocks are included, but only one block is required.",
            "content",
            "message.content",
        ),
    ),
    row(
        "empty content",
        content(("text/plain", "")),
        refusal(
            "The content value must be a string at least one character in length.",
            "content.0.value",
            "message.content.value",
        ),
        source="https://support.sendgrid.com/hc/en-us/articles/34677918767131",
    ),
    row(
        "html before text",
        content(("text/html", "<p>Content</p>"), ("text/plain", "Content")),
        {
            "errors": [
                {
                    "message": "Following RFC 1341, section 7.2, if either text/html or text/plain "
                    "are to be sent in your email: text/plain needs to be first, followed by "
                    "text/html, followed by any other content."
                }
            ]
        },
        source="https://github.com/sendgrid/sendgrid-php/issues/814",
    ),
    row(
        "two texts",
        content(("text/plain", "one"), ("text/plain", "two")),
        refusal("If present, text/plain and text/html may only be provided once.", "content", None),
    ),
    row(
        "an attachment that is not base64",
        attachment("NOT_BASE64"),
        refusal(
            "The attachment content must be base64 encoded.",
            "attachments.0.content",
            "message.attachments.content",
        ),
    ),
    row(
        "an unknown disposition",
        attachment("dGVzdA==", disposition="beside"),
        refusal(
            'The disposition of your attachment can be either "inline" or "attachment". You '
            "provided beside.",
            "attachments.0.disposition",
            "message.attachments.disposition",
        ),
        source=ERRORS,
    ),
    row(
        "null where an array belongs",
        {**MAIL, "attachments": None},
        refusal(
            "Invalid type. Expected: array, given: null.", "attachments", "message.attachments"
        ),
        source="https://github.com/alexgaribay/sendgrid_elixir/issues/17",
    ),
    row(
        "a string where custom arguments belong",
        {**MAIL, "custom_args": "this is a string"},
        refusal(
            "Invalid type. Expected: object, given: string.", "custom_args", "message.custom_args"
        ),
        source="https://stackoverflow.com/a/79524448",
    ),
    row(
        "a number among custom arguments",
        {**MAIL, "custom_args": {"outbox_id": 1234}},
        UNBINDABLE,
        source="https://github.com/sendgrid/sendgrid-nodejs/issues/288",
    ),
    row(
        "too many custom arguments",
        {**MAIL, "custom_args": {"outbox_id": "x" * 10_000}},
        refusal(
            "The combined size of both global and personalization custom arguments may not exceed "
            "10,000 bytes per personalization.",
            "personalizations.0.custom_args",
            "message.personalizations.custom_args",
        ),
        source=ERRORS,
    ),
    row(
        "a switch that is neither on nor off",
        {**MAIL, "tracking_settings": {"click_tracking": {"enable": "no"}}},
        refusal(
            "The click tracking enable param should be a boolean value.",
            "tracking_settings.click_tracking.enable",
            "message.tracking_settings.click_tracking.enable",
        ),
        source=ERRORS,
    ),
    row(
        "a field SendGrid does not know",
        {**MAIL, "unique_args": {"outbox_id": "1"}},
        UNBINDABLE,
        # SendGrid drops it silently; here a misspelt field must not pass.
        source="https://github.com/s-ichikawa/laravel-sendgrid-driver/pull/28 (stricter)",
    ),
)
