"""A day's marks, its roll-up and its books say the same: the end less the end before."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.custody.carried_results import CarriedResults
from gateway.projections import make_boards
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl, FirestoreEarlier
from shared.adapters.firestore.fills import AsyncFirestoreFills, FirestoreFills
from shared.adapters.firestore.positions import FirestorePositions
from shared.adapters.session_table import session_table
from shared.domain.carried_days import CarriedIn, EarlierDays, carried_in, close_carried
from shared.domain.daily_pnl import DayExtent, roll_up
from shared.domain.day_books import (
    DayEnd,
    MarkedDay,
    books_from_fills,
    close_books,
    last_mids,
    marked_days,
)
from shared.domain.fills import ExecId, Fill
from shared.domain.followers import FollowerId
from shared.domain.marks import Mark, make_marks
from shared.domain.options import ContractKey
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.pnl import mark_legs
from shared.domain.positions import Position, position_from_fills, position_id_of
from shared.domain.quotes import Quote
from shared.domain.session_record import Finality
from shared.domain.sessions import Session, SessionTable
from shared.domain.spreads import Side, Spread
from shared.ports.documents import Replace
from shared.ports.stored import Stored
from shared.use_cases.read_earlier_days import read_earlier_days, read_earlier_days_async
from tests.builders import a_fill, a_spread, an_order
from tests.desks import a_desk
from tests.fakes.async_clock import AsyncManualClock
from tests.fakes.documents import AsyncInMemoryDocuments

ANNA = FollowerId("anna")
DATES = ("2026-11-23", "2026-11-24", "2026-11-25", "2026-11-27")
STRIKES = ("590", "595")
"""The long leg of the second spread is the short leg of the first: two positions share it."""
LEGS = ("585", "590", "595")
EXPIRIES = ("2026-11-24", "2026-12-18")


@dataclass(frozen=True)
class Trade:
    """One execution of one leg of a spread, opening or closing, whatever it makes of it."""

    which: int
    is_long: bool
    side: Side
    quantity: int
    price: Decimal


prices = st.integers(1, 900).map(lambda cents: Decimal(cents) / 100)
trades = st.lists(
    st.builds(
        Trade,
        which=st.integers(0, 1),
        is_long=st.booleans(),
        side=st.sampled_from(Side),
        quantity=st.integers(1, 3),
        price=prices,
    ),
    max_size=4,
)
middles = st.fixed_dictionaries(dict.fromkeys(LEGS, prices))


class Life:
    """Anna's positions over some sessions: rolled up each evening, and marked by the gateway."""

    def __init__(self, expiry: str) -> None:
        self.spreads = tuple(a_spread(short_strike=strike, expiry=expiry) for strike in STRIKES)
        self.documents = AsyncInMemoryDocuments()
        self.told: list[Fill] = []
        self.orders: dict[OrderId, Order] = {}

    @property
    def table(self) -> SessionTable:
        return session_table()

    @property
    def positions(self) -> FirestorePositions:
        return FirestorePositions(self.documents.documents)

    @property
    def fills(self) -> FirestoreFills:
        return FirestoreFills(self.documents.documents)

    @property
    def daily_pnl(self) -> FirestoreDailyPnl:
        return FirestoreDailyPnl(self.documents.documents)

    def earlier(self, date: str) -> dict[FollowerId, EarlierDays]:
        """What came before a session, as a leader reads it in the morning."""
        reading = read_earlier_days_async(
            FirestoreEarlier(self.documents),
            AsyncFirestoreFills(self.documents),
            session_table(),
            date,
            (),
        )
        return asyncio.run(reading)

    def in_the_morning(self, date: str) -> CarriedResults:
        """What a leader makes of it, who has the orders of what is held."""
        held = [one for one in self.orders.values() if self._is_open(one.spread)]
        position_of = {one.order_id: position_id_of(ANNA, one.spread) for one in held}
        known: dict[FollowerId, CarriedIn] = {}
        for who, days in self.earlier(date).items():
            found = carried_in(days, position_of)
            assert found is not None
            known[who] = found
        results = CarriedResults()
        results.keep(known, ())
        return results

    def trade(self, date: str, told: list[Trade]) -> None:
        opened_at = session_on(date).open_at
        for number, trade in enumerate(told, start=1):
            spread = self.spreads[trade.which]
            if date > spread.expiry and not self._is_open(spread):
                continue  # what is over stays over
            order = self._order(date, trade.which)
            contract = spread.long_contract if trade.is_long else spread.short_contract
            fill = replace(
                a_fill(trade.side, trade.quantity, str(trade.price), contract=contract),
                exec_id=ExecId(f"{date}.{number}"),
                order_id=order.order_id,
                session_date=date,
                at=opened_at + timedelta(minutes=number),
            )
            self.told.append(fill)
            self._put(f"fills/{fill.exec_id}", encode(fill))
            position = self._position(spread)
            self._put(f"positions/{position.position_id}", encode(position))

    def marked(self, date: str, carried: CarriedResults, mids: dict[ContractKey, Decimal]) -> Mark:
        """The last mark of a session, by the board of a leader who has what it would have."""
        orders = {
            key: one
            for key, one in self.orders.items()
            if one.session_date == date or self._was_open(one.spread, date)
        }
        desk = a_desk(AsyncManualClock(session_on(date).open_at))
        desk.adopt([Stored(value=one, version="1.0") for one in orders.values()])
        desk.adopt_fills([one for one in self.told if one.order_id in orders])
        now = session_on(date).close_at - timedelta(seconds=30)
        boards = make_boards(desk, carried, date, 0, now)
        (mark,) = make_marks(
            session_date=date,
            slot=int(now.timestamp()) // 30,
            now=now,
            lines=[line for board in boards for line in board.lines.values()],
            quotes={key: a_quote_of(key, mid, now) for key, mid in mids.items()},
            stale_seconds=90,
        )
        return mark

    def rolled_up(self, date: str, mark: Mark) -> tuple[DayEnd, tuple[Decimal, ...]]:
        todays = [fill for fill in self.told if fill.session_date == date]
        earlier = read_earlier_days(self, date, todays).get(ANNA)
        marked = marked_days([mark]).get(ANNA, MarkedDay())
        mids = last_mids([mark])
        if earlier is None:
            end = close_books(ANNA, fills=todays, mids=mids, marked=marked)
            totals = marked.totals
        else:
            end, totals = close_carried(ANNA, earlier, fills=todays, mids=mids, marked=marked)
        day = roll_up(
            session_date=date,
            follower_id=ANNA,
            totals=totals,
            end=end.result,
            extent=DayExtent(),
            commission_ratio=Decimal("0.2"),
            finality=Finality.PROVISIONAL,
            now=session_on(date).close_at,
        )
        self.daily_pnl.write([day])
        return end, totals

    def worth(self, mids: dict[ContractKey, Decimal]) -> Decimal:
        """The books' total since ever."""
        books = books_from_fills(self.told)
        return mark_legs(books.legs, mids, fees=books.fees).total

    def keys(self, told: dict[str, Decimal]) -> dict[ContractKey, Decimal]:
        """Middles by contract, of middles by strike."""
        contracts = {leg.contract for one in self.spreads for leg in one.opening_legs}
        return {one.key: told[f"{one.strike}"] for one in contracts}

    def _is_open(self, spread: Spread) -> bool:
        is_known = any(one.spread == spread for one in self.orders.values())
        return is_known and self._position(spread).is_open

    def _was_open(self, spread: Spread, date: str) -> bool:
        """Tell whether a spread was held when a session began."""
        ids = {one.order_id for one in self.orders.values() if one.spread == spread}
        books = books_from_fills(
            fill for fill in self.told if fill.order_id in ids and fill.session_date < date
        )
        return any(leg.quantity for leg in books.legs)

    def _order(self, date: str, which: int) -> Order:
        """The order of a session that trades a spread; a later session's trades what is held."""
        spread = self.spreads[which]
        position_id = position_id_of(ANNA, spread)
        dates = {one.session_date for one in self.orders.values() if one.spread == spread}
        is_later = any(one < date for one in dates)
        order_id = OrderId(f"{date}-QQQ-{which + 1}~anna~open")
        if is_later:
            order_id = OrderId(f"{position_id}~close~{date}")
        if order_id not in self.orders:
            self.orders[order_id] = replace(
                an_order(OrderState.FILLED, spread=spread),
                order_id=order_id,
                session_date=date,
                purpose=Purpose.CLOSE if is_later else Purpose.OPEN,
            )
        return self.orders[order_id]

    def _position(self, spread: Spread) -> Position:
        orders = [one for one in self.orders.values() if one.spread == spread]
        ids = {one.order_id for one in orders}
        return position_from_fills(
            follower_id=ANNA,
            account_id=orders[0].account_id,
            session_date=min(one.session_date for one in orders),
            spread=spread,
            fills=[fill for fill in self.told if fill.order_id in ids],
        )

    def _put(self, path: str, data: dict[str, object]) -> None:
        self.documents.documents.commit([Replace(path=path, data=data)])


