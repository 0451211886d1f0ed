"""Documents in Firestore, blocking: for functions and jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from google.api_core.exceptions import Aborted, GoogleAPIError

from shared.adapters.firestore.calls import (
    COMMIT_RETRY,
    READ_RETRY,
    ROLLBACK_TIMEOUT_SECONDS,
    TIMEOUT_SECONDS,
    our_errors,
)
from shared.adapters.firestore.clients import Connection
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


class FirestoreDocuments:
    """`Documents` in one Firestore database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._api = connection.api
        self._root = connection.root
        self._metadata = connection.metadata

    def get(self, path: str) -> Snapshot | None:
        """Read one document; None where it is missing."""
        return self.get_many((path,))[0]

    def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        """Read documents at one instant, in the order asked; None for each missing one."""
        if not paths:
            return ()
        read = Read(self._root)
        with our_errors(preconditions=False):
            for response in self._api.batch_get_documents(
                read_request(self._root, paths),
                retry=READ_RETRY,
                timeout=TIMEOUT_SECONDS,
                metadata=self._metadata,
            ):
                read.take(response)
        return read.in_order(paths)

    def find(self, query: Query) -> tuple[Snapshot, ...]:
        """Read all documents that match."""
        with our_errors(preconditions=False):
            responses = self._api.run_query(
                query_request(self._root, query),
                retry=READ_RETRY,
                timeout=TIMEOUT_SECONDS,
                metadata=self._metadata,
            )
            # Taken in before they are decoded: the time-out is the server's, not the decoder's.
            told = list(responses)
        return snapshots_of(self._root, query, told)

    def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        """Apply all writes or none; see `Documents.commit`."""
        if not writes:
            return ()
        request = commit_request(self._root, writes)
        with our_errors(preconditions=True):
            response = self._api.commit(
                request, retry=COMMIT_RETRY, timeout=TIMEOUT_SECONDS, metadata=self._metadata
            )
        return versions_of(writes, response)

    def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> T:
        """Read, decide, write as one; see `Documents.transact`."""
        if not paths:
            writes, outcome = decide(())
            self.commit(writes)
            return outcome
        earlier = b""
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                time.sleep(pause_seconds(earlier, attempt))
            read = Read(self._root)
            with our_errors(preconditions=True), suppress(Aborted):
                return self._attempt(read, paths, decide, earlier)
            earlier = read.transaction or earlier
        raise Conflict("firestore", f"{', '.join(paths)}: contention in {MAX_ATTEMPTS} attempts")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _attempt(
        self,
        read: Read,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
        earlier: bytes,
    ) -> T:
        committed = False
        try:
            self._begin(read, paths, earlier)
            writes, outcome = decide(read.in_order(paths))
            if writes:
                self._api.commit(
                    commit_request(self._root, writes, transaction=read.transaction),
                    retry=None,
                    timeout=TIMEOUT_SECONDS,
                    metadata=self._metadata,
                )
                committed = True
            return outcome
        finally:
            if not committed:
                self._roll_back(read)

    def _begin(self, read: Read, paths: Sequence[str], earlier: bytes) -> None:
        for response in self._api.batch_get_documents(
            read_request(self._root, paths, retried=earlier),
            retry=None,
            timeout=TIMEOUT_SECONDS,
            metadata=self._metadata,
        ):
            read.take(response)

    def _roll_back(self, read: Read) -> None:
        # Without it the server keeps the locks until the transaction times out.
        if read.transaction:
            with suppress(GoogleAPIError):
                self._api.rollback(
                    rollback_request(self._root, read.transaction),
                    retry=None,
                    timeout=ROLLBACK_TIMEOUT_SECONDS,
                    metadata=self._metadata,
                )
