"""Closing orders: planned, claimed, released, worked and ended, one per position at a time.

What an earlier leader left is gone on with, and so is what a lost answer left half done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from gateway.floor import TradingFloor
from gateway.ladders import Ladders
from shared.domain.alerts import AlertType
from shared.domain.closing import closing_quantity, plan_closing
from shared.domain.controls import TradingMode
from shared.domain.followers import Login, LoginId
from shared.domain.orders import Order, OrderId, OrderState, Purpose, moved
from shared.domain.positions import Position
from shared.domain.quotes import NetQuote
from shared.domain.reasons import Reason
from shared.domain.trading_settings import TradingSettings
from shared.ports.broker import Broker, Sweep
from shared.ports.closings import Closings
from shared.use_cases.settle_order import record_sweep
from shared.use_cases.work_closing import work_closing
from shared.use_cases.work_order import LadderEnd

LAST_SEND = timedelta(seconds=20)
"""So long before the close the last cancel must be on its way: nothing is sent after it."""

_NOT_RELEASED = frozenset({OrderState.PLANNED, OrderState.CLAIMED})


class ClosingOrders:
    """The closing orders of one session.

    Args:
        floor: What the leader works with.
        closings: Closing orders in the database.
        logins: Logins of the shard.
        ladders: Sees orders through.
        tasks: Where the work is supervised.
    """

    def __init__(
        self,
        floor: TradingFloor,
        closings: Closings,
        logins: dict[LoginId, Login],
        ladders: Ladders,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._floor = floor
        self._closings = closings
        self._logins = logins
        self._ladders = ladders
        self._tasks = tasks
        self._released: set[OrderId] = set()
        self._worked: set[OrderId] = set()
        self._sweeps: dict[LoginId, Sweep] = {}

    @property
    def worked(self) -> Collection[str]:
        """Orders that are being worked."""
        return self._worked

    async def catch_up(self) -> None:
        """Keep what writes of ours made of closings whose answers were lost.

        The broker's books are read anew for what is planned after this.

        Raises:
            AdapterError: If the database cannot be read.
        """
        floor = self._floor
        self._sweeps.clear()
        stored = await floor.orders.of_session(floor.session.session_date, list(self._logins))
        closings = [item for item in stored if item.value.purpose is Purpose.CLOSE]
        for order in floor.desk.adopt_news(closings):
            if order.state is OrderState.RELEASING:
                # A release found in the database alone was not sent: sends follow its answer.
                self._released.add(order.order_id)

    async def close(self, position: Position, settings: TradingSettings) -> None:
        """Plan, claim and release one closing, or go on with the one that lives.

        Its ids are durable before it is sent.

        Raises:
            AdapterError: If database or broker failed; calling it again is safe.
        """
        login_id = self._opened_by(position).login_id
        broker = self._floor.connections.ready().get(login_id)
        if broker is None or not self._may_close():
            return
        order_id = position.live_closing_order_id or await self._plan(position, broker)
        if order_id is None:
            return
        order = self._floor.desk.order(OrderId(order_id))
        if order.state is OrderState.PLANNED:
            order = await self._claim(order, broker)
        if order.state is OrderState.CLAIMED:
            order = await self._release(order)
        self._start(order, settings)

    async def _plan(self, position: Position, broker: Broker) -> OrderId | None:
        """Plan the next closing; None where nothing may be closed, or another closes it."""
        floor = self._floor
        held = await self._sweep(position, broker)
        position = floor.desk.position(position.position_id) or position
        quantity = closing_quantity(position, held.positions)
        if quantity < position.open_quantity:
            await self._tell_of_mismatch(position, quantity)
        if quantity == 0:
            return None
        number = 1 + sum(self._closes(order, position) for order in floor.desk.orders())
        order = plan_closing(
            position,
            self._opened_by(position),
            number,
            quantity=quantity,
            now=floor.clock.now(),
        )
        floor.desk.write_again(position.position_id)
        await floor.desk.flush()
        planned = await self._closings.plan(
            order, position.position_id, shard=floor.shard, token=floor.lease.token
        )
        if planned is None:
            return None
        floor.desk.adopt([planned])
        return order.order_id

    async def _sweep(self, position: Position, broker: Broker) -> Sweep:
        """Read a login's books once a look, and book what they show before it is closed."""
        contracts = [leg.contract for leg in position.spread.opening_legs]
        await broker.resolve(position.spread.symbol, contracts)
        if broker.login_id not in self._sweeps:
            sweep = await broker.sweep()
            record_sweep(sweep, desk=self._floor.desk)
            self._sweeps[broker.login_id] = sweep
        return self._sweeps[broker.login_id]

    async def _claim(self, order: Order, broker: Broker) -> Order:
        floor = self._floor
        stored = floor.desk.stored(replace(order, claimed_at=floor.clock.now()))
        claimed = await floor.orders.claim(
            [stored],
            logins={order.login_id: self._logins[order.login_id]},
            next_valid_ids={order.login_id: broker.next_valid_order_id()},
            shard=floor.shard,
            token=floor.lease.token,
        )
        floor.desk.adopt(claimed)
        return floor.desk.order(order.order_id)

    async def _release(self, order: Order) -> Order:
        floor = self._floor
        released = replace(moved(order, OrderState.RELEASING), released_at=floor.clock.now())
        floor.desk.adopt([await floor.orders.save(floor.desk.stored(released))])
        self._released.add(order.order_id)
        return released

    def _start(self, order: Order, settings: TradingSettings) -> None:
        """Work a closing that may be worked.

        One that an earlier leader released may have been sent: it waits until the broker's books
        say what became of it.
        """
        is_ours = order.order_id in self._released or bool(order.rungs)
        if order.state is OrderState.WORKING or (order.state is OrderState.RELEASING and is_ours):
            self._worked.add(order.order_id)
            work = self._work(order.order_id, settings)
            self._tasks.create_task(self._ladders.attend(order.order_id, work))

    async def _work(self, order_id: OrderId, settings: TradingSettings) -> None:
        floor = self._floor
        order = floor.desk.order(order_id)
        ladder = replace(
            self._ladders.floor_of(order, settings),
            market=lambda: self._market(order, settings),
            may_open=self._may_close,
            cutoff_at=floor.session.close_at - LAST_SEND,
        )
        try:
            match await work_closing(order_id, ladder):
                case LadderEnd.USED_UP:
                    await self._end_unfilled(order_id, Reason.END_OF_DAY)
                case LadderEnd.FORBIDDEN:
                    await self._end_unfilled(order_id, Reason.TRADING_HALTED)
                case LadderEnd.FINISHED:
                    pass
        finally:
            self._worked.discard(order_id)

    def _market(self, order: Order, settings: TradingSettings) -> NetQuote | None:
        """The closing combo's market; none for a login that is not reconciled."""
        floor = self._floor
        is_ready = order.login_id in floor.connections.ready()
        return floor.market(order.legs, settings) if is_ready else None

    async def _end_unfilled(self, order_id: OrderId, reason: Reason) -> None:
        order = self._floor.desk.order(order_id)
        if order.rungs or order_id not in self._released:
            await self._ladders.cancel(order_id, reason)
        elif reason is Reason.END_OF_DAY:
            self._skip(order, Reason.QUOTE_UNUSABLE, "no usable quote to close at")
        else:
            self._skip(order, reason, "the kill switch or the lease let nothing be sent")

    def _skip(self, order: Order, reason: Reason, words: str) -> None:
        skipped = moved(order, OrderState.SKIPPED)
        ended = replace(skipped, reason=reason, detail=words, finished_at=self._floor.clock.now())
        self._floor.desk.put(ended)

    def end_all(self, settings: TradingSettings) -> None:
        """End the closings that nobody works: nothing is sent any more, cancels are."""
        for order in self._floor.desk.orders():
            if order.purpose is not Purpose.CLOSE or order.order_id in self._worked:
                continue
            if order.state in _NOT_RELEASED:
                self._skip(order, Reason.END_OF_DAY, "it was not sent in time")
            else:
                self._start(order, settings)

    def _may_close(self) -> bool:
        """Closings run in every mode but frozen; they need the lease like every write."""
        floor = self._floor
        return floor.lease.stands() and floor.kill_switch.mode() is not TradingMode.FROZEN

    def _opened_by(self, position: Position) -> Order:
        return next(
            order
            for order in self._floor.desk.orders()
            if order.purpose is Purpose.OPEN
            and order.follower_id == position.follower_id
            and order.spread == position.spread
        )

    @staticmethod
    def _closes(order: Order, position: Position) -> bool:
        return order.order_id.startswith(f"{position.position_id}~close~")

    async def _tell_of_mismatch(self, position: Position, quantity: int) -> None:
        words = (
            f"{position.follower_id}: {position.open_quantity} spreads by our books, only "
            f"{quantity} to close by the broker's; no more than these are closed"
        )
        await self._floor.raise_alert(
            AlertType.POSITION_MISMATCH,
            position.follower_id,
            words,
            follower_id=position.follower_id,
        )
