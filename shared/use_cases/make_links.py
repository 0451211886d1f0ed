"""Make links to a report's files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.mail_fields import FileLink
from shared.domain.report_link import ReportLink, sign_link
from shared.domain.reports import Report

_PDF = "application/pdf"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkTerms:
    """How links to the files are made.

    Attributes:
        key: The key they are signed with.
        base_url: What they start with; the token follows after `#`.
        hours: How long they work.
        machine_now: Real UTC, for their end.
    """

    key: str
    base_url: str
    hours: int
    machine_now: Callable[[], datetime]


def make_links(report: Report, terms: LinkTerms) -> tuple[FileLink, ...]:
    """Make a link to each of a report's files.

    Raises:
        InvalidInput: The key is too short to be a secret.
    """
    expires_at = terms.machine_now() + timedelta(hours=terms.hours)
    return tuple(
        FileLink(
            label="PDF" if file.content_type == _PDF else "Excel",
            address=f"{terms.base_url}#{_token(terms, report, index, expires_at)}",
        )
        for index, file in enumerate(report.files)
    )


def _token(terms: LinkTerms, report: Report, index: int, expires_at: datetime) -> str:
    link = ReportLink(
        report_id=report.report_id,
        file_index=index,
        nonce=report.link_nonce,
        expires_at=expires_at,
    )
    return sign_link(link, key=terms.key)
