"""The orders of remedies in the database: each step durable before the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.floor import TradingFloor
from shared.domain.followers import Login, LoginId
from shared.domain.orders import Order, OrderId, OrderState, moved
from shared.domain.positions import position_id_of
from shared.ports.broker import Broker
from shared.ports.closings import Closings


class RemedyOrders:
    """Plans, claims and releases remedies; each in one conditional write.

    Args:
        floor: What the leader works with.
        closings: Closing orders in the database.
        logins: Logins of the shard.
    """

    def __init__(
        self, floor: TradingFloor, closings: Closings, logins: Mapping[LoginId, Login]
    ) -> None:
        self.released: set[OrderId] = set()
        """Orders that we released: what has no limit of them was certainly not sent."""
        self._floor = floor
        self._closings = closings
        self._logins = logins

    async def keep(self, order: Order) -> Order | None:
        """Make a plan durable, its position before it; None where another order has the position.

        Raises:
            AdapterError: If the database failed; planning it again is safe.
        """
        floor, position_id = self._floor, position_id_of(order.follower_id, order.spread)
        async with floor.closing_asks.planning:
            now_held = floor.desk.position(position_id)
            if now_held is None or now_held.live_closing_order_id is not None:
                return None  # a closing was planned meanwhile
            floor.desk.write_again(position_id)
            await floor.desk.flush()
            kept = await self._closings.plan([order], shard=floor.shard, token=floor.lease.token)
            floor.desk.adopt(kept)
        return floor.desk.order(order.order_id) if kept else await self.catch_up(order)

    async def make_ready(self, order: Order, broker: Broker) -> Order:
        """Claim what is planned and release what is claimed; returns the order as it stands.

        Raises:
            AdapterError: If the database failed; calling it again is safe.
        """
        if order.state is OrderState.PLANNED:
            order = await self._claim(order, broker)
        return await self._release(order) if order.state is OrderState.CLAIMED else order

    async def catch_up(self, order: Order) -> Order | None:
        """Keep what writes of ours made of a remedy whose answers were lost.

        Raises:
            AdapterError: If the database cannot be read.
        """
        floor = self._floor
        stored = await floor.orders.of_session(order.session_date, [order.login_id])
        remedies = [item for item in stored if item.value.purpose.is_remedy]
        for news in floor.desk.adopt_news(remedies):
            if news.state is OrderState.RELEASING:
                # A release found in the database alone was not sent: sends follow its answer.
                self.released.add(news.order_id)
        is_known = floor.desk.knows(order.order_id)
        return floor.desk.order(order.order_id) if is_known else None

    async def _claim(self, order: Order, broker: Broker) -> Order:
        floor = self._floor
        await floor.desk.flush()
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
        self.released.add(order.order_id)
        return released
