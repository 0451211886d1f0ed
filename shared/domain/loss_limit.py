"""A follower's daily loss limit: once it is reached he opens nothing until the next session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.boards import NOTHING, day_part
from shared.domain.followers import FollowerId
from shared.domain.options import ContractKey
from shared.domain.pnl import ProfitAndLoss, mark_legs
from shared.domain.positions import Position


@dataclass(frozen=True, kw_only=True, slots=True)
class Breach:
    """A limit that was reached: it bars its follower for the rest of the session.

    Attributes:
        follower_id: Whose.
        session_date: ISO text.
        total: The day's realized and unrealized result less fees when it was seen, USD; negative.
        limit: The limit, USD; positive.
        at: When it was seen (UTC).
    """

    follower_id: FollowerId
    session_date: str
    total: Decimal
    limit: Decimal
    at: datetime


def result_of(
    positions: Iterable[Position],
    mids: Mapping[ContractKey, Decimal],
    carried: ProfitAndLoss = NOTHING,
) -> ProfitAndLoss | None:
    """Sum up what a follower's positions brought in a day, marked to the middle.

    Args:
        positions: Positions of the day, whole: since their opening.
        mids: Middle of the market per contract, USD per share.
        carried: What they had made by the end before; zero counts them from their opening.

    Returns:
        None where an open leg has no middle: nobody knows the result then.
    """
    total = ProfitAndLoss()
    for position in positions:
        held = [leg for leg in position.legs if leg.quantity]
        if any(leg.contract_key not in mids for leg in held):
            return None
        total += mark_legs(position.legs, mids, fees=position.fees)
    return day_part(total, carried)


def is_breached(result: ProfitAndLoss, limit: Decimal) -> bool:
    """Tell whether a result has reached the limit: realized + unrealized - fees <= -limit."""
    return result.total <= -limit
