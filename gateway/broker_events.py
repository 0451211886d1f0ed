"""Broker events: what a login tells, turned into what the desk knows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from gateway.desk import SessionDesk
from gateway.openings.ladders import Ladders
from gateway.outcomes.settlements import REFUSALS
from shared.adapters.json_log import log_event
from shared.domain.fills import split_exec_id
from shared.domain.followers import LoginId
from shared.domain.orders import Order, OrderId, OrderState, moved
from shared.ports.broker import (
    BrokerEvent,
    ConnectionLost,
    Execution,
    FeeReported,
    LinkBroken,
    LinkRestored,
    MarketDataState,
    NotSent,
    OrderAcknowledged,
    OrderEndReported,
    OrderMessage,
)
from shared.ports.clock import AsyncClock
from shared.use_cases.record_execution import order_of, record_execution

_NOTICES = frozenset({399, 2109, 10349})
"""IBKR's codes that only inform: held until the open, outside hours ignored, TIF set to DAY."""
_DUPLICATE_ID = 103
_MISMATCH = 105
"""A modification does not match the order that IBKR has."""
_QUESTIONS = frozenset({_DUPLICATE_ID, 104, 106, 107, 161, 10147, 10148})
"""IBKR's codes after which only its books tell how an order stands: duplicate id, modify of a
filled order, cannot transmit, and a cancel of what is not there or not cancelable."""


class BrokerEvents:
    """Handles every event of every login, on the event loop, without waiting.

    Args:
        desk: Orders and fills.
        ladders: Settles what seems to have ended.
        clock: Market time.
    """

    def __init__(self, desk: SessionDesk, ladders: Ladders, clock: AsyncClock) -> None:
        self._desk = desk
        self._ladders = ladders
        self._clock = clock
        self._messages: dict[OrderId, OrderMessage] = {}
        self._early_fees: dict[str, Decimal] = {}

    def handle(self, login_id: LoginId, event: BrokerEvent) -> None:
        """Take one event in."""
        match event:
            case Execution():
                self._book(login_id, event)
            case FeeReported():
                self._book_fee(event)
            case OrderAcknowledged() | OrderEndReported() | OrderMessage() | NotSent():
                order = self._present(login_id, event.broker_order_id)
                if order is not None:
                    self._tell_of(order, event)
            case ConnectionLost():
                log_event("login_lost", severity="WARNING", login=login_id, why=event.reason)
            case LinkBroken() | LinkRestored() | MarketDataState():
                log_event("login_told", severity="WARNING", login=login_id, what=str(event))
            case _:
                assert_never(event)

    def _tell_of(
        self, order: Order, event: OrderAcknowledged | OrderEndReported | OrderMessage | NotSent
    ) -> None:
        match event:
            case OrderAcknowledged():
                self._acknowledge(order, event.perm_id)
            case OrderEndReported():
                self._end(order, event.status)
            case OrderMessage():
                self._keep_message(order, event)
            case NotSent():
                log_event("not_sent", severity="WARNING", order=order.order_id, why=event.why)
                self._ladders.take_back(order.order_id, event.why)
            case _:
                assert_never(event)

    def _book(self, login_id: LoginId, execution: Execution) -> None:
        fee = self._early_fees.pop(execution.broker_exec_id, None)
        if not record_execution(execution, fee, desk=self._desk):
            log_event("external_trade", severity="WARNING", login=login_id)
            return
        order = order_of(execution, self._desk)
        if order is not None and order.excess_quantity:
            self._ladders.take_fill_soon(order.order_id)
        if order is not None and order.earlier_brokers and order.remaining <= 0:
            # What an earlier broker order filled late may leave the present one live.
            self._ladders.look_for_strays_soon(order.order_id)

    def _book_fee(self, event: FeeReported) -> None:
        """Book a fee on its fill; one that is told before its execution waits for it."""
        exec_id, _ = split_exec_id(event.broker_exec_id)
        fill = self._desk.fill(exec_id)
        if fill is None:
            self._early_fees[event.broker_exec_id] = event.fee
        else:
            self._desk.book([replace(fill, fee=event.fee)])

    def _acknowledge(self, order: Order, perm_id: int) -> None:
        if order.broker is None:
            return
        if order.is_terminal and order.remaining > 0:
            self._ladders.look_for_strays_soon(order.order_id)
        broker = replace(order.broker, perm_id=perm_id or order.broker.perm_id)
        seen_at = order.acknowledged_at or self._clock.now()
        if order.state in (OrderState.RELEASING, OrderState.UNCONFIRMED):
            order = moved(order, OrderState.WORKING)
        self._desk.put(replace(order, broker=broker, acknowledged_at=seen_at))
        self._ladders.acknowledged(order.order_id)

    def _end(self, order: Order, status: str) -> None:
        if order.is_terminal:
            return
        self._ladders.gone.add(order.order_id)
        message = self._messages.get(order.order_id)
        if message is None:
            self._ladders.settle_soon(order.order_id, f"the broker reports {status}")
        else:
            self._ladders.settle_soon(order.order_id, message.message, message.code)

    def _keep_message(self, order: Order, event: OrderMessage) -> None:
        log_event("broker_message", order=order.order_id, code=event.code, text=event.message)
        if event.code in _NOTICES or order.is_terminal:
            return
        if event.code == _MISMATCH:
            self._ladders.replace_soon(order.order_id, event.message)
        elif event.code in _QUESTIONS:
            if event.code == _DUPLICATE_ID:
                self._ladders.resends.refused_id(order.order_id)
            self._ladders.settle_soon(order.order_id, event.message, event.code)
        else:
            self._messages[order.order_id] = event
            if event.code in REFUSALS and order.state is OrderState.RELEASING:
                # The client library reports no end for some of them (110).
                self._ladders.gone.add(order.order_id)
                self._ladders.settle_soon(order.order_id, event.message, event.code)

    def _present(self, login_id: LoginId, broker_order_id: int) -> Order | None:
        """Find the order behind which a broker order stands now, not one that stood before."""
        order = self._desk.order_at_broker(login_id, broker_order_id)
        if order is None or order.broker is None:
            return None
        return order if order.broker.broker_order_id == broker_order_id else None
