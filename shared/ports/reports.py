"""Reports: `reports/{report_id}`."""

from __future__ import annotations

from typing import Protocol

from shared.domain.reports import Report, ReportId


class Reports(Protocol):
    """Report documents, for functions and jobs."""

    def switch_to(self, report: Report) -> None:
        """Write the report's document (replacing): one write makes the new files the report."""

    def replace(self, report: Report, *, before: Report) -> None:
        """Change a report's document.

        Raises:
            Conflict: The stored one is not `before`.
        """

    def get(self, report_id: ReportId) -> Report | None:
        """Read it, or None."""

    def of_period(self, period: str) -> tuple[Report, ...]:
        """Read a month's (or session's) reports, in id order."""
