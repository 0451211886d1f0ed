"""Replacements: an order that cannot be modified any more goes on behind a new broker order.

IBKR answers some modifications with error 105 (the order does not match the one it has). The old
broker order is canceled, its end is proved by the broker's books, and only then the rest is sent
under new ids: never two live broker orders.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

from gateway.desk import happened_before
from gateway.floor import TradingFloor
from gateway.outcomes.readings import Readings
from shared.adapters.json_log import log_event
from shared.domain.errors import Conflict
from shared.domain.followers import Login
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.reasons import Reason
from shared.domain.trading_settings import TradingSettings
from shared.use_cases.settle_order import has_ended
from shared.use_cases.work_order import Floor, broker_ids, is_used_up, send_again

_ATTEMPTS = 5
_ATTEMPT_SECONDS = 5
_WRITES = 3


class Replacements:
    """Replaces broker orders, each order's one at a time.

    Args:
        floor: What the leader works with.
        readings: Reads the logins' books.
        ladder_of: What one order's ladder needs.
        canceled: Orders whose cancel we asked for.
    """

    def __init__(
        self,
        floor: TradingFloor,
        readings: Readings,
        ladder_of: Callable[[Order, TradingSettings], Floor],
        canceled: Mapping[OrderId, Reason],
    ) -> None:
        self.under_way: set[OrderId] = set()
        """Orders that keep the limit they have until their new broker order is sent."""
        self._floor = floor
        self._readings = readings
        self._ladder_of = ladder_of
        self._canceled = canceled
        self._ended: dict[OrderId, asyncio.Event] = {}

    def told_end(self, order_id: OrderId) -> None:
        """Take in that the broker has told the old broker order's end; its books must prove it."""
        if order_id in self._ended:
            self._ended[order_id].set()

    async def replace(self, order_id: OrderId, login: Login) -> bool:
        """Replace the broker order behind an order.

        Returns:
            True where the rest was sent under new ids; else the books must say what became of it.

        Raises:
            AdapterError: If broker or database failed on the way; nothing is sent twice.
        """
        self.under_way.add(order_id)
        self._ended[order_id] = asyncio.Event()
        try:
            if not await self._has_ended(order_id):
                return False
            return await self._send_rest(order_id, login)
        finally:
            self.under_way.discard(order_id)
            del self._ended[order_id]

    async def _has_ended(self, order_id: OrderId) -> bool:
        """Cancel the old broker order until a whole reading shows its end, executions booked."""
        clock, desk = self._floor.clock, self._floor.desk
        for _ in range(_ATTEMPTS):
            order = desk.order(order_id)
            self._floor.connections[order.login_id].cancel(broker_ids(order))
            until = clock.now() + timedelta(seconds=_ATTEMPT_SECONDS)
            await happened_before(self._ended[order_id], until, clock)
            self._ended[order_id].clear()
            reading = await self._readings.read(order.login_id)
            if reading.is_whole and has_ended(desk.order(order_id), reading.sweep):
                return True
        return False

    async def _send_rest(self, order_id: OrderId, login: Login) -> bool:
        settings = await self._floor.controls.trading()
        if not self._may_go_on(order_id, settings):
            return False
        await self._reissue(order_id, login)
        order = self._floor.desk.order(order_id)
        log_event("broker_order_replaced", order=order_id, rest=order.remaining)
        ladder = self._ladder_of(order, settings)
        if ladder.may_open():
            send_again(order, ladder)
        return True

    def _may_go_on(self, order_id: OrderId, settings: TradingSettings) -> bool:
        order = self._floor.desk.order(order_id)
        ladder = self._ladder_of(order, settings)
        return (
            order.state is OrderState.WORKING
            and order.remaining > 0
            and bool(order.rungs)
            and order_id not in self._canceled
            and ladder.may_open()
            and self._floor.clock.now() < ladder.cutoff_at
            and (order.purpose is Purpose.CLOSE or not is_used_up(order, ladder))
        )

    async def _reissue(self, order_id: OrderId, login: Login) -> None:
        """Make the new ids durable; a write of ours that came between is no other's."""
        floor = self._floor
        next_valid_id = floor.connections[login.login_id].next_valid_order_id()
        for attempt in range(_WRITES):
            await floor.desk.flush()
            stored = floor.desk.stored(floor.desk.order(order_id))
            try:
                reissued = await floor.orders.reissue(
                    stored,
                    login=login,
                    next_valid_id=next_valid_id,
                    shard=floor.shard,
                    token=floor.lease.token,
                )
            except Conflict:
                if attempt == _WRITES - 1:
                    raise
                continue
            floor.desk.adopt([reissued])
            return
