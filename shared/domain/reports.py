"""Reports: what was written, over which figures, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType

from shared.domain.followers import FollowerId
from shared.domain.months import Month

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
class ReportVersion:
    """An earlier version of a report; its files are kept.

    Attributes:
        figures_sha256: Hash of the canonical figures it shows.
        as_of: When those figures were current (market time, UTC).
        files: Its files.
        statement_number: The commission statement it shows; empty where none was issued.
    """

    figures_sha256: str
    as_of: datetime
    files: tuple[ReportFile, ...]
    statement_number: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One report.

    Attributes:
        report_id: `daily-{session_date}` or `monthly-{month}-{follower_id}`.
        period: The session date or the month, ISO text.
        figures_sha256: Hash of the canonical figures it shows.
        as_of: When those figures were current (market time, UTC).
        files: Its files.
        link_nonce: Random part of its open links; changing it revokes them all.
        follower_id: Whose month it is; None for a session's summary.
        statement_number: The commission statement it shows; empty where none was issued.
        revocations: How often its links were revoked by hand.
        earlier: Versions before this one, oldest first.
    """

    report_id: ReportId
    period: str
    figures_sha256: str
    as_of: datetime
    files: tuple[ReportFile, ...]
    link_nonce: str
    follower_id: FollowerId | None = None
    statement_number: str = ""
    revocations: int = 0
    earlier: tuple[ReportVersion, ...] = ()

    @property
    def version(self) -> ReportVersion:
        """This version, as it is kept once a newer one is there."""
        return ReportVersion(
            figures_sha256=self.figures_sha256,
            as_of=self.as_of,
            files=self.files,
            statement_number=self.statement_number,
        )


def daily_report_id(session_date: str) -> ReportId:
    """Name the daily summary of a session."""
    return ReportId(f"daily-{session_date}")


def monthly_report_id(month: Month, follower_id: FollowerId) -> ReportId:
    """Name a follower's report of a month."""
    return ReportId(f"monthly-{month}-{follower_id}")


def succeeding(report: Report, before: Report | None) -> Report:
    """Put a report in the place of the one before, whose version is kept."""
    if before is None:
        return report
    return replace(
        report, revocations=before.revocations, earlier=(*before.earlier, before.version)
    )
