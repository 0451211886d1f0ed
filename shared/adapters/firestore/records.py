"""What every repository does: read snapshots as values, and write in commits of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from shared.adapters.firestore.codec import decode, encode
from shared.domain.errors import InvalidInput
from shared.ports.documents import Filter, Query, Replace, Snapshot, Update
from shared.ports.stored import Stored

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
R = TypeVar("R", bound="DataclassInstance")

WRITES_PER_COMMIT = 400


def read(cls: type[R], snapshot: Snapshot) -> R:
    """Read a snapshot as a value.

    Raises:
        InvalidInput: Naming the document and every field that is missing or wrong.
    """
    try:
        return decode(cls, snapshot.data)
    except InvalidInput as error:
        raise InvalidInput(snapshot.path, str(error)) from error


def read_all(cls: type[R], snapshots: Iterable[Snapshot | None]) -> tuple[R, ...]:
    """Read snapshots as values, in their order, without the missing ones."""
    return tuple(read(cls, one) for one in snapshots if one is not None)


def read_stored(cls: type[R], snapshot: Snapshot) -> Stored[R]:
    """Read a snapshot as a value with its version."""
    return Stored(value=read(cls, snapshot), version=snapshot.version)


def of_session(collection: str, session_date: str) -> Query:
    """Ask for a session's documents of a collection, in id order."""
    return Query(collection=collection, filters=(Filter("session_date", "==", session_date),))


def replacement(path: str, value: DataclassInstance) -> Replace:
    """Put a value in place of a document."""
    return Replace(path=path, data=encode(value))


def conditional(path: str, stored: Stored[R]) -> Update:
    """Write every field of a value, provided that the document still has its version."""
    return Update(path=path, fields=encode(stored.value), if_version=stored.version)


def in_parts(items: Sequence[T], size: int = WRITES_PER_COMMIT) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
