"""Closing a spread: when the end of the day demands it, and at what price.

Prices are those of the BOUGHT closing combo (the opening legs turned round): a debit, positive,
rising as we give way, and never above the strike width, which is the most a vertical is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from shared.domain.followers import AccountId
from shared.domain.money import ceil_to_tick
from shared.domain.options import ContractKey
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.positions import Position, PositionId
from shared.domain.spreads import Spread


def closing_order_id(position_id: PositionId, number: int) -> OrderId:
    """Name the n-th closing order of a position."""
    return OrderId(f"{position_id}~close~{number}")


def is_near_the_money(spread: Spread, spot: Decimal, near_ratio: Decimal) -> bool:
    """Tell whether a short strike is in the money, or within a share of it.

    Args:
        spread: What was sold.
        spot: Middle of the underlying, USD per share.
        near_ratio: Distance, as a share of the strike, that still counts as near.
    """
    short = spread.short_contract
    return short.intrinsic(spot) > 0 or abs(spot - short.strike) <= near_ratio * short.strike


def closing_limit(
    previous: Decimal | None, natural: Decimal, *, width: Decimal, step: Decimal, tick: Decimal
) -> Decimal:
    """The next limit of a closing: the natural price rounded up, rising, at most the width.

    Args:
        previous: The limit before; None for the first.
        natural: What the closing combo costs at the legs' own quotes now, USD per share.
        width: Distance of the strikes.
        step: Least rise from one limit to the next.
        tick: Smallest price step of the combo.
    """
    limit = ceil_to_tick(natural, tick)
    if previous is not None:
        limit = max(limit, previous + ceil_to_tick(step, tick))
    return min(limit, width)


def closing_quantity(position: Position, held: Mapping[tuple[AccountId, ContractKey], int]) -> int:
    """Spreads that may be closed: what we hold by our books, but no more than the broker has.

    The follower may have traded a leg himself; our orders never bring a leg through zero.

    Args:
        position: What is held by our books.
        held: What the broker holds, signed, by account and contract.
    """
    account, spread = position.account_id, position.spread
    long_side = held.get((account, spread.long_contract.key), 0)
    short_side = held.get((account, spread.short_contract.key), 0)
    return max(0, min(position.open_quantity, long_side, -short_side))


def plan_closing(
    position: Position, opened_by: Order, number: int, *, quantity: int, now: datetime
) -> Order:
    """Plan the closing of a position.

    Args:
        position: What is held.
        opened_by: The opening order it came from.
        number: 1 for the position's first closing.
        quantity: Spreads to close (see `closing_quantity`).
        now: Market time (UTC).
    """
    return Order(
        order_id=closing_order_id(position.position_id, number),
        purpose=Purpose.CLOSE,
        signal_id=opened_by.signal_id,
        follower_id=position.follower_id,
        login_id=opened_by.login_id,
        account_id=position.account_id,
        session_date=opened_by.session_date,
        spread=position.spread,
        quantity=quantity,
        state=OrderState.PLANNED,
        planned_at=now,
        traceparent=opened_by.traceparent,
    )
