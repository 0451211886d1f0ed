"""Every document store there is, behind one blocking interface."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from shared.adapters.firestore.clients import async_firestore_client, firestore_client
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.firestore.documents_async import AsyncFirestoreDocuments
from shared.ports.documents import AsyncDocuments, Query, Snapshot, Write

T = TypeVar("T")


class Blocking:
    """Asyncio documents, each call run to its end."""

    def __init__(self, documents: AsyncDocuments, runner: asyncio.Runner) -> None:
        self._documents = documents
        self._runner = runner

    def get(self, path: str) -> Snapshot | None:
        return self._runner.run(self._documents.get(path))

    def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        return self._runner.run(self._documents.get_many(paths))

    def find(self, query: Query) -> tuple[Snapshot, ...]:
        return self._runner.run(self._documents.find(query))

    def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        return self._runner.run(self._documents.commit(writes))

    def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> T:
        return self._runner.run(self._documents.transact(paths, decide))


def project_of(test_id: str) -> str:
    """A project of each test's own, so that tests do not see each other's documents."""
    return f"test-{hashlib.sha256(test_id.encode()).hexdigest()[:16]}"


@contextmanager
def firestore_documents(address: str, test_id: str) -> Iterator[FirestoreDocuments]:
    documents = FirestoreDocuments(firestore_client(project_of(test_id), emulator_host=address))
    try:
        yield documents
    finally:
        documents.close()


@contextmanager
def async_firestore_documents(
    address: str, test_id: str, runner: asyncio.Runner
) -> Iterator[AsyncFirestoreDocuments]:
    async def connect() -> AsyncFirestoreDocuments:
        return AsyncFirestoreDocuments(
            async_firestore_client(project_of(test_id), emulator_host=address)
        )

    documents = runner.run(connect())
    try:
        yield documents
    finally:
        runner.run(documents.close())
