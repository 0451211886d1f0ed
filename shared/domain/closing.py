"""Closing a spread: when the end of the day demands it, at what price and how much of it.

Prices are those of the BOUGHT closing combo (the opening legs turned round): a debit, positive,
rising as we give way, and never above the strike width, which is the most a vertical is worth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from shared.domain.close_causes import CloseCause
from shared.domain.followers import AccountId
from shared.domain.money import ceil_to_tick
from shared.domain.options import ContractKey
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.positions import Position, PositionId
from shared.domain.quotes import NetQuote, Quote
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


def closing_market(
    spread: Spread,
    quotes: Mapping[ContractKey, Quote],
    *,
    now: datetime,
    max_age_seconds: float,
) -> NetQuote | None:
    """Price the bought closing combo from its legs: a debit, USD per share.

    The long leg may be worth nothing any more: where it is offered and nobody bids, it is sold
    for nothing. The short leg, which is bought back, needs both sides.

    Returns:
        None where a leg is missing, crossed or older than allowed, or the short one-sided.
    """
    long = _fresh(quotes.get(spread.long_contract.key), now, max_age_seconds)
    short = _fresh(quotes.get(spread.short_contract.key), now, max_age_seconds)
    if long is None or short is None or short.bid is None:
        return None
    if long.ask is None or short.ask is None:
        return None
    return NetQuote(bid=short.bid - long.ask, ask=short.ask - (long.bid or Decimal(0)))


def _fresh(quote: Quote | None, now: datetime, max_age_seconds: float) -> Quote | None:
    if quote is None or quote.age_seconds(now) > max_age_seconds or quote.is_crossed:
        return None
    return quote


Contracts = Mapping[tuple[AccountId, ContractKey], int]
"""Contracts by account, signed."""


def closing_quantity(position: Position, held: Contracts, closing: Contracts | None = None) -> int:
    """Spreads that may be closed: what we hold by our books, but no more than the broker has.

    The follower may have traded a leg himself; our orders never bring a leg through zero.

    Args:
        position: What is held by our books.
        held: What the broker holds, signed, by account and contract.
        closing: What live closing orders will still trade, signed, by account and contract:
            another spread of the account may share a leg.
    """
    account, spread = position.account_id, position.spread

    def free(key: ContractKey) -> int:
        return held.get((account, key), 0) + (closing or {}).get((account, key), 0)

    long_side, short_side = free(spread.long_contract.key), free(spread.short_contract.key)
    return max(0, min(position.open_quantity, long_side, -short_side))


def under_way(orders: Iterable[Order]) -> dict[tuple[AccountId, ContractKey], int]:
    """Sum what orders that have not ended may still trade away of what is held, signed."""
    total: Counter[tuple[AccountId, ContractKey]] = Counter()
    for order in orders:
        if order.purpose is not Purpose.OPEN and not order.is_terminal:
            for key, side in order.sides:
                total[order.account_id, key] += side.sign * order.remaining
    return dict(total)


def plan_closing(
    position: Position,
    opened_by: Order,
    number: int,
    *,
    quantity: int,
    session_date: str,
    now: datetime,
    cause: CloseCause,
) -> Order:
    """Plan the closing of a position.

    Args:
        position: What is held.
        opened_by: The opening order it came from.
        number: 1 for the position's first closing.
        quantity: Spreads to close (see `closing_quantity`).
        session_date: Session in which it is closed, ISO text: a carried position was opened in
            an earlier one.
        now: Market time (UTC).
        cause: Why.
    """
    return Order(
        order_id=closing_order_id(position.position_id, number),
        purpose=Purpose.CLOSE,
        signal_id=opened_by.signal_id,
        follower_id=position.follower_id,
        login_id=opened_by.login_id,
        account_id=position.account_id,
        session_date=session_date,
        spread=position.spread,
        quantity=quantity,
        state=OrderState.PLANNED,
        planned_at=now,
        traceparent=opened_by.traceparent,
        close_cause=cause,
    )
