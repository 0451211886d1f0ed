"""What earlier sessions left, found by single fields that Firestore indexes by itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from shared.adapters.firestore.records import read, read_stored
from shared.domain.followers import LoginId
from shared.domain.orders import LIVE_STATES, Order
from shared.domain.positions import Position, PositionId
from shared.ports.documents import AsyncDocuments, Filter, Query
from shared.ports.stored import Stored


class FirestoreCarried:
    """`CarriedBook` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def positions(
        self, *, expired_on: str, also: Collection[PositionId]
    ) -> tuple[Position, ...]:
        """Read the positions that hold a leg, and those whose spread expired on a session."""
        paths = [f"positions/{position_id}" for position_id in sorted(also)]
        known = await self._documents.get_many(paths) if paths else ()
        found = {one.path: read(Position, one) for one in known if one is not None}
        for one in (Filter("is_open", "==", True), Filter("spread.expiry", "==", expired_on)):
            for snapshot in await self._documents.find(
                Query(collection="positions", filters=(one,))
            ):
                found[snapshot.path] = read(Position, snapshot)
        return tuple(found[path] for path in sorted(found))

    async def unfinished(self, login_ids: Sequence[LoginId]) -> tuple[Stored[Order], ...]:
        """Read the orders of these logins that were released and have not ended, in id order."""
        ours = frozenset(login_ids)
        states = tuple(sorted(str(state) for state in LIVE_STATES))
        query = Query(collection="orders", filters=(Filter("state", "in", states),))
        found = await self._documents.find(query)
        return tuple(read_stored(Order, one) for one in found if one.data.get("login_id") in ours)
