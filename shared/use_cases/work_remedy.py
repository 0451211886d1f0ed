"""Work an order that clears up after an assignment: one contract, marketable, further each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.errors import AdapterError
from shared.domain.orders import Order, OrderId, OrderState, Rung
from shared.domain.quotes import Quote
from shared.domain.remedies import remedy_limit
from shared.use_cases.work_order import Floor, LadderEnd, is_finished, single_order


async def work_remedy(
    order_id: OrderId, floor: Floor, quote: Callable[[], Quote | None]
) -> LadderEnd:
    """Send a released order at the market, then follow it every few seconds.

    A market that nobody quotes, or a connection that takes nothing, sends nothing and stops
    nothing: the order keeps the limit it has.

    Args:
        order_id: An order in the state releasing or working, its ids durable.
        floor: `may_open` says whether it may be sent; `cutoff_at` ends the work.
        quote: The contract's quote now; None where it is unusable.

    Returns:
        FINISHED, or why what is left must be canceled.
    """
    while True:
        order = floor.desk.order(order_id)
        if is_finished(order):
            return LadderEnd.FINISHED
        if not floor.may_open():
            return LadderEnd.FORBIDDEN
        if floor.clock.now() >= floor.cutoff_at:
            return LadderEnd.USED_UP
        _follow(order, floor, quote())
        due = floor.clock.now() + timedelta(seconds=floor.rules.interval_seconds)
        await _until(order_id, min(due, floor.cutoff_at), floor)


async def _until(order_id: OrderId, due: datetime, floor: Floor) -> None:
    """Wait until `due`, or until nothing is left to trade."""
    while not is_finished(floor.desk.order(order_id)):
        if not await floor.desk.changed(order_id, due):
            return


def _follow(order: Order, floor: Floor, quote: Quote | None) -> None:
    if quote is None or not floor.broker.is_connected:
        return
    previous = order.rungs[-1] if order.rungs else None
    if previous is not None and order.state is OrderState.RELEASING:
        floor.on_silence(order.order_id)
        return
    number = previous.number + 1 if previous else 1
    (_, side), *_ = order.sides
    limit = remedy_limit(side, quote, number)
    if limit is None or (previous is not None and limit == previous.limit):
        return
    is_live = order.state is OrderState.WORKING and not floor.is_held()
    if previous is None or is_live:
        _send(order, number, limit, quote, floor)


def _send(order: Order, number: int, limit: Decimal, quote: Quote, floor: Floor) -> None:
    """Keep the limit, then send it; one that was not sent is taken back."""
    now = floor.clock.now()
    rung = Rung(number=number, limit=limit, bid=quote.bid, ask=quote.ask, sent=True, at=now)
    floor.desk.put(replace(order, rungs=(*order.rungs, rung)))
    try:
        floor.broker.place(single_order(order, limit))
    except AdapterError:
        floor.desk.put(order)
