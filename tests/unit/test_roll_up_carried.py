"""Rolling up a position that is carried over sessions: each day is its end less the end before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from shared.adapters.firestore.boards import FirestoreBoards
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.fills import FirestoreFills
from shared.adapters.firestore.marks import FirestoreMarks
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.firestore.positions import FirestorePositions
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.terms import FirestoreTerms, terms_path
from shared.adapters.session_table import session_table
from shared.domain.boards import board_line
from shared.domain.daily_pnl import DailyPnl
from shared.domain.fills import ExecId, Fill
from shared.domain.marks import book_total, make_marks
from shared.domain.months import Month
from shared.domain.orders import OrderId, OrderState, opening_order_id
from shared.domain.positions import Position
from shared.domain.quotes import Quote
from shared.domain.session_record import SessionRecord
from shared.domain.sessions import Session
from shared.domain.signals import SignalId
from shared.domain.spreads import Side
from shared.domain.terms import Terms
from shared.ports.documents import Replace
from shared.use_cases.roll_up_day import RollUpPorts, roll_up_day
from tests.builders import a_fill, a_follower, a_position, a_spread, an_order
from tests.fakes.alarm import RecordingAlarm
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments
from tests.fakes.publisher import RecordingPublisher

FIRST, SECOND, THIRD = "2026-11-25", "2026-11-27", "2026-11-30"
SPREAD = a_spread(expiry="2026-12-04")
OPENING = opening_order_id(SignalId(f"{FIRST}-QQQ-1"), a_follower().follower_id)
FEE = Decimal("0.65")


class Book:
    """Anna's spread, opened on the first day, and what she had on each day's end."""

    def __init__(self) -> None:
        self.documents = InMemoryDocuments()
        self.fills: list[Fill] = []
        terms = Terms(from_month=Month("2026-01"))
        self._put(terms_path(a_follower().follower_id, terms), encode(terms))

    def trade(
        self, date: str, order_id: OrderId, long: str, short: str, *, opens: bool, quantity: int
    ) -> None:
        sides = (Side.BUY, Side.SELL) if opens else (Side.SELL, Side.BUY)
        legs = (SPREAD.long_contract, SPREAD.short_contract)
        at = _session(date).open_at + timedelta(minutes=1)
        for contract, side, price in zip(legs, sides, (long, short), strict=True):
            fill = replace(
                a_fill(side, quantity, price, contract=contract, fee="0.65", at=at),
                exec_id=ExecId(f"{date}-{contract.key}"),
                order_id=order_id,
                session_date=date,
            )
            self.fills.append(fill)
            self._put(f"fills/{fill.exec_id}", encode(fill))
        self._put(f"positions/{self.position.position_id}", encode(self.position))

    @property
    def position(self) -> Position:
        return replace(a_position(self.fills, spread=SPREAD), session_date=FIRST)

    def end(self, date: str, long: str, short: str) -> DailyPnl:
        """Mark the day's last slot with these middles, and roll it up."""
        session = _session(date)
        record = SessionRecord(
            session_date=date, open_at=session.open_at, close_at=session.close_at
        )
        FirestoreSessions(self.documents).open(record)
        line = board_line(
            replace(an_order(OrderState.FILLED, spread=SPREAD), session_date=date), [self.position]
        )
        slot = session.mark_slots()[-1]
        marks = make_marks(
            session_date=date,
            slot=slot,
            now=session.close_at - timedelta(seconds=30),
            lines=[line],
            quotes={quote.contract_key: quote for quote in _quotes(long, short, session.close_at)},
            stale_seconds=90,
        )
        FirestoreMarks(self.documents).write(marks, total=book_total(marks))
        return self.roll_up(date)

    def roll_up(self, date: str) -> DailyPnl:
        done = roll_up_day(self._ports(_session(date)), session_date=date)
        assert done.discrepancies == ()
        (day,) = FirestoreDailyPnl(self.documents).of_session(date)
        return day

    def _ports(self, session: Session) -> RollUpPorts:
        return RollUpPorts(
            clock=ManualClock(session.close_at + timedelta(minutes=30)),
            table=session_table(),
            sessions=FirestoreSessions(self.documents),
            boards=FirestoreBoards(self.documents),
            orders=FirestorePlannedOrders(self.documents),
            positions=FirestorePositions(self.documents),
            fills=FirestoreFills(self.documents),
            marks=FirestoreMarks(self.documents),
            terms=FirestoreTerms(self.documents),
            daily_pnl=FirestoreDailyPnl(self.documents),
            alarm=RecordingAlarm(),
            publisher=RecordingPublisher(),
        )

    def _put(self, path: str, data: dict[str, object]) -> None:
        self.documents.commit([Replace(path=path, data=data)])


def _parts(day: DailyPnl) -> list[str]:
    return [f"{part:.2f}" for part in (day.realized, day.unrealized, day.fees)]


def _session(date: str) -> Session:
    session = session_table().session_on(date)
    assert session is not None
    return session


def _quotes(long: str, short: str, at: datetime) -> list[Quote]:
    half = Decimal("0.01")
    return [
        Quote(
            contract_key=contract.key,
            bid=Decimal(middle) - half,
            ask=Decimal(middle) + half,
            bid_size=9,
            ask_size=9,
            at=at,
        )
        for contract, middle in ((SPREAD.long_contract, long), (SPREAD.short_contract, short))
    ]


def test_the_days_of_a_carried_spread_add_up_and_count_each_thing_once() -> None:
    book = Book()
    book.trade(FIRST, OPENING, "1.00", "1.95", opens=True, quantity=2)
    first = book.end(FIRST, "1.10", "2.00")
    # The spread costs 0.90 against 0.95 taken in.
    assert _parts(first) == ["0.00", "10.00", "1.30"]
    second = book.end(SECOND, "1.10", "2.20")
    assert _parts(second) == ["0.00", "-40.00", "0.00"]
    assert (f"{second.close:.2f}", second.trades) == ("-40.00", 0)
    closing = OrderId(f"{book.position.position_id}~close~1")
    book.trade(THIRD, closing, "1.00", "1.50", opens=False, quantity=2)
    third = book.end(THIRD, "1.00", "1.50")
    assert _parts(third) == ["90.00", "30.00", "1.30"]
    assert third.trades == 2
    days = (first, second, third)
    assert sum(day.total for day in days) == (Decimal("0.95") - Decimal("0.50")) * 200 - 4 * FEE
    assert book.roll_up(SECOND) == second, "rolled up again, it is the same day"


def test_a_day_without_anything_carried_is_as_it_was() -> None:
    book = Book()
    book.trade(FIRST, OPENING, "1.00", "1.95", opens=True, quantity=2)
    assert book.end(FIRST, "1.00", "1.95").total == -2 * FEE


def test_an_expiry_in_a_later_session_belongs_to_that_session() -> None:
    book = Book()
    book.trade(FIRST, OPENING, "1.00", "1.95", opens=True, quantity=1)
    first = book.end(FIRST, "1.00", "1.95")
    book.trade(SECOND, OPENING, "0", "0", opens=False, quantity=1)
    second = book.end(SECOND, "0.01", "0.01")
    assert first.total == -2 * FEE
    assert second.realized == Decimal("0.95") * 100
