"""A follower's books of one session: his result from fills, checked against the last mark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.marks import Mark, MarkEntry
from shared.domain.money import ZERO, usd_text
from shared.domain.options import ContractKey
from shared.domain.pnl import ProfitAndLoss, mark_legs
from shared.domain.positions import LegPosition, book_leg

SETTLING_SECONDS = 60
"""Boards and fees follow a fill by seconds: no mark is held against the books before that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowerBooks:
    """What a follower's fills amount to.

    Attributes:
        legs: Holdings by contract, in key order; a contract traded in two spreads is one leg.
        fees: Broker fees, USD, positive.
        trades: Leg executions; the zero-price bookings of expired options are none.
        volume: Contracts and shares of those.
    """

    legs: tuple[LegPosition, ...] = ()
    fees: Decimal = ZERO
    trades: int = 0
    volume: int = 0

    @property
    def realized(self) -> Decimal:
        """Closed profit before fees, USD."""
        return sum((leg.realized for leg in self.legs), ZERO)

    @property
    def open_legs(self) -> int:
        """How many contracts are held."""
        return sum(1 for leg in self.legs if leg.quantity)


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedDay:
    """A follower's marks of one session.

    Attributes:
        entries: His results in slot order; slots without a mark of his are left out. An entry
            says by itself what was taken off it.
        last_at: When the last one was made (market time, UTC).
    """

    entries: tuple[MarkEntry, ...] = ()
    last_at: datetime | None = None

    @property
    def totals(self) -> tuple[Decimal, ...]:
        """His totals in slot order, USD."""
        return tuple(entry.total for entry in self.entries)

    @property
    def last(self) -> MarkEntry | None:
        """His result at his last mark; None without one."""
        return self.entries[-1] if self.entries else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Discrepancy:
    """Something about a follower's day that does not add up, for the log and for people."""

    follower_id: FollowerId
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DayEnd:
    """A follower's result at the end of a session.

    Attributes:
        result: Realized and fees from his fills, unrealized at the session's last quotes.
        trades: Leg executions.
        discrepancies: What does not add up.
    """

    result: ProfitAndLoss
    trades: int
    discrepancies: tuple[Discrepancy, ...] = field(default=())


def books_from_fills(fills: Iterable[Fill]) -> FollowerBooks:
    """Book a follower's leg fills in the order they happened, contract by contract."""
    legs: dict[ContractKey, LegPosition] = {}
    fees, trades, volume = ZERO, 0, 0
    for fill in sorted(fills, key=lambda one: (one.at, one.exec_id)):
        if fill.is_combo:
            continue
        held = legs.get(fill.contract_key) or LegPosition(
            contract_key=fill.contract_key, multiplier=fill.multiplier
        )
        legs[fill.contract_key] = book_leg(held, fill.signed_quantity, fill.price)
        fees += fill.fee or ZERO
        trades += 1 if fill.price and fill.quantity else 0
        volume += fill.quantity if fill.price else 0
    return FollowerBooks(
        legs=tuple(legs[key] for key in sorted(legs)), fees=fees, trades=trades, volume=volume
    )


def last_mids(marks: Iterable[Mark]) -> dict[ContractKey, Decimal]:
    """The middle of each contract's last quote that a mark used, USD per share."""
    mids: dict[ContractKey, Decimal] = {}
    for mark in sorted(marks, key=lambda one: (one.slot, one.part)):
        for key, used in mark.quotes.items():
            mids[ContractKey(key)] = (used.bid + used.ask) / 2
    return mids


def marked_days(marks: Iterable[Mark]) -> dict[str, MarkedDay]:
    """Sort a session's marks by follower."""
    entries: dict[str, list[MarkEntry]] = {}
    last_at: dict[str, datetime] = {}
    for mark in sorted(marks, key=lambda one: (one.slot, one.part)):
        for follower_id, entry in mark.entries.items():
            entries.setdefault(follower_id, []).append(entry)
            last_at[follower_id] = mark.marked_at
    return {
        follower_id: MarkedDay(entries=tuple(series), last_at=last_at[follower_id])
        for follower_id, series in entries.items()
    }


def close_books(
    follower_id: FollowerId,
    *,
    fills: Sequence[Fill],
    mids: Mapping[ContractKey, Decimal],
    marked: MarkedDay,
) -> DayEnd:
    """Close a follower's day.

    An open leg that no mark ever quoted is carried at cost and reported, never guessed.
    """
    books = books_from_fills(fills)
    unquoted = [leg for leg in books.legs if leg.quantity and leg.contract_key not in mids]
    at_cost = {leg.contract_key: leg.cost / leg.quantity for leg in unquoted}
    result = mark_legs(books.legs, {**mids, **at_cost}, fees=books.fees)
    said = [
        f"{leg.contract_key} is open and was never quoted; it is carried at cost"
        for leg in unquoted
    ]
    said += _against_marks(fills, marked)
    return DayEnd(
        result=result,
        trades=books.trades,
        discrepancies=tuple(Discrepancy(follower_id=follower_id, words=one) for one in said),
    )


def _against_marks(fills: Sequence[Fill], marked: MarkedDay) -> list[str]:
    if marked.last is None or marked.last_at is None:
        return []
    settled_before = marked.last_at - timedelta(seconds=SETTLING_SECONDS)
    if any(settled_before < fill.at <= marked.last_at for fill in fills):
        return []
    then = books_from_fills(fill for fill in fills if fill.at <= marked.last_at)
    compared = (
        ("realized", then.realized, marked.last.realized),
        ("fees", then.fees, marked.last.fees),
    )
    return [
        f"{what} {usd_text(booked)} USD by fills, {usd_text(seen)} USD at the last mark"
        for what, booked, seen in compared
        if booked != seen
    ]
