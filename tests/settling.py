"""A settlement desk over documents in memory: one follower's session, and what the broker says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from shared.adapters.firestore.accounts import FirestoreAccounts
from shared.adapters.firestore.boards import FirestoreBoards
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.external_trades import FirestoreExternalTrades
from shared.adapters.firestore.fills import FirestoreFillCorrections, FirestoreFills
from shared.adapters.firestore.followers import FirestoreFollowers
from shared.adapters.firestore.fx_rates import FirestoreFxRates
from shared.adapters.firestore.marks import FirestoreMarks
from shared.adapters.firestore.monthly_pnl import FirestoreMonthlyPnl
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.firestore.positions import FirestorePositions
from shared.adapters.firestore.reports import FirestoreReports
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.statements import FirestoreAdjustments, FirestoreStatements
from shared.adapters.firestore.terms import FirestoreTerms, terms_path
from shared.adapters.session_table import session_table
from shared.domain.account_snapshot import AccountSnapshot
from shared.domain.broker_statement import (
    BrokerStatement,
    OptionEventKind,
    StatementTrade,
)
from shared.domain.daily_pnl import DailyPnl
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId, Login, LoginId
from shared.domain.months import Month
from shared.domain.session_record import SessionRecord
from shared.domain.spreads import Side
from shared.domain.statements import Statement
from shared.ports.documents import Documents, Replace
from shared.use_cases.issue_statements import StatementPorts
from shared.use_cases.match_session import MatchPorts
from shared.use_cases.roll_up_day import RollUpPorts
from shared.use_cases.roll_up_month import MonthPorts
from shared.use_cases.settle_sessions import Settled, SettlePorts, settle_sessions
from tests.builders import SESSION_DATE, a_follower, a_position
from tests.fakes.alarm import RecordingAlarm
from tests.fakes.broker_statements import StoredStatements
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments
from tests.fakes.publisher import RecordingPublisher
from tests.months import terms
from tests.statements_of_broker import (
    ACCOUNT,
    LONG_LEG,
    ORDER,
    SHORT_LEG,
    a_settlement,
    a_statement,
    an_event,
    leg_fills,
    leg_trades,
)

MONDAY = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)
"""07:30 New York on the business day after the ordinary session, a Friday."""
LOGIN = LoginId("login-1")
EXPIRED = (
    a_settlement("expiry", LONG_LEG, Side.SELL, 5),
    a_settlement("expiry", SHORT_LEG, Side.BUY, 5),
)
EXPIRATIONS = (
    an_event(OptionEventKind.EXPIRATION, LONG_LEG, "-5"),
    an_event(OptionEventKind.EXPIRATION, SHORT_LEG, "5"),
)
AGREEING = a_statement(leg_trades(), events=EXPIRATIONS)


def saying(*trades: StatementTrade) -> BrokerStatement:
    """A statement of these trades, whose options expired."""
    return a_statement(trades, events=EXPIRATIONS)


class SettlementDesk:
    """Anna sold 5 spreads for 0.85 on Friday, and they expired: +425.00, fees 6.50.

    Every other session of the month is on record as final and empty.
    """

    def __init__(self, fills: Iterable[Fill] = (*leg_fills(), *EXPIRED)) -> None:
        self.documents: Documents = InMemoryDocuments()
        self.clock = ManualClock(MONDAY)
        self.alarm = RecordingAlarm()
        self.publisher = RecordingPublisher()
        self.broker = StoredStatements()
        self.broker.put(LOGIN, SESSION_DATE, AGREEING)
        self.put("followers/anna", encode(a_follower()))
        self.put(terms_path(FollowerId("anna"), terms()), encode(terms()))
        self.put(f"logins/{LOGIN}", encode(a_login()))
        self.put(f"orders/{ORDER.order_id}", encode(ORDER))
        booked = tuple(fills)
        for fill in booked:
            self.put(f"fills/{fill.exec_id}", encode(fill))
        position = a_position(booked)
        self.put(f"positions/{position.position_id}", encode(position))
        self.sweep()
        self.open(SESSION_DATE)

    def put(self, path: str, data: dict[str, object]) -> None:
        self.documents.commit([Replace(path=path, data=data)])

    def open(self, date: str) -> None:
        session = session_table().session_on(date)
        assert session is not None
        self.sessions.open(
            SessionRecord(session_date=date, open_at=session.open_at, close_at=session.close_at)
        )

    def sweep(self, *, at: datetime = MONDAY, agrees: bool = True, why: str = "") -> None:
        snapshot = AccountSnapshot(
            account_id=ACCOUNT,
            login_id=LOGIN,
            follower_id=FollowerId("anna"),
            session_date=SESSION_DATE,
            checked_at=at,
            quantities={},
            agrees=agrees,
            why=why,
        )
        self.put(f"accounts/{ACCOUNT}", encode(snapshot))

    @property
    def sessions(self) -> FirestoreSessions:
        return FirestoreSessions(self.documents)

    def settle(self) -> Settled:
        return settle_sessions(self.ports())

    def ports(self) -> SettlePorts:
        documents, clock = self.documents, self.clock
        return SettlePorts(
            matching=MatchPorts(
                clock=clock,
                table=session_table(),
                followers=FirestoreFollowers(documents),
                orders=FirestorePlannedOrders(documents),
                positions=FirestorePositions(documents),
                fills=FirestoreFills(documents),
                daily_pnl=FirestoreDailyPnl(documents),
                accounts=FirestoreAccounts(documents),
                external_trades=FirestoreExternalTrades(documents),
                fill_corrections=FirestoreFillCorrections(documents),
                broker_statements=self.broker,
                alarm=self.alarm,
            ),
            days=RollUpPorts(
                clock=clock,
                table=session_table(),
                sessions=self.sessions,
                boards=FirestoreBoards(documents),
                orders=FirestorePlannedOrders(documents),
                positions=FirestorePositions(documents),
                fills=FirestoreFills(documents),
                marks=FirestoreMarks(documents),
                terms=FirestoreTerms(documents),
                daily_pnl=FirestoreDailyPnl(documents),
                alarm=self.alarm,
                publisher=self.publisher,
            ),
            months=MonthPorts(
                clock=clock,
                table=session_table(),
                sessions=self.sessions,
                fills=FirestoreFills(documents),
                daily_pnl=FirestoreDailyPnl(documents),
                monthly_pnl=FirestoreMonthlyPnl(documents),
            ),
            statements=StatementPorts(
                clock=clock,
                followers=FirestoreFollowers(documents),
                terms=FirestoreTerms(documents),
                monthly_pnl=FirestoreMonthlyPnl(documents),
                fx_rates=FirestoreFxRates(documents),
                statements=FirestoreStatements(documents),
                adjustments=FirestoreAdjustments(documents),
                alarm=self.alarm,
            ),
            reports=FirestoreReports(documents),
        )

    def record(self, date: str = SESSION_DATE) -> SessionRecord:
        found = self.sessions.read(date)
        assert found is not None
        return found

    def day(self, date: str = SESSION_DATE) -> DailyPnl:
        (day,) = FirestoreDailyPnl(self.documents).of_session(date)
        return day

    def fee_of(self, fill: Fill) -> Decimal | None:
        stored = FirestoreFills(self.documents).of_session(fill.session_date)
        return next(one.fee for one in stored if one.exec_id == fill.exec_id)

    def statement(self, month: str = "2026-11") -> Statement | None:
        return FirestoreStatements(self.documents).get(Month(month), FollowerId("anna"))

    def told(self) -> list[str]:
        return [str(one.alert_type) for one in self.alarm.raised]


def a_login() -> Login:
    login = Login(login_id=LOGIN, host="127.0.0.1", port=4001, client_id=7)
    entry = "flex-login-1"
    return replace(login, flex_token_secret=entry, flex_query_id="841203")
