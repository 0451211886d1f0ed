"""Reads and queries as Firestore's wire messages; pure, shared by both stores."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from google.cloud.firestore_v1 import types

from shared.adapters.firestore.limits import (
    check_collection_path,
    check_document_path,
)
from shared.adapters.firestore.values import WireValue, put_value, read_fields
from shared.ports.documents import Filter, Query, Snapshot, field_path, split_field_path

MAX_ATTEMPTS = 5
"""Runs of a transaction before contention becomes a Conflict; the client library's own number."""

_BatchGet = types.BatchGetDocumentsRequest.pb()
_RunQuery = types.RunQueryRequest.pb()
_OPERATORS = {
    "==": types.StructuredQuery.FieldFilter.Operator.EQUAL,
    "<": types.StructuredQuery.FieldFilter.Operator.LESS_THAN,
    "<=": types.StructuredQuery.FieldFilter.Operator.LESS_THAN_OR_EQUAL,
    ">": types.StructuredQuery.FieldFilter.Operator.GREATER_THAN,
    ">=": types.StructuredQuery.FieldFilter.Operator.GREATER_THAN_OR_EQUAL,
    "in": types.StructuredQuery.FieldFilter.Operator.IN,
    "array-contains": types.StructuredQuery.FieldFilter.Operator.ARRAY_CONTAINS,
}


@dataclass(slots=True)
class Read:
    """What a batched read has answered so far.

    Attributes:
        root: `projects/…/databases/…/documents`.
        transaction: Id of the transaction it began; empty outside one.
        found: Snapshots by path.
    """

    root: str
    transaction: bytes = b""
    found: dict[str, Snapshot] = field(default_factory=dict)

    def take(self, response: types.BatchGetDocumentsResponse) -> None:
        """Add one response of the stream."""
        raw = types.BatchGetDocumentsResponse.pb(response)
        self.transaction = raw.transaction or self.transaction
        if raw.WhichOneof("result") == "found":
            snapshot = snapshot_of(self.root, response.found)
            self.found[snapshot.path] = snapshot

    def in_order(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        """Give the snapshots in the order asked, None for each missing one."""
        return tuple(self.found.get(path) for path in paths)


def read_request(
    root: str, paths: Sequence[str], *, retried: bytes | None = None
) -> types.BatchGetDocumentsRequest:
    """Ask for documents.

    Args:
        root: `projects/…/databases/…/documents`.
        paths: Documents.
        retried: None outside a transaction; else a transaction is begun by this very request,
            in the place in line of that earlier one ("" for a first attempt).
    """
    raw = _BatchGet(database=database_of(root))
    for path in dict.fromkeys(paths):
        check_document_path(path)
        raw.documents.append(f"{root}/{path}")
    if retried is not None:
        raw.new_transaction.read_write.retry_transaction = retried
    request: types.BatchGetDocumentsRequest = types.BatchGetDocumentsRequest.wrap(raw)
    return request


def rollback_request(root: str, transaction: bytes) -> types.RollbackRequest:
    """Ask for a transaction's locks to be given up."""
    return types.RollbackRequest(database=database_of(root), transaction=transaction)


def query_request(root: str, query: Query) -> types.RunQueryRequest:
    """Ask for the documents that match.

    Raises:
        InvalidInput: A path or value in it is none that Firestore knows.
    """
    check_collection_path(query.collection)
    parent, _, name = query.collection.rpartition("/")
    raw = _RunQuery(parent=f"{root}/{parent}" if parent else root)
    structured = raw.structured_query
    selector = structured.from_.add()
    selector.collection_id, selector.all_descendants = name, query.group
    for one in query.filters:
        structured.where.composite_filter.op = types.StructuredQuery.CompositeFilter.Operator.AND
        _put_filter(structured.where.composite_filter.filters.add(), one)
    if query.order_by is not None:
        _put_order(structured.order_by, query.order_by)
    if query.limit is not None:
        structured.limit.value = query.limit
    request: types.RunQueryRequest = types.RunQueryRequest.wrap(raw)
    return request


def snapshots_of(
    root: str, query: Query, responses: Iterable[types.RunQueryResponse]
) -> tuple[Snapshot, ...]:
    """Read the answers to a query."""
    found = [
        snapshot_of(root, response.document)
        for response in responses
        if types.RunQueryResponse.pb(response).HasField("document")
    ]
    # With an inequality and no order, the server orders by the unequal field first.
    if query.order_by is None:
        found.sort(key=lambda one: one.path.split("/"))
    return tuple(found)


def snapshot_of(root: str, document: types.Document) -> Snapshot:
    """Read a document."""
    raw = types.Document.pb(document)
    return Snapshot(
        path=raw.name.removeprefix(f"{root}/"),
        data=read_fields(raw.fields),
        version=version_of(raw.update_time.seconds, raw.update_time.nanos),
    )


def pause_seconds(transaction: bytes, attempt: int) -> float:
    """How long to wait before running a transaction again: up to 50 ms, doubled each time.

    Two transactions that wait for each other must not meet again, hence a part of the wait
    that differs per transaction.
    """
    share = int.from_bytes(hashlib.sha256(transaction).digest()[:4], "big") / 2**32
    return float(0.05 * 2**attempt * share)


def database_of(root: str) -> str:
    """Name the database of a documents root."""
    return root.removesuffix("/documents")


def version_of(seconds: int, nanos: int) -> str:
    """Write an update time as a version."""
    return f"{seconds}.{nanos:09d}"


class _WireField(Protocol):
    field_path: str


class _WireCondition(Protocol):
    field: _WireField
    op: int
    value: WireValue


class _WireFilter(Protocol):
    field_filter: _WireCondition
    unary_filter: _WireCondition


def _put_filter(target: _WireFilter, one: Filter) -> None:
    path = field_path(*split_field_path(one.field))
    if one.op == "==" and one.value is None:
        target.unary_filter.field.field_path = path
        target.unary_filter.op = types.StructuredQuery.UnaryFilter.Operator.IS_NULL
        return
    target.field_filter.field.field_path = path
    target.field_filter.op = _OPERATORS[one.op]
    put_value(target.field_filter.value, one.value, one.field)


class _WireOrder(Protocol):
    field: _WireField
    direction: int


class _WireOrders(Protocol):
    def add(self) -> _WireOrder: ...


def _put_order(target: _WireOrders, order_by: str) -> None:
    down = order_by.startswith("-")
    direction = types.StructuredQuery.Direction
    for path in (field_path(*split_field_path(order_by.removeprefix("-"))), "__name__"):
        order = target.add()
        order.field.field_path = path
        order.direction = direction.DESCENDING if down else direction.ASCENDING
