"""Refusals: orders that will not trade, each with a reason people can read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from gateway.floor import TradingFloor
from gateway.openings.ladder_floors import RulesBook
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.followers import Follower, LoginId
from shared.domain.orders import Order, OrderId, OrderState, Purpose, moved
from shared.domain.planning import reason_to_skip
from shared.domain.quotes import NetQuote
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
    """Skip every opening of a signal that was certainly not sent for one reason; say so once.

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
        and order.purpose is Purpose.OPEN
        and (order.state is OrderState.CLAIMED or order.order_id in unsent)
    ]
    for order in waiting:
        floor.desk.put(_skipped(order, floor, reason, words))
    if waiting:
        told = f"{words}; {len(waiting)} orders were skipped"
        await floor.raise_alert(alert_type, signal.signal_id, told, traceparent=signal.traceparent)


async def refuse_barred(floor: TradingFloor, waiting: Sequence[Order]) -> None:
    """Skip who may not open any more: barred by a loss, paused or gone since the claim.

    Args:
        floor: What the leader works with.
        waiting: Claimed openings about to be released.

    Raises:
        AdapterError: If the followers cannot be read; nothing is released then.
    """
    followers = {one.follower_id: one for one in await floor.followers.all()}
    for order in waiting:
        why = _why_barred(order, floor, followers.get(order.follower_id))
        if why is not None:
            log_event("order_barred", order=order.order_id, reason=str(why[0]))
            floor.desk.put(_skipped(order, floor, *why))


def _why_barred(
    order: Order, floor: TradingFloor, follower: Follower | None
) -> tuple[Reason, str] | None:
    if (words := floor.barred.get(order.follower_id)) is not None:
        return Reason.LOSS_LIMIT, words
    if follower is None:
        return Reason.DISABLED, "the follower is not on file any more"
    return reason_to_skip(follower)


def refuse_late(
    floor: TradingFloor, waiting: Sequence[Order], market: NetQuote, book: RulesBook
) -> None:
    """Skip who comes after the others were filled, once the market pays too little by then.

    Args:
        floor: What the leader works with.
        waiting: Claimed openings about to be released.
        market: Net quote of the spread now.
        book: The ladder's rules for every order.
    """
    for order in waiting:
        ceiling = book.of(order).ceiling
        if market.mid > ceiling:
            words = (
                f"its login came late: the spread pays {-market.mid:.4f} now, and "
                f"{-ceiling:.2f} is the least after what the others were given"
            )
            floor.desk.put(_skipped(order, floor, Reason.LATE, words))


async def skip_at_cutoff(
    floor: TradingFloor,
    login_ids: Sequence[LoginId],
    held: Mapping[SignalId, Reason],
    *,
    unsent: dict[OrderId, str],
) -> None:
    """Skip openings that were never sent by the entry cut-off; tell of quotes that never came.

    Args:
        floor: What the leader works with.
        login_ids: Logins of the shard.
        held: Signals that may not be released, with the reason.
        unsent: Released orders that were certainly not sent, with what withheld them; emptied
            of those that are skipped.
    """
    await floor.desk.flush()
    stored = await floor.orders.of_session(floor.session.session_date, login_ids)
    skipped = []
    for item in stored:
        order = item.value
        if order.purpose is not Purpose.OPEN or not _is_unsent(order, unsent):
            continue
        reason, words = _reason_at_cutoff(order, floor, held, unsent.get(order.order_id, ""))
        value = _skipped(order, floor, reason, words)
        skipped.append(replace(item, value=replace(value, fencing_token=floor.lease.token)))
    floor.desk.adopt(await floor.orders.save_all(skipped))
    for item in skipped:
        unsent.pop(item.value.order_id, None)
    unusable = [item for item in skipped if item.value.reason is Reason.QUOTE_UNUSABLE]
    for signal_id in sorted({item.value.signal_id for item in unusable}):
        words = "no usable quote of the spread until the entry cut-off"
        await floor.raise_alert(AlertType.QUOTE_UNUSABLE, signal_id, words)


def _is_unsent(order: Order, unsent: Collection[OrderId]) -> bool:
    is_released = order.state is OrderState.RELEASING and order.order_id in unsent
    return order.state in _UNSENT or is_released


def _reason_at_cutoff(
    order: Order, floor: TradingFloor, held: Mapping[SignalId, Reason], withheld: str
) -> tuple[Reason, str]:
    if order.signal_id in held:
        reason = held[order.signal_id]
        return reason, "the signal was held until the entry cut-off"
    if order.state is OrderState.PLANNED and order.login_id in floor.connections.ready():
        return Reason.LATE, "it was planned too late to be claimed before the entry cut-off"
    return _reason_not_sent(order, floor, withheld)


def _reason_not_sent(order: Order, floor: TradingFloor, withheld: str) -> tuple[Reason, str]:
    """Say why an order that could be sent until the entry cut-off was not."""
    if order.login_id not in floor.connections.ready():
        return Reason.GATEWAY_UNREACHABLE, floor.connections.why_not(order.login_id)
    if not floor.may_open():
        return Reason.TRADING_HALTED, "the kill switch let nothing open until the entry cut-off"
    if withheld:
        return Reason.WITHHELD, withheld
    if order.margin is None and order.detail:
        return Reason.NO_MARGIN, order.detail
    if order.margin is None:
        return Reason.LATE, "it was claimed too late to be released before the entry cut-off"
    return Reason.QUOTE_UNUSABLE, "no usable quote of the spread until the entry cut-off"


def _skipped(order: Order, floor: TradingFloor, reason: Reason, words: str) -> Order:
    return replace(
        moved(order, OrderState.SKIPPED),
        reason=reason,
        detail=words,
        finished_at=floor.clock.now(),
    )
