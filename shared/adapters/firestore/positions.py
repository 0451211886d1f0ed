"""Positions: `positions/{follower_id}~{spread_id}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import in_parts, of_session, read_all, replacement
from shared.domain.positions import Position
from shared.ports.documents import AsyncDocuments, Documents


class FirestorePositions:
    """`PositionReader` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def of_session(self, session_date: str) -> tuple[Position, ...]:
        """Read the positions opened in a session, in id order."""
        return read_all(Position, self._documents.find(of_session("positions", session_date)))


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
