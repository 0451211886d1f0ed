"""Work one opening order up its ladder until it is filled or the ladder ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from shared.domain.errors import AdapterError, InvariantBroken
from shared.domain.ladder import LadderRules, next_rung
from shared.domain.orders import BrokerIds, Order, OrderId, OrderState, Rung
from shared.domain.quotes import NetQuote
from shared.ports.broker import Broker, ComboOrder
from shared.ports.clock import AsyncClock
from shared.ports.desk import Desk


@dataclass(frozen=True, kw_only=True, slots=True)
class Floor:
    """What a ladder needs of the trading floor.

    Attributes:
        desk: Where the order is kept.
        broker: The login that carries it.
        clock: Market time.
        rules: The ladder.
        market: Net quote of the combo now, the same for everybody; None where unusable.
        may_open: False where lease or kill switch forbid sending an opening.
        cutoff_at: Entry cut-off (UTC).
    """

    desk: Desk
    broker: Broker
    clock: AsyncClock
    rules: LadderRules
    market: Callable[[], NetQuote | None]
    may_open: Callable[[], bool]
    cutoff_at: datetime


class LadderEnd(StrEnum):
    """How a ladder came to its end."""

    FINISHED = "finished"
    """The order is completely filled, or has ended at the broker."""
    USED_UP = "used_up"
    """No rung is left, or the next would be above the ceiling, or the entry cut-off came."""
    FORBIDDEN = "forbidden"
    """Lease or kill switch let nothing more be sent."""


def send_first_rung(order: Order, limit: Decimal, market: NetQuote, floor: Floor) -> None:
    """Send a released order at its first limit; the rung is kept before the send.

    Raises:
        AdapterError: If there is no connection: nothing was sent, and the rung is taken back.
    """
    now = floor.clock.now()
    rung = Rung(number=1, limit=limit, bid=market.bid, ask=market.ask, sent=True, at=now)
    floor.desk.put(replace(order, rungs=(rung,)))
    try:
        floor.broker.place(combo_order(order, limit))
    except AdapterError:
        floor.desk.put(order)
        raise


async def work_order(order_id: OrderId, floor: Floor) -> LadderEnd:
    """Walk the ladder of an order whose first rung was sent, from wherever it stands.

    Every rung modifies the same broker order. An unchanged limit or an unusable market sends
    nothing but counts; so does a rung whose time passed while nobody led.

    Returns:
        FINISHED, or why what is left must be canceled.
    """
    while True:
        number = _next_number(floor.desk.order(order_id), floor)
        due = _due_at(floor.desk.order(order_id), number, floor)
        if await _ended_before(order_id, min(due, floor.cutoff_at), floor):
            return LadderEnd.FINISHED
        if not floor.may_open():
            return LadderEnd.FORBIDDEN
        if number > floor.rules.rungs or due > floor.cutoff_at:
            return LadderEnd.USED_UP
        if not _step(floor.desk.order(order_id), number, floor):
            return LadderEnd.USED_UP


def _next_number(order: Order, floor: Floor) -> int:
    """Number of the next rung that is due now or later; past the last, one more than that."""
    elapsed = (floor.clock.now() - order.rungs[0].at).total_seconds()
    due_by_now = math.ceil(elapsed / floor.rules.interval_seconds) + 1
    return min(max(order.rungs[-1].number + 1, due_by_now), floor.rules.rungs + 1)


def _due_at(order: Order, number: int, floor: Floor) -> datetime:
    return order.rungs[0].at + timedelta(seconds=floor.rules.interval_seconds * (number - 1))


async def _ended_before(order_id: OrderId, due: datetime, floor: Floor) -> bool:
    """Wait until `due`; True where the order has ended before."""
    while not is_finished(floor.desk.order(order_id)):
        if not await floor.desk.changed(order_id, due):
            return is_finished(floor.desk.order(order_id))
    return True


def is_finished(order: Order) -> bool:
    """Tell whether nothing more is to be worked: terminal, or every spread filled."""
    return order.is_terminal or order.remaining <= 0


def _step(order: Order, number: int, floor: Floor) -> bool:
    """Take one rung; False where the next limit would be above the ceiling.

    An order that the broker has not acknowledged keeps its limit: modifying what may not be
    there could place it a second time.
    """
    market, previous = floor.market(), order.rungs[-1].limit
    is_live = order.state is OrderState.WORKING
    limit = next_rung(previous, market.mid, floor.rules) if market and is_live else previous
    if limit is None:
        return False
    rung = Rung(
        number=number,
        limit=limit,
        bid=market.bid if market else None,
        ask=market.ask if market else None,
        sent=limit != previous,
        at=floor.clock.now(),
    )
    unsent = replace(rung, limit=previous, sent=False)
    if not rung.sent or not floor.broker.is_connected:
        floor.desk.put(replace(order, rungs=(*order.rungs, unsent)))
        return True
    floor.desk.put(replace(order, rungs=(*order.rungs, rung)))
    try:
        floor.broker.place(combo_order(order, limit))
    except AdapterError:
        floor.desk.put(replace(order, rungs=(*order.rungs, unsent)))
    return True


def combo_order(order: Order, limit: Decimal) -> ComboOrder:
    """The broker's view of an order at a limit.

    Raises:
        InvariantBroken: If the order was never claimed; nothing unclaimed may be sent.
    """
    return ComboOrder(
        ids=broker_ids(order),
        account_id=order.account_id,
        symbol=order.spread.symbol,
        legs=order.legs,
        quantity=order.quantity,
        limit=limit,
    )


def broker_ids(order: Order) -> BrokerIds:
    """An order's ids at the broker.

    Raises:
        InvariantBroken: If the order was never claimed.
    """
    if order.broker is None:
        raise InvariantBroken(f"order {order.order_id} was never claimed")
    return order.broker
