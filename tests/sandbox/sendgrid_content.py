"""What SendGrid refuses in a mail's content and attachments, in SendGrid's words."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from tests.sandbox.control import Json
from tests.sandbox.sendgrid_faults import Document, fault, objects_in, type_faults

_FORBIDDEN_IN_TYPE = re.compile(r"[;,\r\n]")
_CONTENT = {"type": "string", "value": "string"}
_ATTACHMENT = {
    "content": "string",
    "type": "string",
    "filename": "string",
    "disposition": "string",
    "content_id": "string",
}


def content_faults(document: Document) -> Iterator[Json]:
    blocks = objects_in(document.get("content"))
    if not blocks:
        yield fault(
            "Unless a valid template_id is provided, the content parameter is required. There must "
            "be at least one defined content block. We typically suggest both text/plain and "
            "text/html blocks are included, but only one block is required.",
            "content",
            "message.content",
        )
    for index, block in enumerate(blocks):
        path = f"content.{index}."
        yield from type_faults(block, _CONTENT, path, "message.content.")
        if not block.get("type"):
            yield fault(
                "Your content type must be a string with length of at least one character.",
                path + "type",
                "message.content.type",
            )
        if not block.get("value"):
            yield fault(
                "The content value must be a string at least one character in length.",
                path + "value",
                "message.content.value",
            )
    yield from _content_order([str(block.get("type")) for block in blocks])


def _content_order(types: list[str]) -> Iterator[Json]:
    if any(_FORBIDDEN_IN_TYPE.search(name) for name in types):
        yield fault("Cannot contain ';', or CRLF characters.", "content", "message.content.type")
    if any(types.count(name) > 1 for name in ("text/plain", "text/html")):
        yield fault(
            "If present, text/plain and text/html may only be provided once.", "content", None
        )
    ranks = [{"text/plain": 0, "text/html": 1}.get(name, 2) for name in types]
    if ranks != sorted(ranks):
        yield fault(
            "Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in "
            "your email: text/plain needs to be first, followed by text/html, followed by any "
            "other content.",
            "content",
            None,
        )


def attachment_faults(document: Document) -> Iterator[Json]:
    for index, attachment in enumerate(objects_in(document.get("attachments"))):
        path = f"attachments.{index}."
        yield from type_faults(attachment, _ATTACHMENT, path, "message.attachments.")
        if not _is_base64(attachment.get("content")):
            yield fault(
                "The attachment content must be base64 encoded.",
                path + "content",
                "message.attachments.content",
            )
        if not attachment.get("filename"):
            yield fault("filename is required.", path + "filename", "message.attachments.filename")
        disposition = attachment.get("disposition", "attachment")
        if disposition not in ("attachment", "inline"):
            yield fault(
                'The disposition of your attachment can be either "inline" or "attachment". You '
                f"provided {disposition}.",
                path + "disposition",
                "message.attachments.disposition",
            )


def _is_base64(content: Json) -> bool:
    if not isinstance(content, str) or not content:
        return False
    try:
        base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
