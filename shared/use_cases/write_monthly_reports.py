"""Write everybody's report of a month: figures, files under their hash, one switch each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from shared.domain.alerts import Alert, AlertType
from shared.domain.brand import BrandSettings
from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.followers import Follower, FollowerId
from shared.domain.monthly_pnl import MonthlyPnl
from shared.domain.monthly_report import (
    MonthlyReport,
    report_days,
    report_sha256,
    report_trades,
)
from shared.domain.months import Month
from shared.domain.options import contract_words
from shared.domain.payees import masked_iban
from shared.domain.report_link import link_nonce
from shared.domain.reports import Report, ReportFile, monthly_report_id, succeeding
from shared.domain.sessions import SessionTable, session_date_at
from shared.domain.statements import FROZEN, Statement
from shared.ports.alarm import Alarm
from shared.ports.clock import Clock
from shared.ports.daily_pnl import DailyPnlBook
from shared.ports.files import FileStore, StoredFile
from shared.ports.fills import FillReader
from shared.ports.followers import Followers
from shared.ports.monthly_pnl import MonthlyPnlBook
from shared.ports.monthly_report_renderer import MonthlyReportRenderer
from shared.ports.payees import Payees
from shared.ports.report_runs import ReportProgress, ReportRuns
from shared.ports.reports import Reports
from shared.ports.statements import Statements
from shared.use_cases.store_report_file import store_report_file

_SHORT_HASH = 16
_PROGRESS_EVERY = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthlyReportPorts:
    """What monthly reports are made from, and where they go.

    Attributes:
        brand: How the pages look.
        logo: Bytes of the logo; None without one.
    """

    clock: Clock
    table: SessionTable
    followers: Followers
    payees: Payees
    daily_pnl: DailyPnlBook
    monthly_pnl: MonthlyPnlBook
    fills: FillReader
    statements: Statements
    renderers: Sequence[MonthlyReportRenderer]
    files: FileStore
    reports: Reports
    runs: ReportRuns
    alarm: Alarm
    brand: BrandSettings
    logo: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """Which followers a task takes: every `count`-th, from its index on."""

    index: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        """Refuse a share that does not exist.

        Raises:
            InvalidInput: The index is not below the count.
        """
        if not 0 <= self.index < self.count:
            raise InvalidInput("task", f"index {self.index} of {self.count} tasks")


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthlyReportsWritten:
    """What a task did.

    Attributes:
        month: Which month.
        written: Reports whose document was switched to a new version.
        unchanged: Reports that show the same figures already, or are issued.
        failed: Followers whose report was not written, with the reason.
    """

    month: Month
    written: int
    unchanged: int
    failed: tuple[tuple[FollowerId, str], ...]


def write_monthly_reports(
    ports: MonthlyReportPorts,
    *,
    month: Month,
    share: Share,
    only: FollowerId | None = None,
) -> MonthlyReportsWritten:
    """Write this task's share of a month's reports, one follower after the other.

    - Files lie under the hash of the figures they show; then one write makes them the report. A
      run that was killed is repeated: what it finished stays as it is.
    - A report that shows an issued statement is never replaced. Before that, new figures make a
      new version, which ends the links to the old one; its files are kept.
    - One follower's failure raises REPORT_FAILED, naming him and the reason, and stops nobody.

    Args:
        ports: What it takes.
        month: A month that was rolled up.
        share: Which followers are this task's.
        only: One follower alone.

    Raises:
        InvalidInput: Nobody has a month to report, or the one named has none.
        AdapterError: What all followers need could not be read.
    """
    ids = [one.follower_id for one in ports.monthly_pnl.of_month(month)]
    if not ids or (only is not None and only not in ids):
        raise InvalidInput(
            "--month", f"{only or 'nobody'} has figures of {month}; roll it up first"
        )
    mine = ids[share.index :: share.count] if only is None else [only]
    work = _Work(ports, month, share, len(mine))
    for follower_id in mine:
        work.do(follower_id)
    work.tell_progress()
    return MonthlyReportsWritten(
        month=month,
        written=work.written,
        unchanged=work.unchanged,
        failed=tuple(work.failed),
    )


class _Work:
    """One task's run over its followers."""

    def __init__(self, ports: MonthlyReportPorts, month: Month, share: Share, total: int) -> None:
        self.written = self.unchanged = 0
        self.failed: list[tuple[FollowerId, str]] = []
        self._ports = ports
        self._month = month
        self._share = share
        self._total = total
        self._followers = {one.follower_id: one for one in ports.followers.all()}
        self._dates = [one.session_date for one in ports.table.sessions_in_month(month)]

    def do(self, follower_id: FollowerId) -> None:
        """Write one follower's report; what fails is told, and the next one goes on."""
        try:
            if self._write(follower_id):
                self.written += 1
            else:
                self.unchanged += 1
        except (AdapterError, InvalidInput) as error:
            self.failed.append((follower_id, str(error)))
            self._ports.alarm.raise_alert(self._failed_alert(follower_id, error))
        if self._done % _PROGRESS_EVERY == 0:
            self.tell_progress()

    @property
    def _done(self) -> int:
        return self.written + self.unchanged + len(self.failed)

    def tell_progress(self) -> None:
        """Say how far this task has come; a failure to say so stops nothing."""
        progress = ReportProgress(
            month=self._month,
            task=self._share.index,
            tasks=self._share.count,
            total=self._total,
            written=self.written,
            unchanged=self.unchanged,
            failed=len(self.failed),
            at=self._ports.clock.now(),
        )
        with suppress(AdapterError):
            self._ports.runs.note(progress)

    def _write(self, follower_id: FollowerId) -> bool:
        ports = self._ports
        report_id = monthly_report_id(self._month, follower_id)
        before = ports.reports.get(report_id)
        statement = ports.statements.get(self._month, follower_id)
        if statement is None:
            raise InvalidInput("statement", f"{follower_id} has none of {self._month}; compute it")
        if before is not None and before.statement_number and statement.state in FROZEN:
            return False
        report = self._collect(follower_id, statement)
        digest = report_sha256(report)
        if before is not None and before.figures_sha256 == digest:
            return False
        revocations = before.revocations if before else 0
        made = Report(
            report_id=report_id,
            period=self._month,
            figures_sha256=digest,
            as_of=report.as_of,
            files=tuple(_stored(ports, one, report, digest) for one in ports.renderers),
            link_nonce=link_nonce(report_id, digest, revocations=revocations),
            follower_id=follower_id,
            statement_number=statement.number,
        )
        ports.reports.switch_to(succeeding(made, before))
        return True

    def _collect(self, follower_id: FollowerId, statement: Statement) -> MonthlyReport:
        ports = self._ports
        pnl = next(
            one for one in ports.monthly_pnl.of_follower(follower_id) if one.month == self._month
        )
        payee = ports.payees.get(follower_id)
        fills = ports.fills.of_follower(follower_id, self._dates)
        follower = self._followers.get(follower_id)
        return MonthlyReport(
            month=self._month,
            follower_id=follower_id,
            name=statement.name,
            account_id=_account(follower, [fill.account_id for fill in fills]),
            iban_shown=masked_iban(payee.iban) if payee else "",
            pnl=pnl,
            days=report_days(ports.daily_pnl.of_follower(follower_id, self._dates)),
            trades=report_trades(fills, _words(fill.contract_key for fill in fills)),
            statement=statement,
            as_of=_as_of(pnl, statement),
        )

    def _failed_alert(self, follower_id: FollowerId, error: Exception) -> Alert:
        now = self._ports.clock.now()
        return Alert(
            alert_type=AlertType.REPORT_FAILED,
            subject=monthly_report_id(self._month, follower_id),
            message=(
                f"The report of {follower_id} for {self._month} was not written: {error}. The"
                " others are not touched. When it is mended, run write-monthly-reports --month"
                f" {self._month} --follower {follower_id}."
            ),
            session_date=session_date_at(now),
            raised_at=now,
            follower_id=follower_id,
        )


def _account(follower: Follower | None, traded: Sequence[str]) -> str:
    """The account he traded on; what he has now where he did not trade."""
    if traded:
        return ", ".join(sorted(set(traded)))
    return follower.account_id if follower else ""


def _words(keys: Iterable[str]) -> Mapping[str, str]:
    return {key: contract_words(key) for key in sorted(set(keys))}


def _as_of(pnl: MonthlyPnl, statement: Statement) -> datetime:
    return statement.as_of if statement.state in FROZEN else pnl.rolled_up_at


def _stored(
    ports: MonthlyReportPorts, renderer: MonthlyReportRenderer, report: MonthlyReport, digest: str
) -> ReportFile:
    folder = f"monthly/{report.month}/{report.follower_id}/{digest[:_SHORT_HASH]}"
    name = f"{folder}/spreadpilot-{report.month}-{report.follower_id}.{renderer.extension}"
    data = renderer.render(report, figures_sha256=digest, brand=ports.brand, logo=ports.logo)
    return store_report_file(
        ports.files, StoredFile(name=name, content_type=renderer.content_type, data=data)
    )