def session_on(date: str) -> Session:
    session = session_table().session_on(date)
    assert session is not None
    return session


def a_quote_of(key: ContractKey, mid: Decimal, at: datetime) -> Quote:
    half = Decimal("0.01")
    return Quote(contract_key=key, bid=mid - half, ask=mid + half, bid_size=9, ask_size=9, at=at)


Day = tuple[list[Trade], dict[str, Decimal]]


@settings(max_examples=40)
@given(
    st.sampled_from(EXPIRIES),
    st.lists(st.tuples(trades, middles), min_size=len(DATES), max_size=len(DATES)),
)
def test_marks_at_the_close_the_roll_up_and_the_books_say_the_same(
    expiry: str, days: list[Day]
) -> None:
    life = Life(expiry)
    before = Decimal(0)
    for date, (told, by_strike) in zip(DATES, days, strict=True):
        mids = life.keys(by_strike)
        carried = life.in_the_morning(date)
        life.trade(date, told)
        mark = life.marked(date, carried, mids)
        assert mark.unmarked == ()
        end, totals = life.rolled_up(date, mark)
        worth = life.worth(mids)
        assert end.result.total == worth - before
        shown = [entry.total for entry in mark.entries.values()] or [Decimal(0)]
        assert [*shown] == [end.result.total]
        assert list(totals) in ([end.result.total], [])
        before = worth


def test_without_the_roll_up_of_the_evening_nobody_is_marked() -> None:
    life = Life(EXPIRIES[1])
    first, second = DATES[:2]
    bought = Trade(which=0, is_long=True, side=Side.BUY, quantity=1, price=Decimal(1))
    life.trade(first, [bought])
    earlier = life.earlier(second)
    assert earlier[ANNA].missing == (first,)
    carried = CarriedResults()
    assert carried.is_anything_carried, "nobody has looked yet"
    mids = life.keys(dict.fromkeys(LEGS, Decimal(2)))
    carried.keep({}, {ANNA})
    life.trade(second, [bought])
    mark = life.marked(second, carried, mids)
    assert (mark.entries, mark.unmarked) == ({}, ("anna",))
