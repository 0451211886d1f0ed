"""Batches of direct debits: `payment_batches/{batch_id}`, counted in `counters/payment_batches`."""

from __future__ import annotations

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.records import read, read_all, replacement
from shared.domain.errors import Conflict
from shared.domain.payment_batches import BatchId, PaymentBatch
from shared.ports.documents import Create, Documents, Query, Replace, Snapshot, Write
from shared.ports.payment_batches import BatchBook

_COLLECTION = "payment_batches"
_COUNTER = "counters/payment_batches"
_MADE = "made"


class FirestorePaymentBatches:
    """`PaymentBatches` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def book(self) -> BatchBook:
        """Read all batches."""
        # The count first: a batch made between the two reads makes the count stale, never the book.
        made = _made(self._documents.get(_COUNTER))
        found = read_all(PaymentBatch, self._documents.find(Query(collection=_COLLECTION)))
        ordered = sorted(found, key=lambda one: (one.made_at, one.batch_id))
        return BatchBook(batches=tuple(ordered), made=made)

    def get(self, batch_id: BatchId) -> PaymentBatch | None:
        """Read one, or None."""
        snapshot = self._documents.get(_path(batch_id))
        return None if snapshot is None else read(PaymentBatch, snapshot)

    def open(self, batch: PaymentBatch, *, seen: int) -> None:
        """Make a batch; Conflict where another was made since the book was read."""

        def decide(stored: tuple[Snapshot | None, ...]) -> tuple[list[Write], None]:
            if _made(stored[0]) != seen:
                raise Conflict("payment batches", "another batch was made meanwhile; export again")
            return [
                Replace(path=_COUNTER, data={_MADE: seen + 1}),
                Create(path=_path(batch.batch_id), data=encode(batch)),
            ], None

        self._documents.transact([_COUNTER], decide)

    def replace(self, batch: PaymentBatch, *, before: PaymentBatch) -> None:
        """Write down what became of a batch; Conflict where the stored one is not `before`."""
        path = _path(before.batch_id)

        def decide(stored: tuple[Snapshot | None, ...]) -> tuple[list[Write], None]:
            if stored[0] is None or read(PaymentBatch, stored[0]) != before:
                raise Conflict("payment batches", f"{before.batch_id} has changed meanwhile")
            return [replacement(path, batch)], None

        self._documents.transact([path], decide)


def _made(counter: Snapshot | None) -> int:
    return 0 if counter is None else int(str(counter.data[_MADE]))


def _path(batch_id: BatchId) -> str:
    return f"{_COLLECTION}/{batch_id}"
