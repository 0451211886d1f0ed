"""The mistake: claim after send. A claim and a release are kept in memory and written later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from shared.ports.documents import AsyncDocuments, Query, Snapshot, Update, Write

T = TypeVar("T")

_LATER = frozenset({"claimed", "releasing"})


class LateClaims:
    """Documents that write a claim or a release only with the order's next change."""

    def __init__(self, inner: AsyncDocuments) -> None:
        self._inner = inner
        self._kept: dict[str, Snapshot] = {}

    async def get(self, path: str) -> Snapshot | None:
        return self._kept.get(path) or await self._inner.get(path)

    async def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        return self._over(paths, await self._inner.get_many(paths))

    async def find(self, query: Query) -> tuple[Snapshot, ...]:
        found = await self._inner.find(query)
        return tuple(self._kept.get(one.path, one) for one in found)

    async def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        if writes and all(_is_early(write) for write in writes):
            return tuple(self._keep(write) for write in writes)
        versions = await self._inner.commit(writes)
        for write in writes:
            self._kept.pop(write.path, None)
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
        kept: list[str] = []

        def decide_late(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], T]:
            writes, outcome = decide(self._over(paths, found))
            if any(_is_early(write) for write in writes):
                kept[:] = [self._keep(write) for write in writes]
                return (), outcome
            return writes, outcome

        outcome, versions = await self._inner.transact_with_versions(paths, decide_late)
        return outcome, tuple(kept) or versions

    def _over(
        self, paths: Sequence[str], found: Sequence[Snapshot | None]
    ) -> tuple[Snapshot | None, ...]:
        pairs = zip(paths, found, strict=True)
        return tuple(self._kept.get(path, snapshot) for path, snapshot in pairs)

    def _keep(self, write: Write) -> str:
        """Keep a write in memory, at the version that the database has."""
        data: Mapping[str, object] = (
            write.fields if isinstance(write, Update) else getattr(write, "data", {})
        )
        before = self._kept.get(write.path)
        version = write.if_version if isinstance(write, Update) and write.if_version else ""
        kept = Snapshot(path=write.path, data=dict(data), version=version)
        self._kept[write.path] = kept if before is None else replace(before, data=dict(data))
        return version


def _is_early(write: Write) -> bool:
    is_order = write.path.startswith("orders/") and isinstance(write, Update)
    return is_order and isinstance(write, Update) and write.fields.get("state") in _LATER
