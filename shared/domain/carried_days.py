"""The day of a follower who carried something into it: its end less the end before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from shared.domain.day_books import DayEnd, MarkedDay, books_from_fills, close_books
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO
from shared.domain.options import ContractKey
from shared.domain.pnl import ProfitAndLoss


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierDays:
    """What a follower's books hold since the first opening of what he carried.

    Attributes:
        fills: Of the sessions from that opening to the one before.
        result: The days of those sessions, added up as they were rolled up.
    """

    fills: tuple[Fill, ...]
    result: ProfitAndLoss


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
        marked: His marks; they count from the opening of what he holds.

    Returns:
        The day's end, and the marked totals of the day alone.
    """
    over = _what_was_over(earlier.fills)
    end = close_books(
        follower_id,
        fills=[*earlier.fills, *fills],
        mids=mids,
        marked=replace(marked, last=marked.last + over if marked.last else None),
    )
    day = replace(
        end,
        result=end.result + _negative(earlier.result),
        trades=books_from_fills(fills).trades,
    )
    carried_in = earlier.result.total - over.total
    return day, tuple(total - carried_in for total in marked.totals)


def _what_was_over(fills: Sequence[Fill]) -> ProfitAndLoss:
    """The part of earlier days that no mark of today counts: contracts that were flat by then."""
    flat = {leg.contract_key: leg for leg in books_from_fills(fills).legs if not leg.quantity}
    fees = sum((fill.fee or ZERO for fill in fills if fill.contract_key in flat), ZERO)
    return ProfitAndLoss(realized=sum((leg.realized for leg in flat.values()), ZERO), fees=fees)


def _negative(result: ProfitAndLoss) -> ProfitAndLoss:
    return ProfitAndLoss(
        realized=-result.realized, unrealized=-result.unrealized, fees=-result.fees
    )
