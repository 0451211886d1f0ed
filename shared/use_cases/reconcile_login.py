"""Reconcile a login with the broker's own books, before it trades and after every outage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.domain.orders import LIVE_STATES, Order
from shared.ports.broker import Broker, OpenBrokerOrder, Sweep
from shared.ports.desk import Desk
from shared.use_cases.settle_order import adopt_live, record_sweep


async def reconcile_login(broker: Broker, *, desk: Desk, now: datetime) -> tuple[Order, ...]:
    """Adopt what the broker says of our orders.

    Executions are booked first. An order that is live there is working here; one that we
    believe live and the broker does not show must be settled.

    Args:
        broker: A connected login.
        desk: Orders and fills of the session.
        now: Market time (UTC).

    Returns:
        Orders to settle, in id order: believed live, but not among the broker's open ones.

    Raises:
        AdapterError: If the books could not be read; the login must not trade then.
    """
    sweep = await broker.sweep()
    record_sweep(sweep, desk=desk)
    live = _by_ref(sweep)
    doubtful: list[Order] = []
    for order in _believed_live(desk.orders(), broker):
        found = live.get(order.broker.order_ref) if order.broker else None
        if found is None:
            doubtful.append(order)
        else:
            adopt_live(order, found, desk, now)
    return tuple(doubtful)


def _believed_live(orders: Sequence[Order], broker: Broker) -> list[Order]:
    return [
        order
        for order in orders
        if order.login_id == broker.login_id and order.state in LIVE_STATES
    ]


def _by_ref(sweep: Sweep) -> dict[str, OpenBrokerOrder]:
    return {item.order_ref: item for item in sweep.open_orders if item.order_ref}
