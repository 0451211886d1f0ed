"""What SendGrid refuses in a mail, in SendGrid's words.

Messages and anchors: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tests.sandbox.control import Json
from tests.sandbox.sendgrid_content import attachment_faults, content_faults
from tests.sandbox.sendgrid_faults import (
    JSON_TYPES,
    Document,
    Unbindable,
    fault,
    object_of,
    objects_in,
    type_faults,
)

_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\".]+(\.[^@\s<>,;\".]+)+")
_LONGEST_ADDRESS = 320
_MOST_RECIPIENTS = 1000
_MOST_CUSTOM_ARGS_BYTES = 10_000
_ROOT = {
    "personalizations": "array",
    "from": "object",
    "reply_to": "object",
    "subject": "string",
    "content": "array",
    "attachments": "array",
    "headers": "object",
    "categories": "array",
    "custom_args": "object",
    "send_at": "integer",
    "tracking_settings": "object",
    "mail_settings": "object",
}
_PERSONALIZATION = {
    "to": "array",
    "cc": "array",
    "bcc": "array",
    "subject": "string",
    "headers": "object",
    "custom_args": "object",
    "send_at": "integer",
}
_SWITCHES = {
    ("tracking_settings", "click_tracking", "enable"): (
        "The click tracking enable param should be a boolean value."
    ),
    ("tracking_settings", "click_tracking", "enable_text"): (
        "The click tracking enable text must be a boolean value."
    ),
    ("tracking_settings", "open_tracking", "enable"): (
        "The open tracking enable param should be a boolean value."
    ),
    ("tracking_settings", "subscription_tracking", "enable"): (
        "The subscription tracking enable param should be a boolean value."
    ),
    ("mail_settings", "sandbox_mode", "enable"): (
        "The sandbox mode enable param should be a boolean value."
    ),
}


def faults_in(body: Json) -> list[Json]:
    """Everything wrong with a mail, in document order.

    Raises:
        Unbindable: No field can be named.
    """
    document = object_of(body)
    found = list(type_faults(document, _ROOT, "", "message."))
    if found:
        return found
    return [entry for check in _CHECKS for entry in check(document)]


def _personalizations(document: Document) -> Iterator[Json]:
    found = objects_in(document.get("personalizations"))
    if not found:
        yield fault(
            "The personalizations field is required and must have at least one personalization.",
            "personalizations",
            "-Personalizations-Errors",
        )
    if len(found) > _MOST_RECIPIENTS:
        yield fault(
            "The personalization block is limited to 1000 personalizations per API request. You "
            f"have provided {len(found)} personalizations. Please consider splitting this into "
            "multiple requests and resending your request.",
            "personalizations",
            "message.personalizations",
        )
    for index, item in enumerate(found):
        path = f"personalizations.{index}"
        mistyped = list(
            type_faults(item, _PERSONALIZATION, path + ".", "message.personalizations.")
        )
        yield from mistyped or _personalization(item, path, document)


def _personalization(item: Document, path: str, document: Document) -> Iterator[Json]:
    if not item.get("to"):
        yield fault(
            "The to array is required for all personalization objects, and must have at least one "
            "email object with a valid email address.",
            f"{path}.to",
            "message.personalizations.to",
        )
    yield from _recipients(item, path)
    for arguments in (document.get("custom_args"), item.get("custom_args")):
        yield from _custom_args(arguments, f"{path}.custom_args")
    merged = {
        **object_of(document.get("custom_args", {})),
        **object_of(item.get("custom_args", {})),
    }
    if sum(len((name + str(value)).encode()) for name, value in merged.items()) > (
        _MOST_CUSTOM_ARGS_BYTES
    ):
        yield fault(
            "The combined size of both global and personalization custom arguments may not exceed "
            "10,000 bytes per personalization.",
            f"{path}.custom_args",
            "message.personalizations.custom_args",
        )


def _recipients(item: Document, path: str) -> Iterator[Json]:
    seen: set[str] = set()
    for kind in ("to", "cc", "bcc"):
        for index, recipient in enumerate(objects_in(item.get(kind))):
            where = f"{path}.{kind}.{index}"
            yield from _address(recipient, where, f"message.personalizations.{kind}")
            address = str(recipient.get("email")).lower()
            if address in seen:
                yield fault(
                    "Each email address in the personalization block should be unique between to, "
                    f"cc, and bcc. We found the first duplicate instance of [{address}] in the "
                    f"{path}.{kind} field.",
                    path,
                    "message.recipient-errors",
                )
            seen.add(address)


def _address(
    person: Document,
    path: str,
    anchor: str,
    message: str = "Does not contain a valid address.",
) -> Iterator[Json]:
    if not person.keys() <= {"email", "name"}:
        raise Unbindable
    email = person.get("email")
    field = f"{path}.email"
    if email is None:
        yield fault(f"The {anchor.rpartition('.')[2]} email parameter is required.", field, anchor)
    elif not isinstance(email, str):
        given = JSON_TYPES[type(email)]
        yield fault(f"Invalid type. Expected: string, given: {given}.", field, anchor)
    elif not _ADDRESS.fullmatch(email):
        yield fault(message, field, anchor)
    elif len(email) > _LONGEST_ADDRESS:
        yield fault(
            "The To email exceeds the maximum total length of 320 characters", field, anchor
        )


def _custom_args(arguments: Json, path: str) -> Iterator[Json]:
    if arguments is None:
        return
    # A value that is no string is answered without naming it:
    # https://github.com/sendgrid/sendgrid-nodejs/issues/288
    if any(not isinstance(value, str) for value in object_of(arguments).values()):
        raise Unbindable
    if not arguments:
        yield fault("custom_args cannot be empty.", path, "message.personalizations.custom_args")


def _from(document: Document) -> Iterator[Json]:
    sender = document.get("from")
    if not isinstance(sender, dict) or not sender.get("email"):
        yield fault(
            "The from object must be provided for every email send. It is an object that requires "
            "the email parameter, but may also contain a name parameter.  e.g. "
            '{"email" : "example@example.com"}  or '
            '{"email" : "example@example.com", "name" : "Example Recipient"}.',
            "from.email",
            "message.from",
        )
    else:
        yield from _address(
            sender, "from", "message.from", "The from email does not contain a valid address."
        )


def _reply_to(document: Document) -> Iterator[Json]:
    if "reply_to" in document:
        yield from _address(object_of(document["reply_to"]), "reply_to", "message.reply_to")


def _subject(document: Document) -> Iterator[Json]:
    people = objects_in(document.get("personalizations"))
    everywhere = bool(people) and all(person.get("subject") for person in people)
    if not document.get("subject") and not everywhere:
        yield fault(
            "The subject is required. You can get around this requirement if you use a template "
            "with a subject defined or if every personalization has a subject defined.",
            "subject",
            "message.subject",
        )


def _switches(document: Document) -> Iterator[Json]:
    for (group, setting, switch), message in _SWITCHES.items():
        settings = object_of(document.get(group, {}))
        value = object_of(settings.get(setting, {})).get(switch, False)
        if not isinstance(value, bool):
            path = f"{group}.{setting}.{switch}"
            yield fault(message, path, f"message.{path}")


_CHECKS: tuple[Callable[[Document], Iterator[Json]], ...] = (
    _personalizations,
    _from,
    _reply_to,
    _subject,
    content_faults,
    attachment_faults,
    _switches,
)
