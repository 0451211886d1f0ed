"""The small pages behind a report link, and the headers they are sent with."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import NamedTuple

from shared.domain.report_link import LinkRefusal


class Refusal(NamedTuple):
    """How a refusal is answered."""

    status: int
    title: str
    advice: str


NO_TOKEN = Refusal(400, "This link is incomplete", "Copy the whole address from the mail.")
TOO_LARGE = Refusal(413, "This request is too large", "Open the link from the mail again.")
NOT_ALLOWED = Refusal(405, "This address only opens reports", "Open the link from the mail.")
OUT_OF_ORDER = Refusal(503, "The report cannot be opened now", "Please try again in a minute.")
REFUSALS: dict[LinkRefusal, Refusal] = {
    LinkRefusal.ALTERED: Refusal(
        403, "This link is not valid", "It may have been cut off. Copy it whole from the mail."
    ),
    LinkRefusal.EXPIRED: Refusal(
        410, "This link has expired", "Links end after some hours. Ask for a new one."
    ),
    LinkRefusal.REVOKED: Refusal(
        410,
        "This link has been withdrawn",
        "There may be a newer version of the report: look for a later mail.",
    ),
}

_STYLE = (
    "body{margin:0;background:#f4f5f7;color:#1d2939;font:16px/1.5 Helvetica,Arial,sans-serif}"
    "main{max-width:26rem;margin:18vh auto 0;padding:2rem;background:#fff;border-radius:8px}"
    "h1{font-size:1.25rem;margin:0 0 .5rem}p{margin:0 0 1.25rem;color:#475467}"
    "button{font:inherit;color:#fff;background:#1d2939;border:0;border-radius:6px;"
    "padding:.6rem 1.1rem;cursor:pointer}b{color:#1f5a96;font-size:.85rem}"
)
# What follows "#" never leaves the browser by itself: the page hands it over after a click.
_SCRIPT = "document.querySelector('input').value=location.hash.slice(1)"
_OPENING = (
    "<h1>Your report is ready</h1><p>The file opens after a click; the address behind it works"
    ' for 15 minutes.</p><form method="post"><input type="hidden" name="token">'
    "<button>Open the report</button></form><noscript><p>Please allow scripts for this page: the"
    " link's key stays in your browser until you click.</p></noscript>"
    f"<script>{_SCRIPT}</script>"
)


def opening_page() -> str:
    """The page a link leads to; it posts the token that follows `#` after a click."""
    return _page("Open a report", _OPENING)


def refusal_page(refusal: Refusal) -> str:
    """Say why nothing is opened, and what to do."""
    title = escape(refusal.title)
    return _page(refusal.title, f"<h1>{title}</h1><p>{escape(refusal.advice)}</p>")


def headers(storage_origin: str) -> dict[str, str]:
    """Headers of every answer.

    Args:
        storage_origin: Where files lie; browsers hold a form's redirect against `form-action`
            (https://www.w3.org/TR/CSP3/#directive-form-action).
    """
    policy = (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none';"
        f" style-src '{_hash_of(_STYLE)}'; script-src '{_hash_of(_SCRIPT)}';"
        f" form-action 'self' {storage_origin}"
    )
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><b>SpreadPilot</b>{body}</main></body></html>"
    )


def _hash_of(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
