"""How far a month's reports have come: `report_runs/{month}-{task}`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.months import Month


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportProgress:
    """How far one task of a run has come.

    Attributes:
        month: Which month's reports.
        task: Number of the task, 0 for the first.
        tasks: How many share the month.
        total: Followers of this task.
        written: Reports that became new versions.
        unchanged: Reports that stayed as they were.
        failed: Reports that were not written.
        at: When it was told (market time, UTC).
    """

    month: Month
    task: int
    tasks: int
    total: int
    written: int
    unchanged: int
    failed: int
    at: datetime


class ReportRuns(Protocol):
    """Progress of report runs, for jobs."""

    def note(self, progress: ReportProgress) -> None:
        """Set how far a task has come (replacing)."""

    def of_month(self, month: Month) -> tuple[ReportProgress, ...]:
        """Read a month's tasks, in order."""
