"""Closing orders in a document database."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.leases import lease_path, require_token
from shared.adapters.firestore.orders import order_path
from shared.adapters.firestore.records import in_parts, read, read_stored
from shared.domain.orders import Order
from shared.domain.positions import Position, position_id_of
from shared.ports.documents import AsyncDocuments, Create, Snapshot, Update, Write
from shared.ports.stored import Stored

PLANS_PER_TRANSACTION = 100


class FirestoreClosings:
    """`Closings` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def plan(
        self, orders: Sequence[Order], *, shard: int, token: int
    ) -> tuple[Stored[Order], ...]:
        """Create closing orders and name each in its position; see `Closings`."""
        planned: list[Stored[Order]] = []
        for part in in_parts(orders, PLANS_PER_TRANSACTION):
            planned.extend(await self._plan_part(part, shard, token))
        return tuple(planned)

    async def _plan_part(
        self, orders: Sequence[Order], shard: int, token: int
    ) -> list[Stored[Order]]:
        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], _Decided]:
            require_token(found[0], token)
            positions, known = found[1 : 1 + len(orders)], found[1 + len(orders) :]
            free = [
                order
                for order, position, one in zip(orders, positions, known, strict=True)
                if one is None and _is_free(position)
            ]
            creates = [Create(path=order_path(one.order_id), data=encode(one)) for one in free]
            existing = [read_stored(Order, one) for one in known if one is not None]
            return [*creates, *(_named(one) for one in free)], (free, existing)

        paths = [_position_path(one) for one in orders], [order_path(o.order_id) for o in orders]
        (created, existing), versions = await self._documents.transact_with_versions(
            [lease_path(shard), *paths[0], *paths[1]], decide
        )
        new = zip(created, versions[: len(created)], strict=True)
        return [*(Stored(value=order, version=version) for order, version in new), *existing]


_Decided = tuple[list[Order], list[Stored[Order]]]


def _is_free(snapshot: Snapshot | None) -> bool:
    return snapshot is not None and read(Position, snapshot).live_closing_order_id is None


def _named(order: Order) -> Update:
    fields = {"live_closing_order_id": str(order.order_id)}
    return Update(path=_position_path(order), fields=fields)


def _position_path(order: Order) -> str:
    return f"positions/{position_id_of(order.follower_id, order.spread)}"
