"""Report documents: `reports/{report_id}`."""

from __future__ import annotations

from shared.adapters.firestore.records import read, read_all, replacement
from shared.domain.errors import Conflict
from shared.domain.reports import Report, ReportId
from shared.ports.documents import Documents, Filter, Query, Snapshot, Write


class FirestoreReports:
    """`Reports` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def switch_to(self, report: Report) -> None:
        """Write the report's document (replacing)."""
        self._documents.commit([replacement(_path(report.report_id), report)])

    def replace(self, report: Report, *, before: Report) -> None:
        """Change a report's document; Conflict where the stored one is not `before`."""

        def decide(stored: tuple[Snapshot | None, ...]) -> tuple[list[Write], None]:
            if stored[0] is None or read(Report, stored[0]) != before:
                raise Conflict("firestore", f"{report.report_id} has changed meanwhile")
            return [replacement(_path(report.report_id), report)], None

        self._documents.transact([_path(report.report_id)], decide)

    def get(self, report_id: ReportId) -> Report | None:
        """Read it, or None."""
        snapshot = self._documents.get(_path(report_id))
        return None if snapshot is None else read(Report, snapshot)

    def of_period(self, period: str) -> tuple[Report, ...]:
        """Read a month's (or session's) reports, in id order."""
        query = Query(collection="reports", filters=(Filter("period", "==", period),))
        return read_all(Report, self._documents.find(query))


def _path(report_id: ReportId) -> str:
    return f"reports/{report_id}"
