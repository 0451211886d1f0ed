"""Compute a month anew from fills and marks, and compare it with what is stored, to the cent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.daily_pnl import DailyPnl
from shared.domain.errors import NotFound
from shared.domain.followers import FollowerId
from shared.domain.money import usd_text
from shared.domain.monthly_pnl import MonthlyPnl, sum_up_month
from shared.domain.months import Month
from shared.domain.session_record import Finality
from shared.domain.statements import (
    FROZEN,
    Adjustment,
    AdjustmentKind,
    Statement,
    billed,
    difference,
)
from shared.domain.waterfall import MonthResult, Waterfall, commission_of, standing_after
from shared.ports.files import FileStore
from shared.ports.monthly_pnl import MonthlyPnlBook
from shared.ports.reports import Reports
from shared.ports.statements import Adjustments, Statements
from shared.use_cases.compute_days import compute_days
from shared.use_cases.roll_up_day import RollUpPorts

_AMOUNTS = ("realized", "unrealized", "fees", "total", "drawdown")
_STEPS = ("gross", "fees", "net", "carried_forward", "base", "commission", "mark_after")


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyPorts:
    """What verifying reads; it writes nothing."""

    days: RollUpPorts
    monthly_pnl: MonthlyPnlBook
    statements: Statements
    adjustments: Adjustments
    reports: Reports
    files: FileStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Deviation:
    """A stored figure that is not what the fills give.

    Attributes:
        follower_id: Whose.
        what: Which figure, of which day, month, statement or file.
        stored: As stored; empty where it is missing.
        recomputed: As computed now; empty where there should be none.
    """

    follower_id: FollowerId
    what: str
    stored: str
    recomputed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What verifying found.

    Attributes:
        followers: Followers looked at.
        figures: Figures compared.
        deviations: Those that differ.
    """

    followers: int
    figures: int
    deviations: tuple[Deviation, ...]


def verify_month(ports: VerifyPorts, *, month: Month, only: FollowerId | None = None) -> Verified:
    """Verify a month: days from fills and marks, the month from days, the statement from months.

    The stored files of a report are compared with the hashes its document gives them.

    Args:
        ports: What it takes.
        month: Which.
        only: One follower alone; everybody by default.

    Raises:
        InvalidInput: The month is outside the session table.
        AdapterError: Something could not be read.
    """
    days = [day for day in _days(ports, month) if only in (None, day.follower_id)]
    work = _Work(ports, month)
    work.compare_days(days, only)
    months = {one.follower_id: one for one in ports.monthly_pnl.of_month(month)}
    for who in sorted({day.follower_id for day in days} | set(months)):
        if only in (None, who):
            work.compare_month(who, [day for day in days if day.follower_id == who], months)
    return Verified(
        followers=len(work.followers), figures=work.figures, deviations=tuple(work.found)
    )


def _days(ports: VerifyPorts, month: Month) -> Iterator[DailyPnl]:
    now = ports.days.clock.now()
    for session in ports.days.table.sessions_in_month(month):
        if session.close_at <= now:
            computed = compute_days(ports.days, session, finality=Finality.PROVISIONAL, now=now)
            yield from computed.days


class _Work:
    """One run: what was compared, and what differs."""

    def __init__(self, ports: VerifyPorts, month: Month) -> None:
        self.figures = 0
        self.found: list[Deviation] = []
        self.followers: set[FollowerId] = set()
        self._ports = ports
        self._month = month
        self._reports = {one.follower_id: one for one in ports.reports.of_period(month)}

    def compare_days(self, days: Sequence[DailyPnl], only: FollowerId | None) -> None:
        """Compare every day; one that is stored without a source differs too."""
        sessions = self._ports.days.table.sessions_in_month(self._month)
        stored = {
            (day.session_date, day.follower_id): day
            for session in sessions
            for day in self._ports.days.daily_pnl.of_session(session.session_date)
            if only in (None, day.follower_id)
        }
        computed = {(day.session_date, day.follower_id): day for day in days}
        for key in sorted(stored.keys() | computed.keys()):
            date, who = key
            self.followers.add(who)
            self._amounts(who, date, stored.get(key), computed.get(key), _AMOUNTS)

    def compare_month(
        self, who: FollowerId, days: Sequence[DailyPnl], months: dict[FollowerId, MonthlyPnl]
    ) -> None:
        """Compare a follower's month, his statement and the files of his report."""
        self.followers.add(who)
        stored = months.get(who)
        computed = sum_up_month(
            self._month,
            who,
            days,
            finality=Finality.PROVISIONAL,
            now=self._ports.days.clock.now(),
        )
        self._amounts(who, self._month, stored, computed, _AMOUNTS)
        statement = self._ports.statements.get(self._month, who)
        if statement is not None and statement.terms is not None:
            self._compare_statement(who, statement, self._waterfall(statement, computed))
        self._compare_files(who)

    def _waterfall(self, statement: Statement, computed: MonthlyPnl) -> Waterfall | None:
        if statement.terms is None:
            return None
        earlier = [
            MonthResult(month=one.month, gross=one.realized, fees=one.fees)
            for one in self._ports.monthly_pnl.of_follower(statement.follower_id)
            if one.month < self._month
        ]
        result = MonthResult(month=self._month, gross=computed.realized, fees=computed.fees)
        return commission_of(result, statement.terms, standing_after(earlier))

    def _compare_statement(
        self, who: FollowerId, statement: Statement, computed: Waterfall | None
    ) -> None:
        """Compare the steps; of an issued one, whose figures have changed, what is noted."""
        if computed is None:
            return
        if statement.state in FROZEN and statement.waterfall != computed:
            left = difference(statement, computed, self._noted(who))
            self._figure(who, f"statement {statement.number}: change not noted", left, Decimal(0))
            return
        self._amounts(who, "statement", statement.waterfall, computed, _STEPS)
        amount = billed(computed.commission, statement.currency, statement.fx)
        if statement.commission_billed is not None:
            self._figure(who, "statement: billed", statement.commission_billed, amount)

    def _noted(self, who: FollowerId) -> list[Adjustment]:
        return [
            one
            for one in self._ports.adjustments.of_follower(who)
            if one.month == self._month and one.kind is AdjustmentKind.CORRECTION
        ]

    def _compare_files(self, who: FollowerId) -> None:
        report = self._reports.get(who)
        for file in report.files if report else ():
            self._text(who, f"file {file.name}", file.sha256, self._sha256(file.name))

    def _sha256(self, name: str) -> str:
        try:
            return hashlib.sha256(self._ports.files.get(name)).hexdigest()
        except NotFound:
            return ""

    def _amounts(
        self,
        who: FollowerId,
        place: str,
        stored: object,
        computed: object,
        fields: Iterable[str],
    ) -> None:
        for field in fields:
            before = None if stored is None else getattr(stored, field)
            after = None if computed is None else getattr(computed, field)
            self._figure(who, f"{place}: {field}", before, after)

    def _figure(
        self, who: FollowerId, what: str, stored: Decimal | None, computed: Decimal | None
    ) -> None:
        self._text(who, what, _written(stored), _written(computed))

    def _text(self, who: FollowerId, what: str, stored: str, recomputed: str) -> None:
        self.figures += 1
        if stored != recomputed:
            self.found.append(
                Deviation(follower_id=who, what=what, stored=stored, recomputed=recomputed)
            )


def _written(amount: Decimal | None) -> str:
    return "" if amount is None else usd_text(amount)
