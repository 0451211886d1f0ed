"""The board: one line per follower of a session, a projection that marks and people read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from shared.domain.followers import AccountId, FollowerId, LoginId
from shared.domain.money import ZERO
from shared.domain.options import ContractKey
from shared.domain.orders import Order, OrderState
from shared.domain.pnl import ProfitAndLoss
from shared.domain.positions import LegPosition, Position
from shared.domain.reasons import Reason

FOLLOWERS_PER_BOARD = 500
NOTHING = ProfitAndLoss()
"""What a follower had made of what he did not carry."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardLine:
    """Where one follower stands.

    Attributes:
        follower_id: Whose line.
        login_id: Login that carries the account.
        account_id: Broker account.
        order_state: State of his opening order.
        reason: Why it did not trade as planned.
        rung: Number of the last rung; 0 before the first.
        limit: Last limit, signed USD per share.
        quantity: Spreads ordered.
        filled_quantity: Spreads filled.
        average_net_price: Signed average of the fills, USD per share.
        open_quantity: Whole spreads held.
        legs: Holdings by contract.
        realized: Closed profit before fees, USD.
        fees: Broker fees so far, USD, positive.
        carried: What `legs` and `fees` had made by the end of the session before, as it was
            rolled up: it belongs to the days before. The line less this is the day. Zero where
            nothing was carried in.
        is_carried_known: False where that cannot be told, a roll-up before being missing; the
            line then counts from the opening, and nobody may take it for the day's.
    """

    follower_id: FollowerId
    login_id: LoginId
    account_id: AccountId
    order_state: OrderState
    reason: Reason | None = None
    rung: int = 0
    limit: Decimal | None = None
    quantity: int = 0
    filled_quantity: int = 0
    average_net_price: Decimal | None = None
    open_quantity: int = 0
    legs: tuple[LegPosition, ...] = ()
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    carried: ProfitAndLoss = NOTHING
    is_carried_known: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """Up to 500 lines of one session and shard.

    Attributes:
        session_date: ISO text.
        shard: Gateway shard that writes it.
        part: 0 for the first 500 followers in id order.
        lines: By follower id.
        written_at: Market time (UTC).
    """

    session_date: str
    shard: int
    part: int
    lines: dict[str, BoardLine]
    written_at: datetime


def board_line(
    order: Order,
    positions: Sequence[Position],
    carried: ProfitAndLoss | None = NOTHING,
) -> BoardLine:
    """Project an opening order and the positions that its follower holds.

    Args:
        order: Of today, or the one that opened a carried position.
        positions: What it led to, and what earlier sessions left.
        carried: What these positions had made by the end before; None where nobody knows.
    """
    last = order.rungs[-1] if order.rungs else None
    return BoardLine(
        follower_id=order.follower_id,
        login_id=order.login_id,
        account_id=order.account_id,
        order_state=order.state,
        reason=order.reason,
        rung=last.number if last else 0,
        limit=last.limit if last else None,
        quantity=order.quantity,
        filled_quantity=order.filled_quantity,
        average_net_price=order.average_net_price,
        open_quantity=sum(position.open_quantity for position in positions),
        legs=_merged(leg for position in positions for leg in position.legs),
        realized=sum((position.realized for position in positions), ZERO),
        fees=sum((position.fees for position in positions), ZERO),
        carried=carried or NOTHING,
        is_carried_known=carried is not None,
    )


def day_part(result: ProfitAndLoss, carried: ProfitAndLoss) -> ProfitAndLoss:
    """Take off a result since the opening what it had made by the end before, item by item."""
    return ProfitAndLoss(
        realized=result.realized - carried.realized,
        unrealized=result.unrealized - carried.unrealized,
        fees=result.fees - carried.fees,
    )


def _merged(legs: Iterable[LegPosition]) -> tuple[LegPosition, ...]:
    """Add up legs of the same contract: two spreads may share one."""
    merged: dict[ContractKey, LegPosition] = {}
    for leg in legs:
        known = merged.get(leg.contract_key, replace(leg, quantity=0, cost=ZERO, realized=ZERO))
        merged[leg.contract_key] = replace(
            leg,
            quantity=known.quantity + leg.quantity,
            cost=known.cost + leg.cost,
            realized=known.realized + leg.realized,
        )
    return tuple(_settled(leg) for leg in merged.values())


def _settled(leg: LegPosition) -> LegPosition:
    """Two spreads may hold a contract against each other: what is flat then is realized."""
    if leg.quantity:
        return leg
    return replace(leg, cost=ZERO, realized=leg.realized - leg.cost * leg.multiplier)
