"""Refusals: orders that will not trade, each with a reason people can read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from gateway.floor import TradingFloor
from shared.domain.alerts import AlertType
from shared.domain.followers import LoginId
from shared.domain.orders import Order, OrderId, OrderState, moved
from shared.domain.reasons import Reason
from shared.domain.signals import Signal, SignalId

_UNSENT = frozenset({OrderState.PLANNED, OrderState.CLAIMED})


async def refuse_all(
    floor: TradingFloor,
    signal: Signal,
    reason: Reason,
    alert_type: AlertType,
    words: str,
    *,
    unsent: Collection[OrderId],
) -> None:
    """Skip every order of a signal that was certainly not sent for one reason; say so once.

    Args:
        floor: What the leader works with.
        signal: The signal.
        reason: Why.
        alert_type: How people are told.
        words: What they are told.
        unsent: Released orders that were certainly not sent.
    """
    waiting = [
        order
        for order in floor.desk.orders()
        if order.signal_id == signal.signal_id
        and (order.state is OrderState.CLAIMED or order.order_id in unsent)
    ]
    for order in waiting:
        floor.desk.put(_skipped(order, floor, reason, words))
    if waiting:
        told = f"{words}; {len(waiting)} orders were skipped"
        await floor.raise_alert(alert_type, signal.signal_id, told, traceparent=signal.traceparent)


async def skip_at_cutoff(
    floor: TradingFloor,
    login_ids: Sequence[LoginId],
    held: Mapping[SignalId, Reason],
    *,
    unsent: Collection[OrderId],
) -> None:
    """Skip what was never sent by the entry cut-off, and tell of quotes that never came.

    Args:
        floor: What the leader works with.
        login_ids: Logins of the shard.
        held: Signals that may not be released, with the reason.
        unsent: Released orders that were certainly not sent.
    """
    await floor.desk.flush()
    stored = await floor.orders.of_session(floor.session.session_date, login_ids)
    late = [item for item in stored if item.value.state in _UNSENT or item.value.order_id in unsent]
    skipped = []
    for item in late:
        reason, words = _reason_at_cutoff(item.value, floor, held)
        order = _skipped(item.value, floor, reason, words)
        skipped.append(replace(item, value=replace(order, fencing_token=floor.lease.token)))
    floor.desk.adopt(await floor.orders.save_all(skipped))
    unusable = [item for item in skipped if item.value.reason is Reason.QUOTE_UNUSABLE]
    for signal_id in sorted({item.value.signal_id for item in unusable}):
        words = "no usable quote of the spread until the entry cut-off"
        await floor.raise_alert(AlertType.QUOTE_UNUSABLE, signal_id, words)


def _reason_at_cutoff(
    order: Order, floor: TradingFloor, held: Mapping[SignalId, Reason]
) -> tuple[Reason, str]:
    if order.signal_id in held:
        reason = held[order.signal_id]
        return reason, "the signal was held until the entry cut-off"
    if order.state is OrderState.PLANNED and order.login_id in floor.connections.ready():
        return Reason.LATE, "it was planned too late to be claimed before the entry cut-off"
    return _reason_not_sent(order, floor)


def _reason_not_sent(order: Order, floor: TradingFloor) -> tuple[Reason, str]:
    """Say why an order that could be sent until the entry cut-off was not."""
    if order.login_id not in floor.connections.ready():
        return Reason.GATEWAY_UNREACHABLE, floor.connections.why_not(order.login_id)
    if not floor.may_open():
        return Reason.TRADING_HALTED, "the kill switch let nothing open until the entry cut-off"
    if order.margin is None:
        return Reason.NO_MARGIN, order.detail or "the broker gave no margin figures"
    return Reason.QUOTE_UNUSABLE, "no usable quote of the spread until the entry cut-off"


def _skipped(order: Order, floor: TradingFloor, reason: Reason, words: str) -> Order:
    return replace(
        moved(order, OrderState.SKIPPED),
        reason=reason,
        detail=words,
        finished_at=floor.clock.now(),
    )
