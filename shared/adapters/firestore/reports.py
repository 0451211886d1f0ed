"""Report documents: `reports/{report_id}`."""

from __future__ import annotations

from shared.adapters.firestore.records import read, replacement
from shared.domain.reports import Report, ReportId
from shared.ports.documents import Documents


class FirestoreReports:
    """`Reports` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def switch_to(self, report: Report) -> None:
        """Write the report's document (replacing)."""
        self._documents.commit([replacement(_path(report.report_id), report)])

    def get(self, report_id: ReportId) -> Report | None:
        """Read it, or None."""
        snapshot = self._documents.get(_path(report_id))
        return None if snapshot is None else read(Report, snapshot)


def _path(report_id: ReportId) -> str:
    return f"reports/{report_id}"
