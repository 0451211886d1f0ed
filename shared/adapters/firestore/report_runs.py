"""How far a month's reports have come: `report_runs/{month}-{task}`."""

from __future__ import annotations

from shared.adapters.firestore.records import read_all, replacement
from shared.domain.months import Month
from shared.ports.documents import Documents, Filter, Query
from shared.ports.report_runs import ReportProgress


class FirestoreReportRuns:
    """`ReportRuns` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def note(self, progress: ReportProgress) -> None:
        """Set how far a task has come (replacing)."""
        path = f"report_runs/{progress.month}-{progress.task:03d}"
        self._documents.commit([replacement(path, progress)])

    def of_month(self, month: Month) -> tuple[ReportProgress, ...]:
        """Read a month's tasks, in order."""
        query = Query(collection="report_runs", filters=(Filter("month", "==", month),))
        return read_all(ReportProgress, self._documents.find(query))
