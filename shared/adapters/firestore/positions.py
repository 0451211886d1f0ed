"""Positions: `positions/{follower_id}~{spread_id}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import in_parts, of_session, read_all, replacement
from shared.domain.positions import Position, PositionId
from shared.ports.documents import AsyncDocuments, Documents, Filter, Query


class FirestorePositions:
    """`PositionReader` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def of_session(self, session_date: str) -> tuple[Position, ...]:
        """Read the positions opened in a session, in id order."""
        return read_all(Position, self._documents.find(of_session("positions", session_date)))

    def carried_into(self, session_date: str) -> tuple[Position, ...]:
        """Read what was opened before a session and may have been held in it, in id order."""
        found: dict[str, Position] = {}
        for one in (Filter("spread.expiry", ">=", session_date), Filter("is_open", "==", True)):
            query = Query(collection="positions", filters=(one,))
            for position in read_all(Position, self._documents.find(query)):
                if position.session_date < session_date:
                    found[position.position_id] = position
        return tuple(found[key] for key in sorted(found))

    def read(self, position_ids: Sequence[PositionId]) -> tuple[Position, ...]:
        """Read positions in the given order, without the missing ones."""
        paths = [f"positions/{position_id}" for position_id in position_ids]
        return read_all(Position, self._documents.get_many(paths))


class AsyncFirestorePositions:
    """`PositionBook` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def save(self, positions: Sequence[Position]) -> None:
        """Write positions (replacing)."""
        for part in in_parts(positions):
            await self._documents.commit(
                [replacement(f"positions/{one.position_id}", one) for one in part]
            )

    async def of_session(self, session_date: str) -> tuple[Position, ...]:
        """Read the positions opened in a session, in id order."""
        return read_all(Position, await self._documents.find(of_session("positions", session_date)))
