"""A small session in the books: the half day 2026-11-27, one bull put 585/590, four followers.

anna    10 filled at -0.75, closed at -0.15 at noon: +600.00, fees 26.00, total  574.00
bruno    4 of 6 filled at -0.71, expired worthless:  +284.00, fees  5.20, total  278.80
carla    skipped, for want of an agreement:                              total    0.00
dora     2 filled at -0.75, open at mids 0.03 / 0.10: +136.00, fees 2.60, total  133.40
book     realized 884.00, unrealized 136.00, fees 33.80, total 986.20
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.terms import terms_path
from shared.adapters.session_table import session_table
from shared.domain.boards import Board, BoardLine, board_line
from shared.domain.fills import ExecId, Fill
from shared.domain.followers import AccountId, Follower, FollowerId, FollowerState, LoginId
from shared.domain.marks import SLOT_SECONDS, Mark, make_marks
from shared.domain.money import ZERO
from shared.domain.months import Month
from shared.domain.options import ContractKey
from shared.domain.orders import Order, OrderState, Purpose, opening_order_id
from shared.domain.positions import Position, position_from_fills
from shared.domain.quotes import Quote
from shared.domain.reasons import Reason
from shared.domain.session_record import SessionRecord
from shared.domain.sessions import Session
from shared.domain.signals import SignalId
from shared.domain.spreads import Side
from shared.domain.terms import Terms
from shared.ports.documents import Documents, Replace
from tests.builders import SESSION_DATE, SIGNAL_ID, a_spread

SPREAD = a_spread()
LONG, SHORT = SPREAD.long_contract.key, SPREAD.short_contract.key

OPEN_AT = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
FILLED_AT = OPEN_AT + timedelta(seconds=5)
NOON = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
CLOSE_AT = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
ROLLED_UP_AT = datetime(2026, 11, 27, 21, 30, tzinfo=UTC)

NAMES = {"anna": "Anna Bianchi", "bruno": "Bruno <Conti>", "carla": "Carla", "dora": "Dora"}
STATES = {
    "anna": (OrderState.FILLED, None, 10, 10, "-0.75"),
    "bruno": (OrderState.PARTIALLY_FILLED, Reason.LIMIT_REACHED, 6, 4, "-0.71"),
    "carla": (OrderState.SKIPPED, Reason.NO_AGREEMENT, 5, 0, None),
    "dora": (OrderState.FILLED, None, 2, 2, "-0.75"),
}


def the_session() -> Session:
    session = session_table().session_on(SESSION_DATE)
    assert session is not None
    return session


def slot_at(at: datetime) -> int:
    return int(at.timestamp()) // SLOT_SECONDS


def followers() -> tuple[Follower, ...]:
    return tuple(
        Follower(
            follower_id=FollowerId(who),
            name=name,
            state=FollowerState.ACTIVE,
            login_id=LoginId("login-1"),
            account_id=AccountId(f"DU-{who}"),
            agreement_version=None if who == "carla" else "2026-01",
        )
        for who, name in NAMES.items()
    )


def orders() -> tuple[Order, ...]:
    return tuple(
        Order(
            order_id=opening_order_id(SIGNAL_ID, FollowerId(who)),
            purpose=Purpose.OPEN,
            signal_id=SignalId(SIGNAL_ID),
            follower_id=FollowerId(who),
            login_id=LoginId("login-1"),
            account_id=AccountId(f"DU-{who}"),
            session_date=SESSION_DATE,
            spread=SPREAD,
            quantity=quantity,
            state=state,
            planned_at=OPEN_AT - timedelta(minutes=2),
            reason=reason,
            filled_quantity=filled,
            average_net_price=None if price is None else Decimal(price),
        )
        for who, (state, reason, quantity, filled, price) in STATES.items()
    )


def a_leg_fill(
    who: str, key: ContractKey, side: Side, quantity: int, price: str, at: datetime
) -> Fill:
    exec_id = f"{who}-{key}-{side}-{slot_at(at)}"
    return Fill(
        exec_id=ExecId(exec_id),
        order_id=opening_order_id(SIGNAL_ID, FollowerId(who)),
        follower_id=FollowerId(who),
        account_id=AccountId(f"DU-{who}"),
        session_date=SESSION_DATE,
        contract_key=key,
        side=side,
        quantity=quantity,
        price=Decimal(price),
        multiplier=100,
        fee=Decimal("0.65") * quantity if Decimal(price) else ZERO,
        at=at,
    )


def fills() -> tuple[Fill, ...]:
    return (
        a_leg_fill("anna", LONG, Side.BUY, 10, "0.40", FILLED_AT),
        a_leg_fill("anna", SHORT, Side.SELL, 10, "1.15", FILLED_AT),
        a_leg_fill("bruno", LONG, Side.BUY, 4, "0.41", FILLED_AT),
        a_leg_fill("bruno", SHORT, Side.SELL, 4, "1.12", FILLED_AT),
        a_leg_fill("dora", LONG, Side.BUY, 2, "0.40", FILLED_AT),
        a_leg_fill("dora", SHORT, Side.SELL, 2, "1.15", FILLED_AT),
        a_leg_fill("anna", LONG, Side.SELL, 10, "0.05", NOON),
        a_leg_fill("anna", SHORT, Side.BUY, 10, "0.20", NOON),
        # Expired worthless: booked at zero after the close, without a fee.
        a_leg_fill("bruno", LONG, Side.SELL, 4, "0", CLOSE_AT + timedelta(minutes=15)),
        a_leg_fill("bruno", SHORT, Side.BUY, 4, "0", CLOSE_AT + timedelta(minutes=15)),
    )


def position_of(who: str, *, until: datetime) -> Position | None:
    mine = [fill for fill in fills() if fill.follower_id == who and fill.at <= until]
    if not mine:
        return None
    return position_from_fills(
        follower_id=FollowerId(who),
        account_id=AccountId(f"DU-{who}"),
        session_date=SESSION_DATE,
        spread=SPREAD,
        fills=mine,
    )


def lines_at(at: datetime) -> tuple[BoardLine, ...]:
    def held(who: str) -> list[Position]:
        position = position_of(who, until=at)
        return [position] if position else []

    return tuple(board_line(order, held(order.follower_id)) for order in orders())


def quotes_at(at: datetime, *, age_seconds: float = 1) -> tuple[Quote, ...]:
    return tuple(
        Quote(
            contract_key=key,
            bid=Decimal(bid),
            ask=Decimal(ask),
            bid_size=10,
            ask_size=10,
            at=at - timedelta(seconds=age_seconds),
        )
        for key, bid, ask in ((LONG, "0.02", "0.04"), (SHORT, "0.09", "0.11"))
    )


def marks_at(slot: int) -> tuple[Mark, ...]:
    at = datetime.fromtimestamp(slot * SLOT_SECONDS, tz=UTC)
    return make_marks(
        session_date=SESSION_DATE,
        slot=slot,
        now=at,
        lines=lines_at(at),
        quotes={quote.contract_key: quote for quote in quotes_at(at)},
        stale_seconds=90,
    )


def put(documents: Documents, values: Iterable[tuple[str, dict[str, object]]]) -> None:
    documents.commit([Replace(path=path, data=data) for path, data in values])


def put_board(documents: Documents, lines: Sequence[BoardLine], *, at: datetime) -> None:
    board = Board(
        session_date=SESSION_DATE,
        shard=0,
        part=0,
        lines={line.follower_id: line for line in lines},
        written_at=at,
    )
    put(documents, [(f"boards/{SESSION_DATE}-0-0", encode(board))])


def put_quotes(documents: Documents, quotes: Iterable[Quote]) -> None:
    put(documents, [(f"quotes/{quote.contract_key}", encode(quote)) for quote in quotes])


def open_the_session(documents: Documents) -> None:
    FirestoreSessions(documents).open(
        SessionRecord(session_date=SESSION_DATE, open_at=OPEN_AT, close_at=CLOSE_AT)
    )


def put_the_day(documents: Documents) -> None:
    """Everything but the marks, as it stands after the close."""
    open_the_session(documents)
    FirestorePlannedOrders(documents).plan(orders())
    put(documents, [(f"followers/{one.follower_id}", encode(one)) for one in followers()])
    terms = Terms(from_month=Month("2026-01"))
    put(
        documents,
        [(terms_path(one.follower_id, terms), encode(terms)) for one in followers()],
    )
    put(documents, [(f"fills/{fill.exec_id}", encode(fill)) for fill in fills()])
    held = [position_of(who, until=ROLLED_UP_AT) for who in NAMES]
    put(documents, [(f"positions/{one.position_id}", encode(one)) for one in held if one])
    put_board(documents, lines_at(ROLLED_UP_AT), at=ROLLED_UP_AT)


def put_recipients(
    documents: Documents, *, chats: tuple[str, ...] = (), emails: tuple[str, ...] = ()
) -> None:
    put(
        documents, [("settings/alerts", {"telegram_chat_ids": list(chats), "emails": list(emails)})]
    )
