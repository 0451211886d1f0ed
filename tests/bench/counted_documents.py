"""Documents that count: what a session asks of the database, and when its release was committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from shared.domain.orders import OrderState
from shared.ports.clock import AsyncClock
from shared.ports.documents import AsyncDocuments, Create, Query, Replace, Snapshot, Update, Write

T = TypeVar("T")


class CountedDocuments:
    """`AsyncDocuments` that counts reads, writes and round trips by collection.

    A document read or written counts one operation, as Firestore bills it; a query that finds
    nothing counts one read.

    Args:
        documents: What does the work.
        clock: Market time.
    """

    def __init__(self, documents: AsyncDocuments, clock: AsyncClock) -> None:
        self.reads: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()
        self.round_trips = 0
        self.released_at: dict[str, datetime] = {}
        """When the commit that released an order was answered, by the order's path."""
        self._documents = documents
        self._clock = clock

    async def get(self, path: str) -> Snapshot | None:
        self._read([path])
        return await self._documents.get(path)

    async def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        self._read(paths)
        return await self._documents.get_many(paths)

    async def find(self, query: Query) -> tuple[Snapshot, ...]:
        found = await self._documents.find(query)
        self.round_trips += 1
        self.reads[query.collection] += max(1, len(found))
        return found

    async def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        versions = await self._documents.commit(writes)
        self._wrote(writes)
        return versions

    async def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> T:
        answer, _ = await self.transact_with_versions(paths, decide)
        return answer

    async def transact_with_versions(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> tuple[T, tuple[str, ...]]:
        decided: list[Sequence[Write]] = []

        def noted(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], T]:
            writes, answer = decide(found)
            decided.append(writes)
            return writes, answer

        self._read(paths)
        answer = await self._documents.transact_with_versions(paths, noted)
        self._wrote(decided[-1])
        return answer

    def _read(self, paths: Sequence[str]) -> None:
        self.round_trips += 1
        self.reads.update(_collection(path) for path in paths)

    def _wrote(self, writes: Sequence[Write]) -> None:
        self.round_trips += 1
        now = self._clock.now()
        for write in writes:
            self.writes[_collection(write.path)] += 1
            if _state_of(write) == OrderState.RELEASING:
                self.released_at.setdefault(write.path, now)


def _collection(path: str) -> str:
    return path.partition("/")[0]


def _state_of(write: Write) -> object:
    if not write.path.startswith("orders/"):
        return None
    match write:
        case Create() | Replace():
            return write.data.get("state")
        case Update():
            return write.fields.get("state")
        case _:
            return None
