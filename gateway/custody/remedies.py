"""Remedies: clears up what assignments left, one order per position at a time.

The shares go first, from the open, by marketable limits, and exactly as many as were delivered;
the long leg goes last. Each order lives like every other: planned in one transaction with its
position, claimed, released, sent, and ended by the broker's own books.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from gateway.custody.closing_prices import life_of
from gateway.custody.exercising import Exercising
from gateway.custody.remedy_orders import RemedyOrders
from gateway.custody.suspects import Suspects
from gateway.floor import TradingFloor
from gateway.openings.ladders import Ladders
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.assignment import Life
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from shared.domain.money import usd_text
from shared.domain.options import ContractKey, underlying_key
from shared.domain.orders import Order, OrderId, OrderState, Purpose, moved
from shared.domain.positions import Position, PositionId
from shared.domain.quotes import Quote
from shared.domain.reasons import Reason
from shared.domain.remedies import (
    Step,
    exercise_quantity,
    exercising_pays,
    is_cleared,
    next_step,
    plan_remedy,
    was_settled,
)
from shared.domain.trading_settings import TradingSettings
from shared.ports.broker import Broker, Sweep
from shared.ports.closings import Closings
from shared.use_cases.read_books import read_books
from shared.use_cases.work_order import LadderEnd
from shared.use_cases.work_remedy import work_remedy

_LAST_SEND = timedelta(seconds=20)
_PATIENCE = timedelta(seconds=60)


class Remedies:
    """Clears up assigned positions while the session is open.

    Args:
        floor: What the leader works with.
        closings: Closing orders in the database.
        logins: Logins of the shard.
        ladders: Sees orders through.
        suspects: Knows which order opened a position.
        exercising: Exercises that we asked for.
        tasks: Where the work is supervised.
    """

    def __init__(
        self,
        floor: TradingFloor,
        closings: Closings,
        logins: Mapping[LoginId, Login],
        ladders: Ladders,
        suspects: Suspects,
        exercising: Exercising,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._floor = floor
        self._orders = RemedyOrders(floor, closings, logins)
        self._ladders = ladders
        self._suspects = suspects
        self._exercising = exercising
        self._tasks = tasks
        self._worked: set[PositionId] = set()

    async def advance(self) -> None:
        """Take the next step of every position that an assignment left something of.

        What fails is tried again at the next look.
        """
        floor = self._floor
        last_at = floor.session.close_at - _LAST_SEND
        if not floor.session.open_at <= floor.clock.now() < last_at:
            return
        for position in floor.desk.positions():
            live = self._live(position)
            if position.position_id in self._worked and live is not None:
                await self._tell_if_late(live)
            elif was_settled(position) and (live is not None or not is_cleared(position)):
                await self._try(position)

    async def _try(self, position: Position) -> None:
        try:
            await self._advance(position)
        except AdapterError as error:
            name = position.position_id
            log_event("remedy_put_off", severity="WARNING", position=name, why=str(error))

    async def _advance(self, position: Position) -> None:
        floor = self._floor
        opened_by = self._suspects.opened_by(position.position_id)
        broker = floor.connections.ready().get(opened_by.login_id) if opened_by else None
        if opened_by is None or broker is None or not self._may_send():
            return
        settings = await floor.controls.trading()
        order = self._live(position)
        if order is not None and not order.purpose.is_remedy:
            return  # a closing of what is left of the spread comes to its end first
        if order is None:
            order = await self._plan(position, opened_by, broker, settings)
        else:
            order = await self._orders.catch_up(order)
        if order is not None:
            order = await self._orders.make_ready(order, broker)
            self._start(order, position, settings)

    def _live(self, position: Position) -> Order | None:
        live = position.live_closing_order_id
        return self._floor.desk.order(OrderId(live)) if live else None

    def _may_send(self) -> bool:
        floor = self._floor
        return floor.lease.stands() and floor.kill_switch.mode().may_close

    async def _plan(
        self, position: Position, opened_by: Order, broker: Broker, settings: TradingSettings
    ) -> Order | None:
        """Plan the next step; None where nothing is to be sent."""
        floor = self._floor
        if self._exercising.asked(position.position_id):
            return None
        step = await self._next_step(position, broker)
        position = floor.desk.position(position.position_id) or position
        if step is None or await self._exercises(position, step, opened_by, broker, settings):
            return None
        prefix = f"{position.position_id}~remedy~"
        number = 1 + sum(order.order_id.startswith(prefix) for order in floor.desk.orders())
        order = plan_remedy(
            position,
            opened_by,
            step,
            number,
            session_date=floor.session.session_date,
            now=floor.clock.now(),
        )
        return await self._orders.keep(order)

    async def _next_step(self, position: Position, broker: Broker) -> Step | None:
        """Ask the broker's books what may be traded away; None where they do not tell."""
        floor, spread = self._floor, position.spread
        is_alive = life_of(spread, floor.clock.now()) is Life.ALIVE
        contracts = [leg.contract for leg in spread.opening_legs] if is_alive else []
        await broker.resolve(spread.symbol, contracts)
        await broker.watch(spread.symbol, contracts)
        reading = await read_books(broker, desk=floor.desk, now=floor.clock.now())
        position = floor.desk.position(position.position_id) or position
        if not reading.is_whole or is_cleared(position):
            return None
        symbol = underlying_key(spread.symbol)
        step = next_step(
            position,
            shares_at_broker=_held(reading.sweep, position, symbol),
            long_at_broker=_held(reading.sweep, position, spread.long_contract.key),
            is_long_alive=is_alive,
        )
        if step is None and position.share_quantity:
            await self._tell_of_nothing_left(position)
        return step

    async def _exercises(
        self,
        position: Position,
        step: Step,
        opened_by: Order,
        broker: Broker,
        settings: TradingSettings,
    ) -> bool:
        """Exercise the long leg where that pays more; True where nothing is to be traded now."""
        quantity = exercise_quantity(position)
        is_alive = life_of(position.spread, self._floor.clock.now()) is Life.ALIVE
        if step.purpose is not Purpose.FLATTEN_SHARES or not quantity or not is_alive:
            return False
        stock = self._quote(underlying_key(position.spread.symbol), settings)
        if stock is None:
            return True
        long = self._quote(position.spread.long_contract.key, settings)
        pays = exercising_pays(position, stock, long, fee_per_contract=settings.fee_per_leg)
        if pays:
            log_event("exercise_asked", position=position.position_id, quantity=quantity)
            await self._exercising.ask(position, opened_by, quantity, broker)
        return pays is not False

    def _quote(self, key: ContractKey, settings: TradingSettings) -> Quote | None:
        """A contract's quote now; None where it is stale or crossed."""
        quote = self._floor.quotes().get(key)
        if quote is None or quote.is_crossed:
            return None
        age_seconds = quote.age_seconds(self._floor.clock.now())
        return quote if age_seconds <= settings.quote_max_age_seconds else None

    def _start(self, order: Order, position: Position, settings: TradingSettings) -> None:
        """Work a remedy that may be worked.

        One that an earlier leader released may have been sent: it waits until the broker's books
        say what became of it.
        """
        is_ours = self._is_unsent(order) or bool(order.rungs)
        if order.state is OrderState.WORKING or (order.state is OrderState.RELEASING and is_ours):
            self._worked.add(position.position_id)
            work = self._work(order.order_id, position, settings)
            self._tasks.create_task(self._ladders.attend(order.order_id, work))

    async def _work(self, order_id: OrderId, position: Position, settings: TradingSettings) -> None:
        order = self._floor.desk.order(order_id)
        (key, _), *_ = order.sides
        floor = self._ladders.floor_of(order, settings)
        try:
            end = await work_remedy(order_id, floor, lambda: self._quote(key, settings))
            if end is LadderEnd.USED_UP:
                await self._end_unfilled(order_id, Reason.END_OF_DAY)
            elif end is LadderEnd.FORBIDDEN:
                await self._end_unfilled(order_id, Reason.TRADING_HALTED)
        finally:
            self._worked.discard(position.position_id)
        left = self._floor.desk.position(position.position_id)
        if left is not None and is_cleared(left):
            words = (
                f"{left.follower_id}: nothing is left of the assignment; the position made "
                f"{usd_text(left.realized)} USD before fees"
            )
            await self._alert(AlertType.ASSIGNMENT_COMPENSATED, left, words)

    async def _end_unfilled(self, order_id: OrderId, reason: Reason) -> None:
        order = self._floor.desk.order(order_id)
        if order.rungs or not self._is_unsent(order):
            await self._ladders.cancel(order_id, reason)
            return
        skipped = replace(
            moved(order, OrderState.SKIPPED),
            reason=reason,
            detail="nothing of it was sent",
            finished_at=self._floor.clock.now(),
        )
        self._floor.desk.put(skipped)

    def _is_unsent(self, order: Order) -> bool:
        return order.order_id in self._orders.released or self._ladders.is_unsent(order)

    async def _tell_if_late(self, order: Order) -> None:
        if order.is_terminal or self._floor.clock.now() < order.planned_at + _PATIENCE:
            return
        position_id = order.order_id.rpartition("~remedy~")[0]
        words = (
            f"{order.follower_id}: {order.remaining} of {order.quantity} are still to be traded "
            f"after an assignment ({order.purpose}); it is tried on"
        )
        await self._floor.raise_alert(
            AlertType.CLOSE_FAILED,
            f"{position_id} remedy",
            words,
            follower_id=order.follower_id,
        )

    async def _tell_of_nothing_left(self, position: Position) -> None:
        words = (
            f"{position.follower_id}: our books hold {position.share_quantity} "
            f"{position.spread.symbol} of an assignment, the broker holds none to trade away; "
            "nothing was touched"
        )
        await self._alert(AlertType.POSITION_MISMATCH, position, words)

    async def _alert(self, alert_type: AlertType, position: Position, words: str) -> None:
        await self._floor.raise_alert(
            alert_type, position.position_id, words, follower_id=position.follower_id
        )


def _held(sweep: Sweep, position: Position, key: ContractKey) -> int:
    return sweep.positions.get((position.account_id, key), 0)
