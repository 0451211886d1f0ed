"""Reconcile a login with the broker's own books, before it trades and after every outage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.orders import LIVE_STATES, BrokerIds, Order, OrderId
from shared.ports.broker import Broker, Sweep
from shared.ports.desk import Desk
from shared.use_cases.read_books import read_books
from shared.use_cases.settle_order import adopt_live, live_order


@dataclass(frozen=True, kw_only=True, slots=True)
class Stray:
    """A live broker order under a reference of ours, beyond the one its order may have.

    Attributes:
        order_id: Our order.
        ids: What names the broker order.
    """

    order_id: OrderId
    ids: BrokerIds


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """What a reconciliation leaves to do.

    Attributes:
        doubtful: Orders believed live, but not among the broker's open ones, in id order.
        strays: Live broker orders that must be canceled.
    """

    doubtful: tuple[Order, ...]
    strays: tuple[Stray, ...]


async def reconcile_login(
    broker: Broker, *, desk: Desk, now: datetime, gone: Collection[OrderId] = ()
) -> Reconciled:
    """Adopt what the broker says of our orders.

    Executions are booked first. An order that is live there is working here; one that we
    believe live and the broker does not show must be settled.

    Args:
        broker: A connected login.
        desk: Orders and fills of the session.
        now: Market time (UTC).
        gone: Orders whose end the broker has told.

    Raises:
        AdapterError: If the books could not be read; the login must not trade then.
    """
    reading = await read_books(broker, desk=desk, now=now, gone=gone)
    doubtful: list[Order] = []
    for order in _believed_live(desk.orders(), broker):
        found = live_order(order, reading.sweep)
        if found is None:
            doubtful.append(order)
        else:
            adopt_live(order, found, desk, now)
    return Reconciled(doubtful=tuple(doubtful), strays=strays_in(reading.sweep, desk))


def strays_in(sweep: Sweep, desk: Desk) -> tuple[Stray, ...]:
    """Find live broker orders of ours that nobody works: a second one, or one of an ended order."""
    strays: list[Stray] = []
    for found in sweep.open_orders:
        order = desk.order_by_ref(found.order_ref) if found.order_ref else None
        if order is None or order.broker is None:
            continue
        is_present = found.order_ref == order.broker.order_ref
        # Alone under our reference, but with another id, it cannot be worked as ours.
        is_named = found.broker_order_id in (0, order.broker.broker_order_id)
        is_ours = is_present and is_named and found is live_order(order, sweep)
        if is_ours and (order.state in LIVE_STATES or order.remaining <= 0):
            continue
        ids = replace(
            order.broker,
            order_ref=found.order_ref,
            broker_order_id=found.broker_order_id,
            perm_id=found.perm_id,
        )
        strays.append(Stray(order_id=order.order_id, ids=ids))
    return tuple(strays)


def _believed_live(orders: Sequence[Order], broker: Broker) -> list[Order]:
    return [
        order
        for order in orders
        if order.login_id == broker.login_id and order.state in LIVE_STATES
    ]
