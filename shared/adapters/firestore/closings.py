"""Closing orders in a document database."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.leases import lease_path, require_token
from shared.adapters.firestore.orders import order_path
from shared.adapters.firestore.records import read
from shared.domain.errors import NotFound
from shared.domain.orders import Order
from shared.domain.positions import Position, PositionId
from shared.ports.documents import AsyncDocuments, Create, Snapshot, Update, Write
from shared.ports.stored import Stored


class FirestoreClosings:
    """`Closings` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def plan(
        self, order: Order, position_id: PositionId, *, shard: int, token: int
    ) -> Stored[Order] | None:
        """Create a closing order and name it in its position; see `Closings`."""
        position_path = f"positions/{position_id}"

        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], bool]:
            lease, snapshot = found
            require_token(lease, token)
            if snapshot is None:
                raise NotFound("firestore", f"there is no position {position_id}")
            if read(Position, snapshot).live_closing_order_id is not None:
                return (), False
            named = Update(
                path=position_path, fields={"live_closing_order_id": str(order.order_id)}
            )
            return (Create(path=order_path(order.order_id), data=encode(order)), named), True

        planned, versions = await self._documents.transact_with_versions(
            [lease_path(shard), position_path], decide
        )
        return Stored(value=order, version=versions[0]) if planned else None
