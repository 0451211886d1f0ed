"""write-monthly-reports: everybody's report of a month, shared by the tasks of the job."""

from __future__ import annotations

import argparse

from shared.adapters.json_log import log_event
from shared.adapters.monthly_report_pdf import PdfMonthlyReport
from shared.adapters.monthly_report_xlsx import XlsxMonthlyReport
from shared.bootstrap import Services
from shared.config import ReportSettings, TaskSettings
from shared.domain.errors import AdapterError
from shared.domain.followers import FollowerId
from shared.domain.months import as_month
from shared.domain.report_requests import MAIL_TOPIC, monthly_mail_request
from shared.use_cases.write_monthly_reports import (
    MonthlyReportPorts,
    Share,
    write_monthly_reports,
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the month, and a follower where it is only his."""
    parser.add_argument("--month", required=True, help="month, YYYY-MM")
    parser.add_argument("--follower", help="one follower's id; everybody by default")


def run(given: argparse.Namespace) -> None:
    """Write this task's share of the reports, then ask for the mails.

    Raises:
        SpreadPilotError: Some reports were not written; alerts name them, and doing it again goes
            on where it stopped.
    """
    services = Services(ReportSettings, TaskSettings)
    task = services.settings(TaskSettings)
    month = as_month(given.month, field="--month")
    done = write_monthly_reports(
        _ports(services),
        month=month,
        share=Share(index=task.cloud_run_task_index, count=task.cloud_run_task_count),
        only=None if given.follower is None else FollowerId(given.follower),
    )
    log_event(
        "monthly_reports_written",
        month=month,
        task=task.cloud_run_task_index,
        written=done.written,
        unchanged=done.unchanged,
        failed=len(done.failed),
    )
    if done.written:
        services.publisher.publish(MAIL_TOPIC, monthly_mail_request(month))
    if done.failed:
        who, why = done.failed[0]
        raise AdapterError(
            "reports", f"{len(done.failed)} not written, the first {who}: {why}", retryable=True
        )


def _ports(services: Services) -> MonthlyReportPorts:
    brand = services.settings_book.brand()
    logo = services.files.get(brand.logo) if brand.logo else None
    return MonthlyReportPorts(
        clock=services.clock,
        table=services.session_table,
        followers=services.followers,
        payees=services.payees,
        daily_pnl=services.daily_pnl,
        monthly_pnl=services.monthly_pnl,
        fills=services.fills,
        statements=services.statements,
        renderers=(PdfMonthlyReport(), XlsxMonthlyReport()),
        files=services.files,
        reports=services.reports,
        runs=services.report_runs,
        alarm=services.alarm,
        brand=brand,
        logo=logo,
    )
