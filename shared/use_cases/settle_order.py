"""Settle an order that may have ended: only the broker's own books make an end true."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.order_life import end_state
from shared.domain.orders import Order, OrderId, OrderState, moved
from shared.domain.reasons import Reason
from shared.ports.broker import CompletedBrokerOrder, OpenBrokerOrder, Sweep
from shared.ports.clock import AsyncClock
from shared.ports.desk import Desk
from shared.use_cases.read_books import Reading

SWEEP_INTERVAL_SECONDS = 10
_FILLED = "Filled"
"""IBKR's status of an order that filled: no end for us before its executions are here too."""

_MARGIN_WORDS = ("MARGIN", "EQUITY WITH LOAN", "AVAILABLE FUNDS")


class Outcome(StrEnum):
    """What the broker's books say of an order."""

    LIVE = "live"
    """It is among the open orders."""
    ENDED = "ended"
    """It has ended, and every execution of it is booked."""
    ABSENT = "absent"
    """Two whole readings, ten seconds apart, know nothing of it."""
    UNCLEAR = "unclear"
    """The readings contradict what we know, or name it filled without its executions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndCause:
    """How an order is named where the books say that it has ended.

    Attributes:
        ended_by: State it ends in where nothing filled.
        reason: Why, where nothing or not everything filled.
        detail: The reason in words.
    """

    ended_by: OrderState
    reason: Reason | None
    detail: str


async def settle_order(
    order_id: OrderId,
    *,
    desk: Desk,
    read: Callable[[], Awaitable[Reading]],
    clock: AsyncClock,
    cause: EndCause,
) -> Outcome:
    """Read the login's books, twice if need be, and end the order if they say so.

    An order that is absent stays as it is: absence is no end. One that the broker refused in so
    many words (`ended_by` REJECTED) leaves no trace in its books; it ends where two whole
    readings know nothing of it.

    Args:
        order_id: The order.
        desk: Where it is kept.
        read: Reads the books of its login and books what they show.
        clock: Market time.
        cause: What to call its end.

    Returns:
        What the books say of it.

    Raises:
        AdapterError: If the books could not be read; nothing is concluded then.
    """
    is_whole = is_called_filled = False
    for attempt in range(2):
        reading = await read()
        outcome = _concluded(desk.order(order_id), reading.sweep, desk, clock.now(), cause)
        if outcome is not None:
            return outcome
        is_whole = reading.is_whole and (attempt == 0 or is_whole)
        is_called_filled = bool(_completed(desk.order(order_id), reading.sweep))
        if attempt == 0:
            await clock.sleep_until(clock.now() + timedelta(seconds=SWEEP_INTERVAL_SECONDS))
    if is_called_filled or not is_whole:
        return Outcome.UNCLEAR
    if cause.ended_by is not OrderState.REJECTED:
        return Outcome.ABSENT
    _end(desk.order(order_id), [], desk, clock.now(), cause)
    return Outcome.ENDED


def _concluded(
    order: Order, sweep: Sweep, desk: Desk, now: datetime, cause: EndCause
) -> Outcome | None:
    """What one reading tells for certain; None where it tells nothing of the order's end."""
    if order.is_terminal:
        return Outcome.ENDED
    live = live_order(order, sweep)
    if live is not None:
        adopt_live(order, live, desk, now)
        return Outcome.LIVE
    completed = _completed(order, sweep)
    if order.remaining <= 0 or any(item.status != _FILLED for item in completed):
        _end(order, completed, desk, now, cause)
        return Outcome.ENDED
    return None


def live_order(order: Order, sweep: Sweep) -> OpenBrokerOrder | None:
    """Find the broker order that stands behind an order among the open ones.

    Another one under the same reference, or even the same order id, is an excess, and only
    stands in for it where ours is not there.
    """
    if order.broker is None:
        return None
    same = [one for one in sweep.open_orders if _is_of(order, one.order_ref, one.perm_id)]
    ids = order.broker
    return min(
        same,
        key=lambda one: (one.perm_id != ids.perm_id, one.broker_order_id != ids.broker_order_id),
        default=None,
    )


def has_ended(order: Order, sweep: Sweep) -> bool:
    """Tell whether the broker order behind an order is certainly over, its executions booked."""
    if live_order(order, sweep) is not None:
        return False
    completed = _completed(order, sweep)
    is_filled = any(item.status == _FILLED for item in completed)
    return bool(completed) and (not is_filled or order.remaining <= 0)


def adopt_live(order: Order, found: OpenBrokerOrder, desk: Desk, now: datetime) -> Order:
    """Keep an order that the broker has live as working; an ended one stays ended."""
    if order.is_terminal:
        return order
    adopted = order if order.state is OrderState.WORKING else moved(order, OrderState.WORKING)
    broker = replace(order.broker, perm_id=found.perm_id) if order.broker else None
    kept = replace(adopted, broker=broker, acknowledged_at=order.acknowledged_at or now)
    desk.put(kept)
    return kept


def unconfirmed(order: Order, words: str) -> Order:
    """Call an order's outcome unknown; it is neither flat, nor filled, nor unsent."""
    if order.state is OrderState.UNCONFIRMED:
        return order
    return replace(moved(order, OrderState.UNCONFIRMED), detail=words)


def _completed(order: Order, sweep: Sweep) -> list[CompletedBrokerOrder]:
    return [one for one in sweep.completed_orders if _is_of(order, one.order_ref, one.perm_id)]


def _is_of(order: Order, order_ref: str, perm_id: int) -> bool:
    """Match a broker order by our reference, else by the broker's lasting id."""
    if order.broker is None:
        return False
    if order_ref:
        return order_ref == order.broker.order_ref
    return bool(perm_id) and perm_id == order.broker.perm_id


def _end(
    order: Order,
    completed: list[CompletedBrokerOrder],
    desk: Desk,
    now: datetime,
    cause: EndCause,
) -> None:
    words, reason = completed[0].message if completed else "", cause.reason
    state = end_state(order, ended_by=cause.ended_by)
    is_refused = cause.ended_by is OrderState.REJECTED
    if is_refused and any(word in cause.detail.upper() for word in _MARGIN_WORDS):
        reason = Reason.NO_MARGIN
    ended = replace(
        moved(order, state),
        finished_at=now,
        reason=None if state is OrderState.FILLED else reason,
        detail="" if state is OrderState.FILLED else cause.detail or words,
    )
    desk.put(ended)
