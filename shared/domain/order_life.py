"""Turns in an order's life: a new broker order behind it, and the name of its end."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.errors import InvariantBroken
from shared.domain.orders import (
    LATE_FILLS,
    BrokerIds,
    Order,
    OrderState,
    moved,
    order_ref_of,
)


def reissued(order: Order, broker_order_id: int) -> Order:
    """Put a new broker order behind an order whose broker order has certainly ended.

    Nothing of the new one is sent yet; its quantity is what the earlier ones left unfilled.

    Raises:
        InvariantBroken: If it was never claimed, or nothing is left, or its state forbids it.
    """
    if order.broker is None or order.remaining <= 0:
        raise InvariantBroken(f"order {order.order_id} has nothing to put a broker order behind")
    earlier = (*order.earlier_brokers, order.broker)
    ids = BrokerIds(
        order_ref=order_ref_of(order.order_id, len(earlier) + 1),
        client_id=order.broker.client_id,
        broker_order_id=broker_order_id,
    )
    return replace(
        moved(order, OrderState.RELEASING),
        broker=ids,
        earlier_brokers=earlier,
        earlier_filled_quantity=order.filled_quantity,
        acknowledged_at=None,
    )


def renamed_by_fills(order: Order) -> Order:
    """Name an ended order by what has filled of it, after a late or corrected execution.

    An order without a fill, or named right already, stays as it is (see LATE_FILLS). One whose
    fills were all taken back (a bust) has traded nothing.
    """
    had_filled = order.state in (OrderState.FILLED, OrderState.PARTIALLY_FILLED)
    named = end_state(order, ended_by=OrderState.CANCELED if had_filled else order.state)
    return replace(order, state=named) if named in LATE_FILLS.get(order.state, ()) else order


def end_state(order: Order, *, ended_by: OrderState) -> OrderState:
    """Name the end of an order that the market or a cancel has finished.

    A full fill is FILLED whatever ended it; some fill is PARTIALLY_FILLED; none is `ended_by`.
    """
    if order.filled_quantity >= order.quantity:
        return OrderState.FILLED
    return OrderState.PARTIALLY_FILLED if order.filled_quantity > 0 else ended_by
