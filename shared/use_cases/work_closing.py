"""Work a closing order until it is filled or its time is over, giving way every few seconds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.closing import closing_limit
from shared.domain.errors import AdapterError
from shared.domain.orders import Order, OrderId, OrderState, Rung
from shared.domain.quotes import NetQuote
from shared.use_cases.work_order import (
    Floor,
    LadderEnd,
    combo_order,
    is_finished,
    send_first_rung,
)


async def work_closing(order_id: OrderId, floor: Floor) -> LadderEnd:
    """Send a claimed closing at the natural price, then raise its limit every few seconds.

    The limit never rises above the strike width. An unusable market, or a connection that takes
    nothing, sends nothing and stops nothing: the order keeps the limit it has.

    Args:
        order_id: A closing order in the state releasing, its ids durable.
        floor: `may_open` says whether closings may be sent; `cutoff_at` ends the work.

    Returns:
        FINISHED, or why what is left must be canceled.
    """
    interval = timedelta(seconds=floor.rules.interval_seconds)
    while True:
        order = floor.desk.order(order_id)
        if is_finished(order):
            return LadderEnd.FINISHED
        if not floor.may_open():
            return LadderEnd.FORBIDDEN
        if floor.clock.now() >= floor.cutoff_at:
            return LadderEnd.USED_UP
        due = floor.clock.now() + interval
        if order.rungs and order.rungs[-1].at + interval > floor.clock.now():
            # A leader before us gave way a moment ago.
            due = order.rungs[-1].at + interval
        else:
            _give_way(order, floor)
        await _until(order_id, min(due, floor.cutoff_at), floor)


async def _until(order_id: OrderId, due: datetime, floor: Floor) -> None:
    """Wait until `due`, or until nothing is left to close."""
    while not is_finished(floor.desk.order(order_id)):
        if not await floor.desk.changed(order_id, due):
            return


def _give_way(order: Order, floor: Floor) -> None:
    market = floor.market()
    if market is None or not floor.broker.is_connected:
        return
    previous = order.rungs[-1].limit if order.rungs else None
    limit = closing_limit(
        previous,
        market.ask,
        width=order.spread.width,
        step=floor.rules.step,
        tick=floor.rules.tick,
    )
    if previous is None:
        # A send that fails leaves no rung behind: the next try is the first again.
        with suppress(AdapterError):
            send_first_rung(order, limit, market, floor)
    elif order.state is OrderState.RELEASING:
        floor.on_silence(order.order_id)
    elif limit != previous and order.state is OrderState.WORKING and not floor.is_held():
        _raise_limit(order, limit, market, floor)


def _raise_limit(order: Order, limit: Decimal, market: NetQuote, floor: Floor) -> None:
    rung = Rung(
        number=order.rungs[-1].number + 1,
        limit=limit,
        bid=market.bid,
        ask=market.ask,
        sent=True,
        at=floor.clock.now(),
    )
    floor.desk.put(replace(order, rungs=(*order.rungs, rung)))
    try:
        floor.broker.place(combo_order(order, limit))
    except AdapterError:
        floor.desk.put(order)
