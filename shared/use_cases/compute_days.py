"""Compute everybody's day of a session from what is on record; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from shared.domain.carried_days import EarlierDays, close_carried
from shared.domain.daily_pnl import DailyPnl, DayExtent, roll_up
from shared.domain.day_books import (
    DayEnd,
    Discrepancy,
    MarkedDay,
    books_from_fills,
    close_books,
    last_mids,
    marked_days,
)
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.marks import Mark
from shared.domain.money import ZERO
from shared.domain.months import month_of
from shared.domain.session_record import Finality
from shared.domain.sessions import Session, SessionTable
from shared.domain.terms import USUAL_COMMISSION_RATIO, Terms, terms_in_force
from shared.ports.boards import BoardReader
from shared.ports.daily_pnl import DailyPnlBook
from shared.ports.fills import FillReader
from shared.ports.marks import Marks
from shared.ports.orders import PlannedOrders
from shared.ports.positions import PositionReader
from shared.ports.terms import TermsBook
from shared.use_cases.read_earlier_days import read_earlier_days


class _DaySource(Protocol):
    """Whatever carries the ports that this needs, under these names."""

    @property
    def table(self) -> SessionTable: ...

    @property
    def boards(self) -> BoardReader: ...

    @property
    def orders(self) -> PlannedOrders: ...

    @property
    def positions(self) -> PositionReader: ...

    @property
    def fills(self) -> FillReader: ...

    @property
    def marks(self) -> Marks: ...

    @property
    def terms(self) -> TermsBook: ...

    @property
    def daily_pnl(self) -> DailyPnlBook: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ComputedDays:
    """A session as the records give it.

    Attributes:
        days: Everybody's day, in follower order.
        marked_slots: Slots that were marked.
        discrepancies: What does not add up.
    """

    days: tuple[DailyPnl, ...]
    marked_slots: frozenset[int]
    discrepancies: tuple[Discrepancy, ...]


def compute_days(
    ports: _DaySource, session: Session, *, finality: Finality, now: datetime
) -> ComputedDays:
    """Compute a session's days.

    Args:
        ports: What it takes.
        session: Which.
        finality: What the days say of themselves.
        now: Market time (UTC), which they carry.

    Raises:
        AdapterError: If the database failed.
    """
    books = _read_books(ports, session)
    ends = _close_all(books)
    agreed = ports.terms.all()
    terms = {who: _terms_of(agreed.get(who, ()), session) for who in books.followers}
    return ComputedDays(
        days=tuple(_roll_up_all(session, books, ends, terms, finality, now)),
        marked_slots=frozenset(mark.slot for mark in books.marks),
        discrepancies=(
            *(one for who in books.followers for one in ends[who][0].discrepancies),
            *_unknown_terms(who for who, found in terms.items() if found is None),
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Books:
    """Everything recorded of a session, and of the days before it of who carried something."""

    marks: tuple[Mark, ...]
    marked: dict[str, MarkedDay]
    fills: tuple[Fill, ...]
    followers: tuple[FollowerId, ...]
    earlier: dict[FollowerId, EarlierDays]


def _read_books(ports: _DaySource, session: Session) -> _Books:
    date = session.session_date
    marks, fills = ports.marks.of_session(date), ports.fills.of_session(date)
    earlier = read_earlier_days(ports, date, fills)
    had_anything: set[str] = {fill.follower_id for fill in fills} | set(earlier)
    had_anything.update(line.follower_id for line in ports.boards.lines(date))
    had_anything.update(order.follower_id for order in ports.orders.of_session(date))
    had_anything.update(position.follower_id for position in ports.positions.of_session(date))
    for mark in marks:
        had_anything.update(mark.entries, mark.unmarked)
    followers = tuple(FollowerId(who) for who in sorted(had_anything))
    return _Books(
        marks=marks,
        marked=marked_days(marks),
        fills=fills,
        followers=followers,
        earlier=earlier,
    )


def _close_all(books: _Books) -> dict[FollowerId, tuple[DayEnd, tuple[Decimal, ...]]]:
    """Close everybody's day; with his marked totals, counted from the end before."""
    mids = last_mids(books.marks)
    fills_of: dict[FollowerId, list[Fill]] = {who: [] for who in books.followers}
    for fill in books.fills:
        fills_of[fill.follower_id].append(fill)
    closed: dict[FollowerId, tuple[DayEnd, tuple[Decimal, ...]]] = {}
    for who, fills in fills_of.items():
        marked, earlier = books.marked.get(who, MarkedDay()), books.earlier.get(who)
        if earlier is None:
            end = close_books(who, fills=fills, mids=mids, marked=marked)
            closed[who] = end, marked.totals
        else:
            closed[who] = close_carried(who, earlier, fills=fills, mids=mids, marked=marked)
    return closed


def _terms_of(agreed: Iterable[Terms], session: Session) -> Terms | None:
    return terms_in_force(agreed, month_of(session.session_date))


def _roll_up_all(
    session: Session,
    books: _Books,
    ends: dict[FollowerId, tuple[DayEnd, tuple[Decimal, ...]]],
    terms: dict[FollowerId, Terms | None],
    finality: Finality,
    now: datetime,
) -> list[DailyPnl]:
    extents = _extents(books)
    return [
        roll_up(
            session_date=session.session_date,
            follower_id=who,
            totals=ends[who][1],
            end=ends[who][0].result,
            extent=extents[who],
            commission_ratio=found.commission_ratio if found else USUAL_COMMISSION_RATIO,
            finality=finality,
            now=now,
        )
        for who, found in terms.items()
    ]


def _extents(books: _Books) -> dict[FollowerId, DayExtent]:
    fills_of: dict[FollowerId, list[Fill]] = {who: [] for who in books.followers}
    for fill in books.fills:
        fills_of[fill.follower_id].append(fill)
    return {who: _extent(fills, books.earlier.get(who)) for who, fills in fills_of.items()}


def _extent(fills: Sequence[Fill], earlier: EarlierDays | None) -> DayExtent:
    before = earlier.fills if earlier else ()
    today = books_from_fills(fills)
    return DayExtent(
        trades=today.trades,
        volume=today.volume,
        opening_legs=books_from_fills(before).open_legs,
        closing_legs=books_from_fills([*before, *fills]).open_legs,
        unrealized_start=earlier.result.unrealized if earlier else ZERO,
    )


def _unknown_terms(followers: Iterable[FollowerId]) -> Iterable[Discrepancy]:
    for who in followers:
        yield Discrepancy(
            follower_id=who, words="no terms on record; the usual commission is assumed"
        )
