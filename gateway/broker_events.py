"""Broker events: what a login tells, turned into what the desk knows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from gateway.desk import SessionDesk
from gateway.ladders import REFUSALS, Ladders
from shared.adapters.json_log import log_event
from shared.domain.fills import split_exec_id
from shared.domain.followers import LoginId
from shared.domain.orders import Order, OrderId, OrderState, moved
from shared.ports.broker import (
    BrokerEvent,
    ConnectionLost,
    Execution,
    FeeReported,
    OrderAcknowledged,
    OrderEndReported,
    OrderMessage,
)
from shared.ports.clock import AsyncClock
from shared.use_cases.record_execution import record_execution


class BrokerEvents:
    """Handles every event of every login, on the event loop, without waiting.

    Args:
        desk: Orders and fills.
        ladders: Settles what seems to have ended.
        clock: Market time.
        tasks: Where settling is supervised.
    """

    def __init__(
        self, desk: SessionDesk, ladders: Ladders, clock: AsyncClock, tasks: asyncio.TaskGroup
    ) -> None:
        self._desk = desk
        self._ladders = ladders
        self._clock = clock
        self._tasks = tasks
        self._messages: dict[OrderId, OrderMessage] = {}
        self._settling: set[OrderId] = set()
        self._early_fees: dict[str, Decimal] = {}

    def handle(self, login_id: LoginId, event: BrokerEvent) -> None:
        """Take one event in."""
        match event:
            case Execution():
                self._book(login_id, event)
            case FeeReported():
                self._book_fee(event)
            case OrderAcknowledged():
                self._acknowledge(login_id, event)
            case OrderEndReported():
                words = f"the broker reports {event.status}"
                self._settle_soon(self._order(login_id, event.broker_order_id), words)
            case OrderMessage():
                self._keep_message(login_id, event)
            case ConnectionLost():
                log_event("login_lost", severity="WARNING", login=login_id, why=event.reason)
            case _:
                assert_never(event)

    def _book(self, login_id: LoginId, execution: Execution) -> None:
        fee = self._early_fees.pop(execution.broker_exec_id, None)
        if not record_execution(execution, fee, desk=self._desk):
            log_event("external_trade", severity="WARNING", login=login_id)

    def _book_fee(self, event: FeeReported) -> None:
        """Book a fee on its fill; one that is told before its execution waits for it."""
        exec_id, _ = split_exec_id(event.broker_exec_id)
        fill = self._desk.fill(exec_id)
        if fill is None:
            self._early_fees[event.broker_exec_id] = event.fee
        else:
            self._desk.book([replace(fill, fee=event.fee)])

    def _acknowledge(self, login_id: LoginId, event: OrderAcknowledged) -> None:
        order = self._order(login_id, event.broker_order_id)
        if order is None or order.broker is None:
            return
        broker = replace(order.broker, perm_id=event.perm_id or order.broker.perm_id)
        seen_at = order.acknowledged_at or self._clock.now()
        if order.state in (OrderState.RELEASING, OrderState.UNCONFIRMED):
            order = moved(order, OrderState.WORKING)
        self._desk.put(replace(order, broker=broker, acknowledged_at=seen_at))

    def _settle_soon(self, order: Order | None, words: str) -> None:
        if order is None or order.is_terminal or order.order_id in self._settling:
            return
        self._settling.add(order.order_id)
        settling = self._settle(order.order_id, words)
        self._tasks.create_task(self._ladders.attend(order.order_id, settling))

    async def _settle(self, order_id: OrderId, words: str) -> None:
        message = self._messages.get(order_id)
        try:
            if message is None:
                await self._ladders.settle(order_id, words)
            else:
                await self._ladders.settle(order_id, message.message, message.code)
        finally:
            self._settling.discard(order_id)

    def _keep_message(self, login_id: LoginId, event: OrderMessage) -> None:
        order = self._order(login_id, event.broker_order_id)
        if order is None:
            return
        self._messages[order.order_id] = event
        log_event("broker_message", order=order.order_id, code=event.code, text=event.message)
        if event.code in REFUSALS and order.state is OrderState.RELEASING:
            # The client library reports no end for some of them (110).
            self._settle_soon(order, event.message)

    def _order(self, login_id: LoginId, broker_order_id: int) -> Order | None:
        return self._desk.order_at_broker(login_id, broker_order_id)
