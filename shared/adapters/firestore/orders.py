"""Orders as functions see them: `orders/{order_id}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.records import in_parts, of_session, read_all
from shared.domain.orders import Order, OrderId
from shared.ports.documents import Create, Documents, Snapshot, Write


class FirestorePlannedOrders:
    """`PlannedOrders` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def plan(self, orders: Sequence[Order]) -> tuple[OrderId, ...]:
        """Create the orders that do not exist; ids of those created, in the given order."""
        created: list[OrderId] = []
        for part in in_parts(orders):
            created.extend(self._plan_part(part))
        return tuple(created)

    def of_session(self, session_date: str) -> tuple[Order, ...]:
        """Read a session's orders, in id order."""
        return read_all(Order, self._documents.find(of_session("orders", session_date)))

    def _plan_part(self, orders: Sequence[Order]) -> list[OrderId]:
        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], list[OrderId]]:
            new = [order for order, one in zip(orders, found, strict=True) if one is None]
            creates = [Create(path=order_path(one.order_id), data=encode(one)) for one in new]
            return creates, [one.order_id for one in new]

        return self._documents.transact([order_path(one.order_id) for one in orders], decide)


def order_path(order_id: OrderId) -> str:
    """Name an order's document."""
    return f"orders/{order_id}"
