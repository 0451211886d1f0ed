"""End every open link to a report."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.errors import NotFound
from shared.domain.report_link import link_nonce
from shared.domain.reports import Report, ReportId
from shared.ports.reports import Reports


def revoke_links(reports: Reports, report_id: ReportId) -> Report:
    """End every open link to a report: its nonce changes, and with it what a token must say.

    Raises:
        NotFound: There is no such report.
        Conflict: A new version of the report came at the same time; do it again.
        AdapterError: The database failed.
    """
    report = reports.get(report_id)
    if report is None:
        raise NotFound("reports", f"there is no report {report_id}")
    count = report.revocations + 1
    revoked = replace(
        report,
        revocations=count,
        link_nonce=link_nonce(report_id, report.figures_sha256, revocations=count),
    )
    reports.replace(revoked, before=report)
    return revoked
