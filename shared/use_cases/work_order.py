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
from shared.domain.orders import BrokerIds, Order, OrderId, OrderState, Purpose, Rung
from shared.domain.quotes import NetQuote
from shared.domain.spreads import Leg
from shared.ports.broker import Broker, ComboOrder, StockOrder
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
        good_till: When the broker itself ends the order (UTC); None: at the end of the day.
        is_held: True while the order must keep the limit it has: its broker order is being
            replaced.
        on_silence: Told of an order that the broker has not acknowledged a rung after its send.
    """

    desk: Desk
    broker: Broker
    clock: AsyncClock
    rules: LadderRules
    market: Callable[[], NetQuote | None]
    may_open: Callable[[], bool]
    cutoff_at: datetime
    good_till: datetime | None = None
    is_held: Callable[[], bool] = lambda: False
    on_silence: Callable[[OrderId], None] = lambda _: None


class LadderEnd(StrEnum):
    """How a ladder came to its end."""

    FINISHED = "finished"
    """The order is completely filled, or has ended at the broker."""
    USED_UP = "used_up"
    """No rung is left, or the next would be above the ceiling, or the entry cut-off came."""
    FORBIDDEN = "forbidden"
    """Lease or kill switch let nothing more be sent."""
    UNSENT = "unsent"
    """Its first limit was withheld after all: nothing of it is at the broker."""


def send_first_rung(order: Order, limit: Decimal, market: NetQuote, floor: Floor) -> None:
    """Send a released order at its first limit; the rung is kept before the send.

    Raises:
        AdapterError: If there is no connection, or it was withheld: nothing was sent, and the
            rung is taken back.
    """
    now = floor.clock.now()
    rung = Rung(number=1, limit=limit, bid=market.bid, ask=market.ask, sent=True, at=now)
    floor.desk.put(replace(order, rungs=(rung,)))
    try:
        floor.broker.place(combo_order(order, limit, good_till=floor.good_till))
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
    while floor.desk.order(order_id).rungs:
        number, due = _next_due(floor.desk.order(order_id), floor)
        if await _ended_before(order_id, min(due, floor.cutoff_at), floor):
            return LadderEnd.FINISHED
        if not floor.desk.order(order_id).rungs:
            break
        if not floor.may_open():
            return LadderEnd.FORBIDDEN
        if number > floor.rules.rungs or due > floor.cutoff_at:
            return LadderEnd.USED_UP
        if not _step(floor.desk.order(order_id), number, floor):
            return LadderEnd.USED_UP
    return LadderEnd.UNSENT


def _next_due(order: Order, floor: Floor) -> tuple[int, datetime]:
    """Number and time of the next rung that is due now or later.

    Counted from the last rung, for the interval may be another one after a takeover. Past the
    last rung, the number is one more than that.
    """
    last, interval = order.rungs[-1], floor.rules.interval_seconds
    elapsed_seconds = (floor.clock.now() - last.at).total_seconds()
    passed = max(1, math.ceil(elapsed_seconds / interval))
    number = min(last.number + passed, floor.rules.rungs + 1)
    return number, last.at + timedelta(seconds=interval * (number - last.number))


def is_used_up(order: Order, floor: Floor) -> bool:
    """Tell whether the time of every rung of a ladder has passed."""
    if not order.rungs:
        return False
    number, due = _next_due(order, floor)
    return number > floor.rules.rungs or due > floor.cutoff_at


async def _ended_before(order_id: OrderId, due: datetime, floor: Floor) -> bool:
    """Wait until `due`; True where the order has ended before."""
    while not is_finished(order := floor.desk.order(order_id)):
        if not order.rungs:
            return False
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
    is_live = order.state is OrderState.WORKING and not floor.is_held()
    if order.state is OrderState.RELEASING:
        floor.on_silence(order.order_id)
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
        floor.broker.place(combo_order(order, limit, good_till=floor.good_till))
    except AdapterError:
        floor.desk.put(replace(order, rungs=(*order.rungs, unsent)))
    return True


def send_again(order: Order, floor: Floor) -> None:
    """Send an order at the limit it has under the ids it has: a live one is only modified.

    Raises:
        AdapterError: If nothing was sent.
    """
    limit = order.rungs[-1].limit
    if order.purpose.is_remedy:
        floor.broker.place(single_order(order, limit))
    else:
        floor.broker.place(combo_order(order, limit, good_till=floor.good_till))


def single_order(order: Order, limit: Decimal) -> ComboOrder | StockOrder:
    """The broker's view of an order that trades one contract alone, at a limit.

    Args:
        order: An order that clears up after an assignment.
        limit: USD per share, positive.

    Raises:
        InvariantBroken: If the order was never claimed; nothing unclaimed may be sent.
    """
    spread, ((_, side), *_) = order.spread, order.sides
    if order.purpose is Purpose.SELL_LONG:
        return ComboOrder(
            ids=broker_ids(order),
            account_id=order.account_id,
            symbol=spread.symbol,
            legs=(Leg(contract=spread.long_contract, side=side),),
            quantity=order.broker_quantity,
            limit=side.sign * limit,
            purpose=order.purpose,
        )
    return StockOrder(
        ids=broker_ids(order),
        account_id=order.account_id,
        symbol=spread.symbol,
        side=side,
        quantity=order.broker_quantity,
        limit=limit,
    )


def combo_order(order: Order, limit: Decimal, *, good_till: datetime | None = None) -> ComboOrder:
    """The broker's view of an order at a limit.

    Args:
        order: The order.
        limit: Signed net price, USD per share.
        good_till: When the broker itself ends it (UTC); None: at the end of the day.

    Raises:
        InvariantBroken: If the order was never claimed; nothing unclaimed may be sent.
    """
    return ComboOrder(
        ids=broker_ids(order),
        account_id=order.account_id,
        symbol=order.spread.symbol,
        legs=order.legs,
        quantity=order.broker_quantity,
        limit=limit,
        purpose=order.purpose,
        good_till=good_till,
    )


def broker_ids(order: Order) -> BrokerIds:
    """An order's ids at the broker.

    Raises:
        InvariantBroken: If the order was never claimed.
    """
    if order.broker is None:
        raise InvariantBroken(f"order {order.order_id} was never claimed")
    return order.broker
