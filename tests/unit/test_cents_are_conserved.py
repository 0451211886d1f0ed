"""From fills to statements no cent is lost, and nobody's figure holds another's.

The expectation is plain cash accounting: what executions brought less what they cost, less fees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.firestore.boards import FirestoreBoards
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.fills import FirestoreFills
from shared.adapters.firestore.marks import FirestoreMarks
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.firestore.positions import FirestorePositions
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.terms import FirestoreTerms
from shared.adapters.session_table import session_table
from shared.domain.fills import ExecId, Fill
from shared.domain.followers import AccountId, FollowerId
from shared.domain.money import ZERO, round_to_cents
from shared.domain.orders import OrderId
from shared.domain.session_record import SessionRecord
from shared.domain.spreads import Side
from shared.domain.statements import StatementState
from shared.use_cases.roll_up_day import RollUpPorts, roll_up_day
from shared.use_cases.roll_up_month import MonthPorts, roll_up_month
from tests.billing import BillingDesk
from tests.builders import a_contract, a_fill
from tests.fakes.publisher import RecordingPublisher
from tests.months import NOVEMBER, terms

FOLLOWERS = ("anna", "bruno", "carla")
SESSIONS = ("2026-11-23", "2026-11-24", "2026-11-27")
PRICES = st.integers(min_value=1, max_value=900).map(lambda cents: f"{Decimal(cents) / 100}")
FEES = st.integers(min_value=0, max_value=40_000_000).map(lambda tiny: f"{Decimal(tiny) / 10**6}")


@dataclass(frozen=True, kw_only=True)
class Deal:
    """One contract bought and sold, in either order, within a session."""

    who: str
    date: str
    quantity: int
    bought: str
    sold: str
    fees: tuple[str, str]
    sells_first: bool

    @property
    def cash(self) -> Decimal:
        gained = (Decimal(self.sold) - Decimal(self.bought)) * self.quantity * 100
        return gained - Decimal(self.fees[0]) - Decimal(self.fees[1])


DEALS = st.builds(
    Deal,
    who=st.sampled_from(FOLLOWERS),
    date=st.sampled_from(SESSIONS),
    quantity=st.integers(min_value=1, max_value=500),
    bought=PRICES,
    sold=PRICES,
    fees=st.tuples(FEES, FEES),
    sells_first=st.booleans(),
)


def fills_of(deal: Deal, number: int) -> tuple[Fill, Fill]:
    session = session_table().session_on(deal.date)
    assert session is not None
    sides = (Side.SELL, Side.BUY) if deal.sells_first else (Side.BUY, Side.SELL)
    price = {Side.BUY: deal.bought, Side.SELL: deal.sold}
    first, second = (
        replace(
            a_fill(
                side,
                deal.quantity,
                price[side],
                contract=a_contract(str(400 + number)),
                fee=deal.fees[at],
                exec_id=f"{number:04d}-{at}",
            ),
            exec_id=ExecId(f"{number:04d}-{at}"),
            order_id=OrderId(f"{deal.date}-QQQ-1~{deal.who}~open"),
            follower_id=FollowerId(deal.who),
            account_id=AccountId(f"DU-{deal.who}"),
            session_date=deal.date,
            at=session.open_at.replace(second=at),
        )
        for at, side in enumerate(sides)
    )
    return first, second


def billed(deals: Sequence[Deal]) -> BillingDesk:
    """Book the deals, and let the product roll up and bill the month."""
    desk = BillingDesk()
    for who in FOLLOWERS:
        desk.agree(who, terms())
    for number, deal in enumerate(deals):
        for fill in fills_of(deal, number):
            desk.put(f"fills/{fill.exec_id}", encode(fill))
    documents = desk.documents
    sessions = FirestoreSessions(documents)
    days = RollUpPorts(
        clock=desk.clock,
        table=session_table(),
        sessions=sessions,
        boards=FirestoreBoards(documents),
        orders=FirestorePlannedOrders(documents),
        positions=FirestorePositions(documents),
        fills=FirestoreFills(documents),
        marks=FirestoreMarks(documents),
        terms=FirestoreTerms(documents),
        daily_pnl=FirestoreDailyPnl(documents),
        alarm=desk.alarm,
        publisher=RecordingPublisher(),
    )
    for date in sorted({deal.date for deal in deals}):
        session = session_table().session_on(date)
        assert session is not None
        sessions.open(
            SessionRecord(session_date=date, open_at=session.open_at, close_at=session.close_at)
        )
        roll_up_day(days, session_date=date, settled=True)
        sessions.make_final(date, desk.clock.now())
    roll_up_month(
        MonthPorts(
            clock=desk.clock,
            table=session_table(),
            sessions=sessions,
            fills=FirestoreFills(documents),
            daily_pnl=FirestoreDailyPnl(documents),
            monthly_pnl=desk.months,
        ),
        month=NOVEMBER,
    )
    desk.issue()
    return desk


@given(st.lists(DEALS, min_size=1, max_size=8))
def test_fills_days_months_and_statements_say_the_same_to_the_micro(deals: list[Deal]) -> None:
    desk = billed(deals)
    days = FirestoreDailyPnl(desk.documents)
    statements = desk.statements.of_month(NOVEMBER)
    assert {one.follower_id for one in statements} == {deal.who for deal in deals}
    for statement in statements:
        who = statement.follower_id
        cash = sum((deal.cash for deal in deals if deal.who == who), ZERO)
        daily = sum((one.total for one in days.of_follower(who, SESSIONS)), ZERO)
        (month,) = desk.months.of_follower(who)
        assert statement.waterfall is not None
        assert cash == daily == month.total == statement.waterfall.net
        assert statement.due == round_to_cents(max(ZERO, cash) * Decimal("0.20"))
        assert statement.state is StatementState.ISSUED
    book = sum((one.waterfall.net for one in statements if one.waterfall), ZERO)
    assert book == sum((deal.cash for deal in deals), ZERO)
