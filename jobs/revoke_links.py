"""revoke-links: ends every open link to a report."""

from __future__ import annotations

import argparse

from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.domain.reports import ReportId
from shared.use_cases.revoke_links import revoke_links


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the report and the person."""
    parser.add_argument("--report", required=True, help="report id, monthly-2026-11-f-0001")
    parser.add_argument("--by", required=True, help="your name, for the audit log")


def run(given: argparse.Namespace) -> None:
    """Revoke the links; what was downloaded stays downloaded.

    Raises:
        SpreadPilotError: There is no such report, or the database failed.
    """
    report = revoke_links(Services().reports, ReportId(given.report))
    log_event(
        "report_links_revoked",
        severity="NOTICE",
        audit=True,
        report_id=report.report_id,
        follower_id=report.follower_id or "",
        revocations=report.revocations,
        by=given.by,
    )
