"""Links to report files: a signed token that says which file, until when, and under which nonce.

The token rides in the address after `#`, which browsers never send: request logs and mail
scanners do not see it. It proves who wrote it (HMAC-SHA256), ends by itself, and ends at once
when the report's nonce changes. Times here are machine time (real UTC), never market time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shared.domain.errors import InvalidInput
from shared.domain.reports import Report, ReportFile, ReportId

MIN_KEY_BYTES = 32
MAX_TOKEN_LENGTH = 1024
_PURPOSE = b"spreadpilot-report-link.1."


class LinkRefusal(StrEnum):
    """Why a link opens nothing."""

    ALTERED = "altered"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportLink:
    """What a token says.

    Attributes:
        report_id: Which report.
        file_index: Which of its files, 0 for the first.
        nonce: The report's nonce when the link was made.
        expires_at: Whole second from which it is refused (machine time, UTC).
    """

    report_id: ReportId
    file_index: int
    nonce: str
    expires_at: datetime


def sign_link(link: ReportLink, *, key: str) -> str:
    """Write a link as a token of URL-safe characters.

    Raises:
        InvalidInput: The key is too short to be a secret.
    """
    fields = [link.report_id, link.file_index, link.nonce, int(link.expires_at.timestamp())]
    payload = _text(json.dumps(fields, separators=(",", ":")).encode())
    return f"{payload}.{_signature(payload, key)}"


def read_link(token: str, *, key: str, now: datetime) -> ReportLink | LinkRefusal:
    """Read a token that anybody may have sent.

    Args:
        token: The token as it came.
        key: The key it was signed with.
        now: Machine time (UTC).

    Returns:
        ALTERED for whatever we did not sign, EXPIRED for what we signed too long ago.

    Raises:
        InvalidInput: The key is too short to be a secret.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        return LinkRefusal.ALTERED
    payload, _, signature = token.partition(".")
    # Compared as text: base64 has several spellings of the same bytes, and only one is ours.
    if not hmac.compare_digest(signature.encode(), _signature(payload, key).encode()):
        return LinkRefusal.ALTERED
    link = _parsed(payload)
    if link is None:
        return LinkRefusal.ALTERED
    return link if now < link.expires_at else LinkRefusal.EXPIRED


def linked_file(link: ReportLink, report: Report | None) -> ReportFile | LinkRefusal:
    """Find the file that a link opens today; REVOKED where its report has moved on."""
    if report is None or not hmac.compare_digest(report.link_nonce.encode(), link.nonce.encode()):
        return LinkRefusal.REVOKED
    if not 0 <= link.file_index < len(report.files):
        return LinkRefusal.REVOKED
    return report.files[link.file_index]


def link_nonce(report_id: ReportId, figures_sha256: str, *, revocations: int = 0) -> str:
    """Derive the nonce of a report over some figures; new figures revoke the old links.

    It need not be secret, for nobody can sign a token without the key.

    Args:
        report_id: Which report.
        figures_sha256: Its figures.
        revocations: How often its links were revoked by hand.
    """
    told = f"{report_id}:{figures_sha256}" + (f":{revocations}" if revocations else "")
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _parsed(payload: str) -> ReportLink | None:
    try:
        fields = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError):
        return None
    match fields:
        case [str(report_id), int(file_index), str(nonce), int(expires)]:
            return ReportLink(
                report_id=ReportId(report_id),
                file_index=file_index,
                nonce=nonce,
                expires_at=datetime.fromtimestamp(expires, tz=UTC),
            )
        case _:
            return None


def _signature(payload: str, key: str) -> str:
    secret = key.encode()
    if len(secret) < MIN_KEY_BYTES:
        raise InvalidInput("link key", f"has {len(secret)} bytes; give it at least {MIN_KEY_BYTES}")
    return _text(hmac.digest(secret, _PURPOSE + payload.encode(), "sha256"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
