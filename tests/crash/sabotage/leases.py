"""The mistake: lease ignored. Two leaders at once, and neither asks whether it still leads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from shared.adapters.firestore.leases import lease_path
from shared.ports.documents import (
    AsyncDocuments,
    Query,
    Snapshot,
    Update,
    Write,
)
from tests.crash.sabotage.worlds import MistakenWorld
from tests.fakes.async_clock import calm
from tests.trading_worlds import TURNS

T = TypeVar("T")


class UnfencedDocuments:
    """Documents to which the token and the version of what is written mean nothing.

    Whoever writes believes that what he read last still stands, as a leader alone might.
    """

    def __init__(self, inner: AsyncDocuments) -> None:
        self._inner = inner
        self._seen: dict[str, Snapshot] = {}

    async def get(self, path: str) -> Snapshot | None:
        return self._as_leader(await self._inner.get(path))

    async def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        return tuple(self._as_leader(one) for one in await self._inner.get_many(paths))

    async def find(self, query: Query) -> tuple[Snapshot, ...]:
        found = await self._inner.find(query)
        return tuple(self._as_read(one) for one in found)

    async def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        versions = await self._inner.commit([_unfenced(write) for write in writes])
        self._forget(writes)
        return versions

    async def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> T:
        outcome, _ = await self.transact_with_versions(paths, decide)
        return outcome

    async def transact_with_versions(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> tuple[T, tuple[str, ...]]:
        def decide_unfenced(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], T]:
            writes, outcome = decide(tuple(self._as_leader(one) for one in found))
            return [_unfenced(write) for write in writes], outcome

        kept: list[Write] = []

        def decide_and_keep(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], T]:
            writes, outcome = decide_unfenced(found)
            kept[:] = writes
            return writes, outcome

        answer = await self._inner.transact_with_versions(paths, decide_and_keep)
        self._forget(kept)
        return answer

    def _as_leader(self, snapshot: Snapshot | None) -> Snapshot | None:
        return None if snapshot is None else self._as_read(snapshot)

    def _as_read(self, snapshot: Snapshot) -> Snapshot:
        """The lease and the orders as we first saw them: whatever others wrote since."""
        if not snapshot.path.startswith((lease_path(0), "orders/")):
            return snapshot
        return self._seen.setdefault(snapshot.path, snapshot)

    def _forget(self, writes: Sequence[Write]) -> None:
        """What we wrote ourselves is read anew."""
        for write in writes:
            self._seen.pop(write.path, None)


def _unfenced(write: Write) -> Write:
    return replace(write, if_version=None) if isinstance(write, Update) else write


class TwoLeaders(MistakenWorld):
    """A second leader takes the lease before the open; the first one goes on."""

    async def begin(self) -> None:
        await super().begin()
        # Whoever ignores the lease goes by what it was when he won it.
        await self.database().get(lease_path(0))
        gone = Update(path=lease_path(0), fields={"holder": ""})
        self.documents.documents.commit([gone])
        first, brokers = self._kept, dict(self.brokers)
        self.brokers.clear()
        await super().lead("usurper")
        self._kept = [*first, *self._kept]
        self._others = brokers
        await calm(TURNS)

    async def end(self) -> None:
        await super().end()
        await asyncio.gather(*(broker.disconnect() for broker in self._others.values()))
