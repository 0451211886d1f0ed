"""A billing desk over documents in memory: months in, statements out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.followers import FirestoreFollowers
from shared.adapters.firestore.fx_rates import FirestoreFxRates
from shared.adapters.firestore.monthly_pnl import FirestoreMonthlyPnl
from shared.adapters.firestore.statements import FirestoreAdjustments, FirestoreStatements
from shared.adapters.firestore.terms import FirestoreTerms, terms_path
from shared.domain.followers import FollowerId
from shared.domain.fx import FxRate
from shared.domain.monthly_pnl import MonthlyPnl
from shared.domain.months import Month
from shared.domain.statements import Statement
from shared.domain.terms import Terms
from shared.ports.documents import Documents, Replace
from shared.use_cases.issue_statements import StatementPorts, StatementsIssued, issue_statements
from tests.builders import a_follower
from tests.fakes.alarm import RecordingAlarm
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments
from tests.months import NOVEMBER

ISSUED_AT = datetime(2026, 12, 2, 12, 30, tzinfo=UTC)


class BillingDesk:
    """Months of followers, and the statements made of them."""

    def __init__(self, documents: Documents | None = None) -> None:
        self.documents: Documents = documents if documents is not None else InMemoryDocuments()
        self.clock = ManualClock(ISSUED_AT)
        self.alarm = RecordingAlarm()

    @property
    def months(self) -> FirestoreMonthlyPnl:
        return FirestoreMonthlyPnl(self.documents)

    @property
    def statements(self) -> FirestoreStatements:
        return FirestoreStatements(self.documents)

    @property
    def adjustments(self) -> FirestoreAdjustments:
        return FirestoreAdjustments(self.documents)

    def agree(self, who: str, *agreed: Terms, name: str = "") -> None:
        follower = replace(a_follower(who), name=name or who.capitalize())
        self.put(f"followers/{who}", encode(follower))
        for one in agreed:
            self.put(terms_path(FollowerId(who), one), encode(one))

    def publish(self, *rates: tuple[str, str]) -> None:
        FirestoreFxRates(self.documents).publish(
            [FxRate(rate_date=date, usd_per_eur_ratio=Decimal(rate)) for date, rate in rates]
        )

    def roll_up(self, *months: MonthlyPnl) -> None:
        self.months.write(months)

    def issue(self, month: str = NOVEMBER) -> StatementsIssued:
        ports = StatementPorts(
            clock=self.clock,
            followers=FirestoreFollowers(self.documents),
            terms=FirestoreTerms(self.documents),
            monthly_pnl=self.months,
            fx_rates=FirestoreFxRates(self.documents),
            statements=self.statements,
            adjustments=self.adjustments,
            alarm=self.alarm,
        )
        return issue_statements(ports, month=Month(month))

    def of(self, who: str, month: str = NOVEMBER) -> Statement:
        found = self.statements.get(Month(month), FollowerId(who))
        assert found is not None
        return found

    def numbers(self, month: str = NOVEMBER) -> list[str]:
        return [one.number for one in self.statements.of_month(Month(month))]

    def put(self, path: str, data: dict[str, object]) -> None:
        self.documents.commit([Replace(path=path, data=data)])

    def told(self) -> Iterable[str]:
        return [f"{one.alert_type}: {one.message}" for one in self.alarm.raised]
