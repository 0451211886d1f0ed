"""Clearing up after an assignment: which step comes next, and at what price.

The shares are flattened first and the long option is sold last: as long as the shares are held,
the long option is what bounds their loss. Exercising it instead is compared by price.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.money import ceil_to_tick, floor_to_tick
from shared.domain.options import Right, underlying_key
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.positions import Position, PositionId
from shared.domain.quotes import Quote
from shared.domain.spreads import Side

TICK = Decimal("0.01")
"""Price step of QQQ and of its options at every price (Nasdaq penny program)."""
GIVE_WAY = Decimal("0.02")
"""So much further through the market each time, USD per share."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """The next order that a position needs after an assignment.

    Attributes:
        purpose: FLATTEN_SHARES or SELL_LONG.
        quantity: Shares or contracts, positive.
    """

    purpose: Purpose
    quantity: int


def remedy_order_id(position_id: PositionId, number: int) -> OrderId:
    """Name the n-th order that clears up a position."""
    return OrderId(f"{position_id}~remedy~{number}")


def was_settled(position: Position) -> bool:
    """Tell whether shares were ever delivered to a position, whatever is left of them."""
    symbol = underlying_key(position.spread.symbol)
    return any(leg.contract_key == symbol for leg in position.legs)


def is_cleared(position: Position) -> bool:
    """Tell whether nothing of an assignment is left: no shares, no long without its short."""
    return position.share_quantity == 0 and position.unpaired_quantity == 0


def next_step(
    position: Position, *, shares_at_broker: int, long_at_broker: int, is_long_alive: bool
) -> Step | None:
    """Say what an assigned position needs next.

    Args:
        position: By our books.
        shares_at_broker: Shares that the account holds, signed, whoever bought them.
        long_at_broker: Contracts of the long leg that the account holds, signed.
        is_long_alive: False once the long option has expired.

    Returns:
        None where nothing is left to do, or the broker holds nothing that may be traded away:
        an order of ours never brings an account through zero.
    """
    shares = position.share_quantity
    if shares:
        is_long = position.spread.right is Right.PUT
        ours, theirs = (shares, shares_at_broker) if is_long else (-shares, -shares_at_broker)
        quantity = min(ours, theirs)
        return Step(purpose=Purpose.FLATTEN_SHARES, quantity=quantity) if quantity > 0 else None
    if not (was_settled(position) and is_long_alive):
        return None
    quantity = min(position.unpaired_quantity, long_at_broker - position.open_quantity)
    return Step(purpose=Purpose.SELL_LONG, quantity=quantity) if quantity > 0 else None


def exercise_quantity(position: Position) -> int:
    """Long contracts whose exercise would flatten shares that an assignment delivered."""
    return min(position.unpaired_quantity, abs(position.share_quantity) // _multiplier(position))


def exercising_pays(
    position: Position, stock: Quote, long: Quote | None, *, fee_per_contract: Decimal
) -> bool | None:
    """Compare exercising the long leg with flattening the shares and selling it.

    Args:
        position: What is held after the assignment.
        stock: The underlying.
        long: The long leg; one that nobody bids for is worth nothing.
        fee_per_contract: Broker fee of selling the option, USD; an exercise is free.

    Returns:
        None where the underlying has no market on the side that is needed.
    """
    strike = position.spread.long_strike
    bid = long.bid if long is not None and long.bid is not None else Decimal(0)
    option = bid - fee_per_contract / _multiplier(position)
    if position.spread.right is Right.PUT:
        return None if stock.bid is None else strike > stock.bid + option
    return None if stock.ask is None else strike < stock.ask - option


def remedy_limit(side: Side, quote: Quote, number: int) -> Decimal | None:
    """A marketable limit: at the market, and further through it the longer it takes.

    Args:
        side: BUY or SELL.
        quote: Of the contract.
        number: 1 for the first limit.

    Returns:
        USD per share, at least one tick; None where nobody is on the other side.
    """
    further = GIVE_WAY * (number - 1)
    if side is Side.BUY:
        return None if quote.ask is None else ceil_to_tick(quote.ask + further, TICK)
    if quote.bid is None:
        return None
    return max(TICK, floor_to_tick(quote.bid - further, TICK))


def plan_remedy(
    position: Position,
    opened_by: Order,
    step: Step,
    number: int,
    *,
    session_date: str,
    now: datetime,
) -> Order:
    """Plan the order of a step.

    Args:
        position: What is held.
        opened_by: The opening order it came from.
        step: What is needed.
        number: 1 for the position's first remedy.
        session_date: Session in which it trades, ISO text.
        now: Market time (UTC).
    """
    return Order(
        order_id=remedy_order_id(position.position_id, number),
        purpose=step.purpose,
        signal_id=opened_by.signal_id,
        follower_id=position.follower_id,
        login_id=opened_by.login_id,
        account_id=position.account_id,
        session_date=session_date,
        spread=position.spread,
        quantity=step.quantity,
        state=OrderState.PLANNED,
        planned_at=now,
        traceparent=opened_by.traceparent,
    )


def _multiplier(position: Position) -> int:
    return position.spread.multiplier
