"""Exercises that we ask for: `exercises/{position_id}~exercise~{n}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.leases import lease_path, require_token
from shared.adapters.firestore.records import read_all
from shared.domain.exercises import ExerciseWish
from shared.ports.documents import (
    AsyncDocuments,
    Create,
    Filter,
    Query,
    Snapshot,
    Update,
    Write,
)


class FirestoreExercises:
    """`Exercises` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def pending(self) -> tuple[ExerciseWish, ...]:
        """Read the wishes that nothing has proved yet, in id order."""
        query = Query(collection="exercises", filters=(Filter("is_pending", "==", True),))
        return read_all(ExerciseWish, await self._documents.find(query))

    async def ask(self, wish: ExerciseWish, *, shard: int, token: int) -> bool:
        """Write a wish down, in one transaction with the lease; see `Exercises`."""
        path = _path(wish.exercise_id)

        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], bool]:
            lease, known = found
            require_token(lease, token)
            if known is not None:
                return (), False
            return (Create(path=path, data=encode(wish)),), True

        return await self._documents.transact([lease_path(shard), path], decide)

    async def prove(self, exercise_id: str) -> None:
        """Note that what is held proves it."""
        update = Update(path=_path(exercise_id), fields={"is_pending": False})
        await self._documents.commit([update])


def _path(exercise_id: str) -> str:
    return f"exercises/{exercise_id}"
