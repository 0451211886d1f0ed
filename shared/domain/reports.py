"""Reports: what was written, over which figures, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

ReportId = NewType("ReportId", str)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportFile:
    """One stored file of a report.

    Attributes:
        name: Object name in the reports bucket.
        content_type: MIME type.
        sha256: Hash of its bytes, hex.
    """

    name: str
    content_type: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One report.

    Attributes:
        report_id: `daily-{session_date}`.
        session_date: ISO text.
        figures_sha256: Hash of the canonical figures it shows.
        as_of: When those figures were current (market time, UTC).
        files: Its files.
        link_nonce: Random part of its open links; changing it revokes them all.
    """

    report_id: ReportId
    session_date: str
    figures_sha256: str
    as_of: datetime
    files: tuple[ReportFile, ...]
    link_nonce: str


def daily_report_id(session_date: str) -> ReportId:
    """Name the daily summary of a session."""
    return ReportId(f"daily-{session_date}")
