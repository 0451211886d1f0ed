"""Settle an order that may have ended: only the broker's own books make an end true."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.orders import Order, OrderId, OrderState, end_state, moved
from shared.domain.reasons import Reason
from shared.ports.broker import Broker, CompletedBrokerOrder, OpenBrokerOrder, Sweep
from shared.ports.clock import AsyncClock
from shared.ports.desk import Desk
from shared.use_cases.record_execution import record_execution

SWEEP_INTERVAL_SECONDS = 10
_FILLED = "Filled"
"""IBKR's status of an order that filled: no end for us before its executions are here too."""

_MARGIN_WORDS = ("MARGIN", "EQUITY WITH LOAN", "AVAILABLE FUNDS")


async def settle_order(
    order_id: OrderId,
    *,
    desk: Desk,
    broker: Broker,
    clock: AsyncClock,
    ended_by: OrderState,
    reason: Reason | None,
    detail: str,
) -> Order:
    """Sweep the login's books and end the order if they say that it has ended.

    Args:
        order_id: The order.
        desk: Where it is kept.
        broker: The login that carries it.
        clock: Market time.
        ended_by: State it ends in where nothing filled.
        reason: Why, where nothing or not everything filled.
        detail: The reason in words.

    Returns:
        The order: ended; still working where the broker still has it live; or unconfirmed
        where two complete sweeps, ten seconds apart, know nothing of it. An order that the
        broker refused in so many words (`ended_by` REJECTED) leaves no trace in its books; it
        ends where both sweeps know nothing of it.

    Raises:
        AdapterError: If the books could not be read; nothing is concluded then.
    """
    for attempt in range(2):
        sweep = await broker.sweep()
        record_sweep(sweep, desk=desk)
        order = desk.order(order_id)
        ref = order.broker.order_ref if order.broker else ""
        live = [item for item in sweep.open_orders if item.order_ref == ref]
        if live:
            return adopt_live(order, live[0], desk, clock.now())
        if order.is_terminal:
            return order
        completed = [item for item in sweep.completed_orders if item.order_ref == ref]
        if order.remaining <= 0 or any(item.status != _FILLED for item in completed):
            return _end(order, completed, desk, clock.now(), ended_by, reason, detail)
        if attempt == 0:
            await clock.sleep_until(clock.now() + timedelta(seconds=SWEEP_INTERVAL_SECONDS))
    if ended_by is OrderState.REJECTED and not completed:
        return _end(desk.order(order_id), [], desk, clock.now(), ended_by, reason, detail)
    return _unconfirmed(desk.order(order_id), desk)


def adopt_live(order: Order, found: OpenBrokerOrder, desk: Desk, now: datetime) -> Order:
    """Keep an order that the broker has live as working; an ended one stays ended."""
    if order.is_terminal:
        return order
    adopted = order if order.state is OrderState.WORKING else moved(order, OrderState.WORKING)
    broker = replace(order.broker, perm_id=found.perm_id) if order.broker else None
    kept = replace(adopted, broker=broker, acknowledged_at=order.acknowledged_at or now)
    desk.put(kept)
    return kept


def record_sweep(sweep: Sweep, *, desk: Desk) -> int:
    """Book every execution a sweep shows; returns how many belong to no order of ours."""
    return sum(
        not record_execution(execution, sweep.fees.get(execution.broker_exec_id), desk=desk)
        for execution in sweep.executions
    )


def _end(
    order: Order,
    completed: list[CompletedBrokerOrder],
    desk: Desk,
    now: datetime,
    ended_by: OrderState,
    reason: Reason | None,
    detail: str,
) -> Order:
    words = completed[0].message if completed else ""
    state = end_state(order, ended_by=ended_by)
    if ended_by is OrderState.REJECTED and any(word in detail.upper() for word in _MARGIN_WORDS):
        reason = Reason.NO_MARGIN
    ended = replace(
        moved(order, state),
        finished_at=now,
        reason=None if state is OrderState.FILLED else reason,
        detail="" if state is OrderState.FILLED else detail or words,
    )
    desk.put(ended)
    return ended


def _unconfirmed(order: Order, desk: Desk) -> Order:
    if order.state is OrderState.UNCONFIRMED:
        return order
    unknown = replace(
        moved(order, OrderState.UNCONFIRMED),
        detail="open orders, completed orders and executions do not tell its outcome, twice",
    )
    desk.put(unknown)
    return unknown
