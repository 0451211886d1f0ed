"""`Documents` whose caller dies at one of its writes: before it is applied, or right after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from shared.domain.errors import AdapterError
from shared.ports.documents import Documents, Query, Snapshot, Write

T = TypeVar("T")


class Died(BaseException):
    """Nobody may catch the end of the process."""


class DyingDocuments:
    """Passes everything on, and dies at the given write.

    Args:
        documents: Where it goes.
        at: Number of the write, from 0; None to live.
        applied: Whether that write is still applied.
    """

    def __init__(
        self, documents: Documents, *, at: int | None = None, applied: bool = False
    ) -> None:
        self.writes = 0
        self._documents = documents
        self._at = at
        self._applied = applied

    def get(self, path: str) -> Snapshot | None:
        return self._documents.get(path)

    def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        return self._documents.get_many(paths)

    def find(self, query: Query) -> tuple[Snapshot, ...]:
        return self._documents.find(query)

    def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        return self._mortal(lambda: self._documents.commit(writes)) if writes else ()

    def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> T:
        return self._mortal(lambda: self._documents.transact(paths, decide))

    def _mortal(self, write: Callable[[], T]) -> T:
        number, self.writes = self.writes, self.writes + 1
        if number != self._at:
            return write()
        if self._applied:
            with suppress(AdapterError):
                write()
        raise Died(f"at write {number}")
