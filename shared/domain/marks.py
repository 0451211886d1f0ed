"""Marks: everybody's profit and loss at one 30-second slot of a session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.boards import NOTHING, BoardLine, day_part
from shared.domain.money import ZERO
from shared.domain.options import ContractKey
from shared.domain.pnl import ProfitAndLoss, mark_legs
from shared.domain.quotes import Quote

FOLLOWERS_PER_MARK = 2000
SLOT_SECONDS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class QuoteUsed:
    """A quote as a mark used it.

    Attributes:
        bid: USD per share.
        ask: USD per share.
        at: When its feed last proved alive (UTC).
        stale: True where it was older than the setting allows.
    """

    bid: Decimal
    ask: Decimal
    at: datetime
    stale: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkEntry(ProfitAndLoss):
    """A follower's result at one slot, USD.

    Attributes:
        carried: What was taken off so that the entry is the day's alone. None where nothing was:
            he carried nothing in, or the mark was made when entries still counted what was
            carried from its opening.
    """

    carried: ProfitAndLoss | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One slot's document, for up to 2,000 followers.

    Attributes:
        session_date: ISO text.
        slot: Epoch seconds of the market time, divided by 30, floored.
        part: 0 for the first 2,000 followers in id order.
        marked_at: Market time (UTC).
        entries: Result of the day by follower id.
        quotes: Quotes used, by contract key.
        stale: True where any quote used was stale.
        unmarked: Followers with an open leg that has no two-sided quote, or of whom nobody knows
            what they carried in; never guessed.
    """

    session_date: str
    slot: int
    part: int
    marked_at: datetime
    entries: dict[str, MarkEntry]
    quotes: dict[str, QuoteUsed]
    stale: bool
    unmarked: tuple[str, ...] = ()


def slot_of(at: datetime) -> int:
    """The slot that an instant falls in."""
    return int(at.timestamp()) // SLOT_SECONDS


def make_marks(
    *,
    session_date: str,
    slot: int,
    now: datetime,
    lines: Sequence[BoardLine],
    quotes: Mapping[ContractKey, Quote],
    stale_seconds: float,
) -> tuple[Mark, ...]:
    """Mark every line of a session's boards; at least one mark, even for an empty book."""
    used = _quotes_used(lines, quotes, now, stale_seconds)
    mids = {ContractKey(key): (quote.bid + quote.ask) / 2 for key, quote in used.items()}
    ordered = sorted(lines, key=lambda line: line.follower_id)
    parts = [
        ordered[start : start + FOLLOWERS_PER_MARK]
        for start in range(0, len(ordered), FOLLOWERS_PER_MARK)
    ] or [[]]
    return tuple(
        _one_mark(session_date, slot, now, number, part, used, mids)
        for number, part in enumerate(parts)
    )


def _one_mark(
    session_date: str,
    slot: int,
    now: datetime,
    number: int,
    part: Sequence[BoardLine],
    used: dict[str, QuoteUsed],
    mids: Mapping[ContractKey, Decimal],
) -> Mark:
    markable = [line for line in part if _is_markable(line, mids)]
    return Mark(
        session_date=session_date,
        slot=slot,
        part=number,
        marked_at=now,
        entries={line.follower_id: _entry(line, mids) for line in markable},
        quotes=used,
        stale=any(quote.stale for quote in used.values()),
        unmarked=tuple(line.follower_id for line in part if not _is_markable(line, mids)),
    )


def _entry(line: BoardLine, mids: Mapping[ContractKey, Decimal]) -> MarkEntry:
    carried = line.carried
    day = day_part(mark_legs(line.legs, mids, fees=line.fees), carried)
    return MarkEntry(
        realized=day.realized,
        unrealized=day.unrealized,
        fees=day.fees,
        carried=None if carried == NOTHING else carried,
    )


def _is_markable(line: BoardLine, mids: Mapping[ContractKey, Decimal]) -> bool:
    is_quoted = all(leg.quantity == 0 or leg.contract_key in mids for leg in line.legs)
    return is_quoted and line.is_carried_known


def _quotes_used(
    lines: Sequence[BoardLine],
    quotes: Mapping[ContractKey, Quote],
    now: datetime,
    stale_seconds: float,
) -> dict[str, QuoteUsed]:
    needed = sorted({leg.contract_key for line in lines for leg in line.legs if leg.quantity})
    used: dict[str, QuoteUsed] = {}
    for key in needed:
        quote = quotes.get(key)
        if quote is None or quote.bid is None or quote.ask is None or quote.mid is None:
            continue
        stale = quote.age_seconds(now) > stale_seconds
        used[key] = QuoteUsed(bid=quote.bid, ask=quote.ask, at=quote.at, stale=stale)
    return used


def book_total(marks: Sequence[Mark]) -> Decimal:
    """The whole book's total of the day, USD."""
    return sum((entry.total for mark in marks for entry in mark.entries.values()), ZERO)
