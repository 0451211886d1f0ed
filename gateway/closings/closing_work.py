"""The work on one closing order, from its first limit to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from gateway.floor import TradingFloor
from gateway.openings.ladders import Ladders
from shared.domain.closing import closing_market
from shared.domain.followers import LoginId
from shared.domain.ladder import paced
from shared.domain.orders import LIVE_STATES, Order, OrderId, OrderState, Purpose, moved
from shared.domain.quotes import NetQuote
from shared.domain.reasons import Reason
from shared.domain.trading_settings import TradingSettings
from shared.use_cases.work_closing import work_closing
from shared.use_cases.work_order import LadderEnd

LAST_SEND = timedelta(seconds=20)
"""So long before the close the last cancel must be on its way: nothing is sent after it."""

_NOT_RELEASED = frozenset({OrderState.PLANNED, OrderState.CLAIMED})


class ClosingWork:
    """Works released closings, each until it is filled or its time is over.

    Args:
        floor: What the leader works with.
        ladders: Sees orders through.
        tasks: Where the work is supervised.
    """

    def __init__(self, floor: TradingFloor, ladders: Ladders, tasks: asyncio.TaskGroup) -> None:
        self.released: set[OrderId] = set()
        """Orders that we released: what has no limit of them was certainly not sent."""
        self._floor = floor
        self._ladders = ladders
        self._tasks = tasks
        self._worked: set[str] = set()

    @property
    def worked(self) -> Collection[str]:
        """Orders that are being worked."""
        return self._worked

    def may_close(self) -> bool:
        """Closings run in every mode but frozen; they need the lease like every write."""
        floor = self._floor
        return floor.lease.stands() and floor.kill_switch.mode().may_close

    def start(self, order: Order, settings: TradingSettings) -> None:
        """Work a closing that may be worked; a repeat is a no-op.

        One that an earlier leader released may have been sent: it waits until the broker's books
        say what became of it.
        """
        if order.order_id in self._worked:
            return
        is_ours = self._is_unsent(order) or bool(order.rungs)
        if order.state is OrderState.WORKING or (order.state is OrderState.RELEASING and is_ours):
            self._worked.add(order.order_id)
            work = self._work(order.order_id, settings)
            self._tasks.create_task(self._ladders.attend(order.order_id, work))

    def end_all(self, settings: TradingSettings) -> None:
        """End the closings that nobody works: nothing is sent any more, cancels are."""
        for order in self._floor.desk.orders():
            if order.purpose is not Purpose.CLOSE or order.order_id in self._worked:
                continue
            if order.state in _NOT_RELEASED:
                self._skip(order, Reason.END_OF_DAY, "it was not sent in time")
            else:
                self.start(order, settings)

    async def _work(self, order_id: OrderId, settings: TradingSettings) -> None:
        floor = self._floor
        order = floor.desk.order(order_id)
        ladder = replace(
            self._ladders.floor_of(order, settings),
            rules=paced(settings.ladder, self._live_orders(order.login_id)),
            market=lambda: self._market(order, settings),
            may_open=self.may_close,
            cutoff_at=floor.session.close_at - LAST_SEND,
            good_till=None,
        )
        try:
            match await work_closing(order_id, ladder):
                case LadderEnd.USED_UP:
                    await self._end_unfilled(order_id, Reason.END_OF_DAY)
                case LadderEnd.FORBIDDEN:
                    await self._end_unfilled(order_id, Reason.TRADING_HALTED)
                case LadderEnd.FINISHED | LadderEnd.UNSENT:
                    pass
        finally:
            self._worked.discard(order_id)

    def _live_orders(self, login_id: LoginId) -> int:
        """Orders that share a connection: many are worked no faster than it carries."""
        orders = self._floor.desk.orders()
        return sum(one.login_id == login_id and one.state in LIVE_STATES for one in orders)

    def _market(self, order: Order, settings: TradingSettings) -> NetQuote | None:
        """The closing combo's market; none for a login that is not reconciled."""
        floor = self._floor
        if order.login_id not in floor.connections.ready():
            return None
        return closing_market(
            order.spread,
            floor.quotes(),
            now=floor.clock.now(),
            max_age_seconds=settings.quote_max_age_seconds,
        )

    async def _end_unfilled(self, order_id: OrderId, reason: Reason) -> None:
        order = self._floor.desk.order(order_id)
        if order.rungs or not self._is_unsent(order):
            await self._ladders.cancel(order_id, reason)
        elif reason is Reason.END_OF_DAY:
            self._skip(order, Reason.QUOTE_UNUSABLE, "no usable quote to close at")
        else:
            self._skip(order, reason, "the kill switch or the lease let nothing be sent")

    def _is_unsent(self, order: Order) -> bool:
        return order.order_id in self.released or self._ladders.is_unsent(order)

    def _skip(self, order: Order, reason: Reason, words: str) -> None:
        skipped = moved(order, OrderState.SKIPPED)
        ended = replace(skipped, reason=reason, detail=words, finished_at=self._floor.clock.now())
        self._floor.desk.put(ended)
