"""The day of a follower who carried something into it: its end less the end before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from shared.domain.boards import day_part
from shared.domain.day_books import (
    DayEnd,
    Discrepancy,
    MarkedDay,
    books_from_fills,
    close_books,
)
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.marks import MarkEntry
from shared.domain.money import ZERO
from shared.domain.options import ContractKey
from shared.domain.orders import OrderId
from shared.domain.pnl import ProfitAndLoss
from shared.domain.positions import PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierDays:
    """What a follower's books hold since the first opening of what he carried.

    Attributes:
        fills: Of the sessions from that opening to the one before.
        result: The days of those sessions, added up as they were rolled up.
        missing: Those of the sessions in which he had something and that were never rolled up;
            their results are in no day yet.
    """

    fills: tuple[Fill, ...]
    result: ProfitAndLoss
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedIn:
    """What a follower had made by the end before, and which part of it is over.

    Attributes:
        result: The days before, since the first opening of what he carried, added up.
        over: Result by position that was flat at the end before: the days before hold it, and
            nothing that counts only what is still held does.
        held: Positions that were held at the end before.
    """

    result: ProfitAndLoss
    over: Mapping[PositionId, ProfitAndLoss] = field(default_factory=dict)
    held: frozenset[PositionId] = frozenset()

    def of(self, shown: Collection[PositionId]) -> ProfitAndLoss:
        """What these positions had made by the end before; every held one must be among them.

        Args:
            shown: Positions whose whole result, since their opening, is counted.
        """
        made = self.result
        for position_id, result in self.over.items():
            if position_id not in shown:
                made = day_part(made, result)
        return made


_UNNAMED = PositionId("")
"""Stands for every position that is over and that nobody names any more."""


def carried_in(earlier: EarlierDays, position_of: Mapping[OrderId, PositionId]) -> CarriedIn | None:
    """Sort what was carried in by position.

    Args:
        earlier: What came before.
        position_of: Positions by order, of everything that is still held at least.

    Returns:
        None where it cannot be told: a day before was not rolled up, or the fills of something
        that was still held belong to no position that is named.
    """
    if earlier.missing:
        return None
    fills_of: dict[PositionId, list[Fill]] = {}
    for fill in earlier.fills:
        fills_of.setdefault(position_of.get(fill.order_id, _UNNAMED), []).append(fill)
    books = {name: books_from_fills(fills) for name, fills in fills_of.items()}
    held = {name for name, one in books.items() if any(leg.quantity for leg in one.legs)}
    if _UNNAMED in held:
        return None
    return CarriedIn(
        result=earlier.result,
        over={
            name: ProfitAndLoss(realized=one.realized, fees=one.fees)
            for name, one in books.items()
            if name not in held
        },
        held=frozenset(held),
    )


def close_carried(
    follower_id: FollowerId,
    earlier: EarlierDays,
    *,
    fills: Sequence[Fill],
    mids: Mapping[ContractKey, Decimal],
    marked: MarkedDay,
) -> tuple[DayEnd, tuple[Decimal, ...]]:
    """Close the day of a follower who carried something into it.

    His days add up to his result since the opening, to the micro: each is the books at its end
    less the days before it.

    Args:
        follower_id: Whose.
        earlier: What came before.
        fills: Of the day.
        mids: Middle of the market per contract at the end, USD per share.
        marked: His marks; each says by itself what was taken off it.

    Returns:
        The day's end, and the marked totals of the day alone.
    """
    over = _what_was_over(earlier.fills)
    end = close_books(
        follower_id,
        fills=[*earlier.fills, *fills],
        mids=mids,
        marked=_since_opening(marked, earlier.result, over),
    )
    day = replace(
        end,
        result=day_part(end.result, earlier.result),
        trades=books_from_fills(fills).trades,
        discrepancies=(*end.discrepancies, *_missing(follower_id, earlier)),
    )
    carried = earlier.result.total - over.total
    return day, tuple(
        entry.total if entry.carried is not None else entry.total - carried
        for entry in marked.entries
    )


def _missing(follower_id: FollowerId, earlier: EarlierDays) -> tuple[Discrepancy, ...]:
    words = "session {} was not rolled up; what it made is in this day, roll it up and then this"
    return tuple(
        Discrepancy(follower_id=follower_id, words=words.format(date)) for date in earlier.missing
    )


def _since_opening(marked: MarkedDay, result: ProfitAndLoss, over: ProfitAndLoss) -> MarkedDay:
    """Count the last mark from where the books count: the first opening of what was carried."""
    last = marked.last
    if last is None:
        return marked
    whole = last + (result if last.carried is not None else over)
    entry = MarkEntry(realized=whole.realized, unrealized=whole.unrealized, fees=whole.fees)
    return replace(marked, entries=(entry,))


def _what_was_over(fills: Sequence[Fill]) -> ProfitAndLoss:
    """The part of earlier days that no mark of today counts: contracts that were flat by then.

    Only for marks from which nothing was taken off.
    """
    flat = {leg.contract_key: leg for leg in books_from_fills(fills).legs if not leg.quantity}
    fees = sum((fill.fee or ZERO for fill in fills if fill.contract_key in flat), ZERO)
    return ProfitAndLoss(realized=sum((leg.realized for leg in flat.values()), ZERO), fees=fees)
