"""Documents in Firestore, on asyncio: for the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TypeVar

from google.api_core.exceptions import Aborted, GoogleAPIError

from shared.adapters.firestore.calls import (
    ASYNC_COMMIT_RETRY,
    ASYNC_READ_RETRY,
    ROLLBACK_TIMEOUT_SECONDS,
    TIMEOUT_SECONDS,
    our_errors,
)
from shared.adapters.firestore.clients import AsyncConnection
from shared.adapters.firestore.requests import (
    MAX_ATTEMPTS,
    Read,
    pause_seconds,
    query_request,
    read_request,
    rollback_request,
    snapshots_of,
)
from shared.adapters.firestore.wire_writes import commit_request, versions_of
from shared.domain.errors import Conflict
from shared.ports.documents import Query, Snapshot, Write

T = TypeVar("T")


class AsyncFirestoreDocuments:
    """`AsyncDocuments` in one Firestore database.

    Args:
        connection: Made on the running event loop.
        track: Entered around every call, retries included: counts the calls under way.
    """

    def __init__(
        self,
        connection: AsyncConnection,
        *,
        track: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._track = track
        self._connection = connection
        self._api = connection.api
        self._root = connection.root
        self._metadata = connection.metadata

    async def get(self, path: str) -> Snapshot | None:
        """Read one document; None where it is missing."""
        return (await self.get_many((path,)))[0]

    async def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        """Read documents at one instant, in the order asked; None for each missing one."""
        if not paths:
            return ()
        read = Read(self._root)
        with our_errors(preconditions=False), self._track():
            async for response in await self._api.batch_get_documents(
                read_request(self._root, paths),
                retry=ASYNC_READ_RETRY,
                timeout=TIMEOUT_SECONDS,
                metadata=self._metadata,
            ):
                read.take(response)
        return read.in_order(paths)

    async def find(self, query: Query) -> tuple[Snapshot, ...]:
        """Read all documents that match."""
        with our_errors(preconditions=False), self._track():
            responses = await self._api.run_query(
                query_request(self._root, query),
                retry=ASYNC_READ_RETRY,
                timeout=TIMEOUT_SECONDS,
                metadata=self._metadata,
            )
            return snapshots_of(self._root, query, [one async for one in responses])

    async def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        """Apply all writes or none; see `Documents.commit`."""
        if not writes:
            return ()
        request = commit_request(self._root, writes)
        with our_errors(preconditions=True), self._track():
            response = await self._api.commit(
                request, retry=ASYNC_COMMIT_RETRY, timeout=TIMEOUT_SECONDS, metadata=self._metadata
            )
        return versions_of(writes, response)

    async def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> T:
        """Read, decide, write as one; see `Documents.transact`."""
        outcome, _ = await self.transact_with_versions(paths, decide)
        return outcome

    async def transact_with_versions(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> tuple[T, tuple[str, ...]]:
        """Do as `transact`, and give the new version per write as `commit` does."""
        if not paths:
            writes, outcome = decide(())
            return outcome, await self.commit(writes)
        # Tracked as one: a pause between attempts is not idleness.
        with self._track():
            return await self._attempts(paths, decide)

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def _attempts(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> tuple[T, tuple[str, ...]]:
        earlier = b""
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                await asyncio.sleep(pause_seconds(earlier, attempt))
            read = Read(self._root)
            with our_errors(preconditions=True), suppress(Aborted):
                return await self._attempt(read, paths, decide, earlier)
            earlier = read.transaction or earlier
        raise Conflict("firestore", f"{', '.join(paths)}: contention in {MAX_ATTEMPTS} attempts")

    async def _attempt(
        self,
        read: Read,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
        earlier: bytes,
    ) -> tuple[T, tuple[str, ...]]:
        committed = False
        try:
            await self._begin(read, paths, earlier)
            writes, outcome = decide(read.in_order(paths))
            versions: tuple[str, ...] = ()
            if writes:
                response = await self._api.commit(
                    commit_request(self._root, writes, transaction=read.transaction),
                    retry=None,
                    timeout=TIMEOUT_SECONDS,
                    metadata=self._metadata,
                )
                committed, versions = True, versions_of(writes, response)
            return outcome, versions
        finally:
            if not committed:
                await self._roll_back(read)

    async def _begin(self, read: Read, paths: Sequence[str], earlier: bytes) -> None:
        async for response in await self._api.batch_get_documents(
            read_request(self._root, paths, retried=earlier),
            retry=None,
            timeout=TIMEOUT_SECONDS,
            metadata=self._metadata,
        ):
            read.take(response)

    async def _roll_back(self, read: Read) -> None:
        # Without it the server keeps the locks until the transaction times out.
        if read.transaction:
            with suppress(GoogleAPIError):
                await self._api.rollback(
                    rollback_request(self._root, read.transaction),
                    retry=None,
                    timeout=ROLLBACK_TIMEOUT_SECONDS,
                    metadata=self._metadata,
                )
