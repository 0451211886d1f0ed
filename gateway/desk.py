"""The desk: orders, fills and positions of the session in memory, written behind in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from shared.adapters.firestore.fills import newer_of
from shared.adapters.json_log import log_event
from shared.domain.errors import AdapterError, Conflict
from shared.domain.fills import ExecId, Fill
from shared.domain.followers import AccountId, LoginId
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.positions import (
    Position,
    PositionId,
    position_from_fills,
    position_id_of,
)
from shared.ports.clock import AsyncClock
from shared.ports.fills import FillBook
from shared.ports.orders import LeaderOrders
from shared.ports.positions import PositionBook
from shared.ports.stored import Stored

K = TypeVar("K", bound=str)

_RETRY_SECONDS = 1.0
_FOLLOWED_BY = {
    OrderState.PLANNED: frozenset({OrderState.CLAIMED, OrderState.SKIPPED}),
    OrderState.CLAIMED: frozenset({OrderState.RELEASING}),
}
"""What a write of ours that does not go through the desk may have made of an order."""


class SessionDesk:
    """Implements `shared.ports.desk.Desk`.

    Memory is what the ladder reads; the database is brought up to date behind it, fills before
    positions before orders, so that an order never looks ended whose fills are not yet durable.
    """

    def __init__(
        self,
        *,
        clock: AsyncClock,
        orders: LeaderOrders,
        fills: FillBook,
        positions: PositionBook,
    ) -> None:
        self.board_changed = asyncio.Event()
        self._clock = clock
        self._order_book = orders
        self._fill_book = fills
        self._position_book = positions
        self._orders: dict[OrderId, Order] = {}
        self._versions: dict[OrderId, str] = {}
        self._ids_by_ref: dict[str, OrderId] = {}
        self._ids_at_broker: dict[tuple[LoginId, int], OrderId] = {}
        self._ids_by_perm_id: dict[tuple[AccountId, int], OrderId] = {}
        self._fills: dict[ExecId, Fill] = {}
        self._exec_ids: dict[OrderId, set[ExecId]] = {}
        self._order_ids: dict[PositionId, set[OrderId]] = {}
        self._positions: dict[PositionId, Position] = {}
        self._live_closings: dict[PositionId, OrderId] = {}
        self._waiting: dict[OrderId, asyncio.Event] = {}
        self._dirty_orders: set[OrderId] = set()
        self._dirty_fills: set[ExecId] = set()
        self._dirty_positions: set[PositionId] = set()
        self._dirty = asyncio.Event()
        self._clean = asyncio.Event()
        self._clean.set()
        self._writing = asyncio.Lock()

    def adopt(self, stored: Sequence[Stored[Order]]) -> None:
        """Keep orders as the database has them."""
        for item in stored:
            self._versions[item.value.order_id] = item.version
            self._keep(item.value)
        self.board_changed.set()

    def adopt_news(self, stored: Sequence[Stored[Order]]) -> tuple[Order, ...]:
        """Keep what the database alone has: new plans, and our writes whose answer was lost."""
        news = [item for item in stored if self._is_news(item.value)]
        self.adopt(news)
        return tuple(item.value for item in news)

    def adopt_fills(self, fills: Sequence[Fill]) -> None:
        """Keep fills as the database has them, and rebuild the positions they make."""
        for fill in fills:
            self._hold(fill)
        for order_id in {fill.order_id for fill in fills}:
            self._rebuild_position(order_id)

    def stored(self, order: Order) -> Stored[Order]:
        """An order with the version the database has of it."""
        return Stored(value=order, version=self._versions[order.order_id])

    def order(self, order_id: OrderId) -> Order:
        """Give an order as it stands."""
        return self._orders[order_id]

    def order_by_ref(self, order_ref: str) -> Order | None:
        """Find one of our orders by its reference at the broker."""
        order_id = self._ids_by_ref.get(order_ref)
        return self._orders[order_id] if order_id else None

    def order_by_perm_id(self, account_id: AccountId, perm_id: int) -> Order | None:
        """Find one of our orders by account and the broker's lasting id."""
        order_id = self._ids_by_perm_id.get((account_id, perm_id))
        return self._orders[order_id] if order_id else None

    def order_at_broker(self, login_id: LoginId, broker_order_id: int) -> Order | None:
        """Find one of our orders by login and order id."""
        order_id = self._ids_at_broker.get((login_id, broker_order_id))
        return self._orders[order_id] if order_id else None

    def knows(self, order_id: OrderId) -> bool:
        """Tell whether an order is kept here."""
        return order_id in self._orders

    def orders(self) -> tuple[Order, ...]:
        """Every order, in id order."""
        return tuple(self._orders[key] for key in sorted(self._orders))

    def put(self, order: Order) -> None:
        """Keep an order's new version, wake who waits for it, and write it soon."""
        if self._orders.get(order.order_id) == order:
            return
        self._keep(order)
        self._dirty_orders.add(order.order_id)
        self._touch()
        if waiting := self._waiting.get(order.order_id):
            waiting.set()

    def fills_of(self, order_id: OrderId) -> tuple[Fill, ...]:
        """Fills of an order, in the order they happened."""
        found = [self._fills[exec_id] for exec_id in self._exec_ids.get(order_id, ())]
        return tuple(sorted(found, key=lambda fill: (fill.at, fill.exec_id)))

    def fills_in(self, position_id: PositionId) -> tuple[Fill, ...]:
        """Every fill of a position, in the order they happened."""
        order_ids = self._order_ids.get(position_id, ())
        found = [fill for order_id in order_ids for fill in self.fills_of(order_id)]
        return tuple(sorted(found, key=lambda fill: (fill.at, fill.exec_id)))

    def fill(self, exec_id: ExecId) -> Fill | None:
        """Find a fill."""
        return self._fills.get(exec_id)

    def book(self, fills: Sequence[Fill]) -> None:
        """Keep fills (a repeat is a no-op, a revision replaces), rebuild what they touch."""
        touched: set[OrderId] = set()
        for fill in fills:
            merged = newer_of(self._fills.get(fill.exec_id), fill)
            if self._fills.get(fill.exec_id) == merged:
                continue
            self._hold(merged)
            self._dirty_fills.add(fill.exec_id)
            touched.add(fill.order_id)
        for order_id in sorted(touched):
            self._dirty_positions.add(self._rebuild_position(order_id))
        if touched:
            self._touch()

    def positions(self) -> tuple[Position, ...]:
        """Every position, in id order."""
        return tuple(self._positions[key] for key in sorted(self._positions))

    def position(self, position_id: PositionId) -> Position | None:
        """Find a position."""
        return self._positions.get(position_id)

    def write_again(self, position_id: PositionId) -> None:
        """Write a position soon, though nothing changed: the database may be behind its fills."""
        self._dirty_positions.add(position_id)
        self._touch()

    async def changed(self, order_id: OrderId, until: datetime) -> bool:
        """Wait until an order changes or market time reaches `until`; True where it changed."""
        event = self._waiting.setdefault(order_id, asyncio.Event())
        event.clear()
        return await happened_before(event, until, self._clock)

    async def write_behind(self) -> None:
        """Bring the database up to date for as long as the leader lives.

        A database that cannot be reached is tried again; nothing is forgotten meanwhile.

        Raises:
            Conflict: If somebody else wrote one of our orders: we are not the leader any more.
        """
        while True:
            await self._dirty.wait()
            try:
                await self.flush()
            except Conflict:
                raise
            except AdapterError as error:
                log_event("write_behind_failed", severity="WARNING", why=str(error))
                await asyncio.sleep(_RETRY_SECONDS)

    async def flush(self) -> None:
        """Write everything that is not durable yet.

        Raises:
            Conflict: If somebody else wrote one of our orders.
            AdapterError: If the database cannot be reached; what was not written stays to write.
        """
        # One at a time: two would write the same order on the same version.
        async with self._writing:
            while self._dirty.is_set():
                self._dirty.clear()
                await self._write_dirty()
            self._clean.set()

    async def _write_dirty(self) -> None:
        fills = _take(self._dirty_fills)
        positions = _take(self._dirty_positions)
        orders = _take(self._dirty_orders)
        try:
            await self._fill_book.record([self._fills[key] for key in fills])
            await self._position_book.save([self._positions[key] for key in positions])
            written = await self._order_book.save_all(
                [self.stored(self._orders[key]) for key in orders]
            )
        except AdapterError:
            self._dirty_fills.update(fills)
            self._dirty_positions.update(positions)
            self._dirty_orders.update(orders)
            self._dirty.set()
            raise
        self._versions.update({item.value.order_id: item.version for item in written})

    async def durable(self) -> None:
        """Wait until everything kept so far is in the database."""
        await self._clean.wait()

    def _is_news(self, order: Order) -> bool:
        known = self._orders.get(order.order_id)
        return known is None or order.state in _FOLLOWED_BY.get(known.state, ())

    def _keep(self, order: Order) -> None:
        self._orders[order.order_id] = order
        present = (order.broker,) if order.broker else ()
        for ids in (*present, *order.earlier_brokers):
            self._ids_by_ref[ids.order_ref] = order.order_id
            self._ids_at_broker[order.login_id, ids.broker_order_id] = order.order_id
            if ids.perm_id:
                self._ids_by_perm_id[order.account_id, ids.perm_id] = order.order_id
        if order.purpose is not Purpose.OPEN:
            self._name_closing(order)

    def _name_closing(self, order: Order) -> None:
        """Name a position's one live closing order, or that it has none any more.

        It follows from the orders alone, so that a restart does not lose it.
        """
        position_id = position_id_of(order.follower_id, order.spread)
        if not order.is_terminal:
            self._live_closings[position_id] = order.order_id
        elif self._live_closings.get(position_id) == order.order_id:
            del self._live_closings[position_id]
        position, live = self._positions.get(position_id), self._live_closings.get(position_id)
        if position is not None and position.live_closing_order_id != live:
            self._positions[position_id] = replace(position, live_closing_order_id=live)
            self._dirty_positions.add(position_id)
            self._touch()

    def _hold(self, fill: Fill) -> None:
        self._fills[fill.exec_id] = fill
        self._exec_ids.setdefault(fill.order_id, set()).add(fill.exec_id)

    def _rebuild_position(self, order_id: OrderId) -> PositionId:
        order = self._orders[order_id]
        position_id = position_id_of(order.follower_id, order.spread)
        order_ids = self._order_ids.setdefault(position_id, set())
        order_ids.add(order_id)
        rebuilt = position_from_fills(
            follower_id=order.follower_id,
            account_id=order.account_id,
            # A closing in a later session does not make it a position of that session.
            session_date=min(self._orders[one].session_date for one in order_ids),
            spread=order.spread,
            fills=[fill for one in sorted(order_ids) for fill in self.fills_of(one)],
        )
        live = self._live_closings.get(position_id)
        self._positions[position_id] = replace(rebuilt, live_closing_order_id=live)
        return position_id

    def _touch(self) -> None:
        self.board_changed.set()
        self._clean.clear()
        self._dirty.set()


def _take(keys: set[K]) -> list[K]:
    taken = sorted(keys)
    keys.clear()
    return taken


async def happened_before(event: asyncio.Event, until: datetime, clock: AsyncClock) -> bool:
    """Wait for an event, but not beyond a market time; True where it happened."""
    waits = {
        asyncio.ensure_future(event.wait()),
        asyncio.ensure_future(clock.sleep_until(until)),
    }
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    return event.is_set()
