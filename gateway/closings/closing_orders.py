"""Closing orders: planned, claimed and released in batches, one per position at a time.

What an earlier leader left is gone on with, and so is what a lost answer left half done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gateway.closings.closing_plans import ClosingPlans
from gateway.closings.closing_work import ClosingWork
from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.close_causes import more_urgent
from shared.domain.closing import Contracts
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from shared.domain.orders import Order, OrderId, OrderState, Purpose, moved
from shared.domain.positions import Position, PositionId, position_id_of
from shared.domain.trading_settings import TradingSettings
from shared.ports.broker import Broker
from shared.ports.closings import Closings
from shared.use_cases.read_books import read_books


class ClosingOrders:
    """Turns asks into closing orders.

    Args:
        floor: What the leader works with.
        closings: Closing orders in the database.
        logins: Logins of the shard.
        work: Works what was released.
    """

    def __init__(
        self,
        floor: TradingFloor,
        closings: Closings,
        logins: dict[LoginId, Login],
        work: ClosingWork,
    ) -> None:
        self._floor = floor
        self._closings = closings
        self._logins = logins
        self._work = work

    async def advance(self, settings: TradingSettings) -> None:
        """Do all that is due now: plan, claim, release, and go on with what lives.

        Every login's books are read once, side by side; one that does not answer is left out.
        A batch of 100 positions is one transaction, and ids are durable before anything is sent.

        Raises:
            AdapterError: If the database failed; calling it again is safe.
        """
        due = self._due()
        if not self._work.may_close():
            self._stop(due, settings)
            return
        if not due:
            return
        log_event("closings_due", positions=len(due))
        await self._catch_up()
        await self._plan(self._due())
        live = self._live(self._due())
        live = await self._claim(live)
        for order in await self._release(live):
            self._work.start(order, settings)

    def _stop(self, due: Sequence[Position], settings: TradingSettings) -> None:
        """Have canceled what an earlier leader left working in a book that is frozen now."""
        for order in self._live(due):
            if order.state is OrderState.WORKING and self._floor.lease.stands():
                self._work.start(order, settings)

    def _due(self) -> list[Position]:
        """What is wanted closed, or is being closed, and nobody works; most urgent first."""
        floor = self._floor
        due: dict[str, Position] = {}
        for ask in floor.closing_asks.all():
            position = floor.desk.position(ask.position_id)
            if position is None or position.spread.expiry < floor.session.session_date:
                continue  # what has expired cannot be traded away any more
            if position.open_quantity > ask.leave_quantity:
                due[ask.position_id] = position
        for position in floor.desk.positions():
            if self._closing_of(position) is not None:
                due.setdefault(position.position_id, position)
        return [position for position in due.values() if not self._is_worked(position)]

    def _closing_of(self, position: Position) -> Order | None:
        """The closing that lives; None where there is none, or a remedy comes first."""
        live = position.live_closing_order_id
        order = self._floor.desk.order(OrderId(live)) if live is not None else None
        is_closing = order is not None and order.purpose is Purpose.CLOSE
        return order if is_closing else None

    def _is_worked(self, position: Position) -> bool:
        """Tell whether its closing is worked; then it only becomes as urgent as it is asked."""
        order = self._closing_of(position)
        if order is None:
            return False
        ask = self._floor.closing_asks.of(position.position_id)
        if ask is not None and not order.is_terminal:
            cause = more_urgent(order.close_cause, ask.cause)
            self._floor.desk.put(replace(order, close_cause=cause))
        return order.order_id in self._work.worked

    async def _catch_up(self) -> None:
        """Keep what writes of ours made of closings whose answers were lost."""
        floor = self._floor
        stored = await floor.orders.of_session(floor.session.session_date, list(self._logins))
        closings = [item for item in stored if item.value.purpose is Purpose.CLOSE]
        for order in floor.desk.adopt_news(closings):
            if order.state is OrderState.RELEASING:
                # A release found in the database alone was not sent: sends follow its answer.
                self._work.released.add(order.order_id)

    async def _plan(self, due: Sequence[Position]) -> None:
        """Plan the closings of what has none, for the logins whose books can be read."""
        floor = self._floor
        idle = [one.position_id for one in due if one.live_closing_order_id is None]
        held = await self._held(idle)
        plans = self._plans()
        orders: list[Order] = []
        for position_id in idle:
            ask, position = floor.closing_asks.of(position_id), floor.desk.position(position_id)
            opened_by = plans.opened_by(position) if position else None
            if ask is None or position is None or opened_by is None:
                continue
            if opened_by.login_id not in held:
                continue
            closable = plans.closable(position, held[opened_by.login_id])
            if closable < position.open_quantity:
                await self._tell_of_mismatch(position, closable)
            order = plans.plan(position, ask, closable)
            if order is not None:
                orders.append(order)
        await self._keep(orders)

    async def _keep(self, orders: Sequence[Order]) -> None:
        """Make plans durable, their positions before them; what was planned meanwhile is left."""
        floor = self._floor
        async with floor.closing_asks.planning:
            free = [order for order in orders if self._is_free(order)]
            if not free:
                return
            for order in free:
                floor.desk.write_again(position_id_of(order.follower_id, order.spread))
            await floor.desk.flush()
            kept = await self._closings.plan(free, shard=floor.shard, token=floor.lease.token)
            floor.desk.adopt_news(kept)

    def _is_free(self, order: Order) -> bool:
        """Tell whether the position of a plan still has no live order."""
        position = self._floor.desk.position(position_id_of(order.follower_id, order.spread))
        return position is not None and position.live_closing_order_id is None

    def _plans(self) -> ClosingPlans:
        floor = self._floor
        return ClosingPlans(
            floor.desk.orders(), session_date=floor.session.session_date, now=floor.clock.now()
        )

    async def _held(self, position_ids: Sequence[PositionId]) -> dict[LoginId, Contracts]:
        """What the broker holds, by login, for those that are ready and answer."""
        ready, plans = self._floor.connections.ready(), self._plans()
        by_login: dict[LoginId, list[Position]] = {}
        for position_id in position_ids:
            position = self._floor.desk.position(position_id)
            opened_by = plans.opened_by(position) if position else None
            if position is not None and opened_by is not None and opened_by.login_id in ready:
                by_login.setdefault(opened_by.login_id, []).append(position)
        answers = await asyncio.gather(
            *(self._read_books(ready[login_id], held) for login_id, held in by_login.items())
        )
        found = zip(by_login, answers, strict=True)
        return {login_id: held for login_id, held in found if held is not None}

    async def _read_books(self, broker: Broker, positions: Sequence[Position]) -> Contracts | None:
        """Read a login's books, and book what they show; None where it answers nothing whole."""
        floor = self._floor
        spreads = {position.spread.spread_id: position.spread for position in positions}
        try:
            for spread in spreads.values():
                contracts = [leg.contract for leg in spread.opening_legs]
                await broker.resolve(spread.symbol, contracts)
            reading = await read_books(broker, desk=floor.desk, now=floor.clock.now())
        except AdapterError as error:
            why = str(error)
        else:
            if reading.is_whole:
                return reading.sweep.positions
            why = "the books lack what we know of the login"
        log_event("closing_put_off", severity="WARNING", login=broker.login_id, why=why)
        return None

    def _live(self, due: Iterable[Position]) -> list[Order]:
        """Closings that have not ended, of logins that are ready."""
        ready = self._floor.connections.ready()
        orders = [self._closing_of(position) for position in due]
        return [
            order
            for order in orders
            if order is not None and order.login_id in ready and not order.is_terminal
        ]

    async def _claim(self, orders: Sequence[Order]) -> list[Order]:
        """Give ids at the broker to what is planned; returns all orders as they stand."""
        floor, now = self._floor, self._floor.clock.now()
        planned = [order for order in orders if order.state is OrderState.PLANNED]
        if not planned:
            return list(orders)
        ready = floor.connections.ready()
        logins = {
            order.login_id: self._logins[order.login_id]
            for order in planned
            if order.login_id in ready
        }
        # Only what the database has of an order may be claimed: nothing of it may wait to be
        # written behind.
        await floor.desk.flush()
        claimed = await floor.orders.claim(
            [
                floor.desk.stored(replace(floor.desk.order(order.order_id), claimed_at=now))
                for order in planned
                if order.login_id in logins
            ],
            logins=logins,
            next_valid_ids={key: ready[key].next_valid_order_id() for key in logins},
            shard=floor.shard,
            token=floor.lease.token,
        )
        floor.desk.adopt(claimed)
        return [floor.desk.order(order.order_id) for order in orders]

    async def _release(self, orders: Sequence[Order]) -> list[Order]:
        """Release what is claimed in one commit; returns all orders as they stand."""
        floor, now = self._floor, self._floor.clock.now()
        claimed = [order for order in orders if order.state is OrderState.CLAIMED]
        released = [
            floor.desk.stored(replace(moved(order, OrderState.RELEASING), released_at=now))
            for order in claimed
        ]
        saved = await floor.orders.save_all(released) if released else ()
        floor.desk.adopt(saved)
        self._work.released.update(item.value.order_id for item in saved)
        return [floor.desk.order(order.order_id) for order in orders]

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
