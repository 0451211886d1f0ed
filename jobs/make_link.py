"""make-link: makes a link to each file of a report, for an admin to hand on."""

from __future__ import annotations

import argparse
import sys

from jobs.link_terms import link_terms
from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.config import ReportSettings, TaskSettings
from shared.domain.errors import InvalidInput, NotFound
from shared.domain.reports import ReportId
from shared.use_cases.make_links import make_links


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the report and the person."""
    parser.add_argument("--report", required=True, help="report id, monthly-2026-11-f-0001")
    parser.add_argument("--by", required=True, help="your name, for the audit log")


def run(given: argparse.Namespace) -> None:
    """Print the links on standard output; the log says who made them, never what they are.

    Raises:
        SpreadPilotError: There is no such report, or the key could not be read.
    """
    services = Services(ReportSettings, TaskSettings)
    if services.settings(TaskSettings).cloud_run_job:
        raise InvalidInput("make-link", "prints secrets: run it where no log keeps its output")
    report = services.reports.get(ReportId(given.report))
    if report is None:
        raise NotFound("reports", f"there is no report {given.report}")
    for link in make_links(report, link_terms(services)):
        sys.stdout.write(f"{link.label}: {link.address}\n")
    log_event(
        "report_link_made",
        severity="NOTICE",
        audit=True,
        report_id=report.report_id,
        follower_id=report.follower_id or "",
        by=given.by,
    )
