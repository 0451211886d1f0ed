"""Documents: what a document database must do for us, once blocking and once asyncio.

A document is a map of plain values: None, bool, int, str, aware datetimes, lists and maps of
them. Floats are refused (money is integer micros, ratios are decimal text), and so is a list
directly inside a list. What is read back is a copy: datetimes in UTC, lists for tuples, maps in
the order of their keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from shared.domain.errors import InvalidInput

T = TypeVar("T")

MAX_WRITES = 500
"""Most writes in one commit or transaction; Firestore's old limit, kept to bound a commit."""

MAX_IN_VALUES = 30
"""Most values of one "in" filter (Firestore: 30 disjunctions in disjunctive normal form)."""

Operator = Literal["==", "<", "<=", ">", ">=", "in", "array-contains"]
INEQUALITIES: frozenset[Operator] = frozenset({"<", "<=", ">", ">="})

_FIELD_SEGMENT = re.compile(r"`((?:[^`\\]|\\.)*)`|([^.`]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A document as it was at one instant.

    Attributes:
        path: `collection/id`, or `collection/id/collection/id` and so on.
        data: Its fields.
        version: Opaque token of its last update; pass it back as `Update.if_version`. A write
            that changes nothing may keep it.
    """

    path: str
    data: Mapping[str, object]
    version: str

    @property
    def document_id(self) -> str:
        """Last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class AppendToList:
    """Add the values that a list does not hold yet at its end; a missing list starts empty."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Increment:
    """Add a whole number; a missing field counts as 0."""

    amount: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Create:
    """Make a document; Conflict where it exists."""

    path: str
    data: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Replace:
    """Put a document in place of whatever is there, or of nothing."""

    path: str
    data: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """Change some fields and leave the others.

    Attributes:
        path: Document; NotFound where it is missing.
        fields: Dotted field paths (see `field_path`) to plain values, AppendToList or Increment.
            A map given as a value replaces the whole map at its path.
        if_version: Conflict unless the document's version is this one.
    """

    path: str
    fields: Mapping[str, object]
    if_version: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delete:
    """Remove a document; a missing one is no error."""

    path: str


Write = Create | Replace | Update | Delete


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition; all conditions of a query must hold.

    A document without the field, or with a value of another type, never matches.

    Attributes:
        field: Dotted field path.
        op: Comparison; "in" takes a tuple of at most MAX_IN_VALUES, "array-contains" an element.
        value: What to compare with.
    """

    field: str
    op: Operator
    value: object


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """Documents of one collection.

    Attributes:
        collection: Path of the collection; with `group`, its last name alone.
        filters: Conditions, all of which hold.
        order_by: Field to order by, "-field" for descending; ties by path in the same
            direction. None orders by path, and then an inequality cannot be combined with a
            limit. Documents without the field are left out.
        limit: Most documents.
        group: True to search every collection of that name, at any depth.
    """

    collection: str
    filters: tuple[Filter, ...] = ()
    order_by: str | None = None
    limit: int | None = None
    group: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be answered the same way everywhere.

        Raises:
            InvalidInput: Naming the part that is wrong.
        """
        if self.limit is not None and self.limit < 1:
            raise InvalidInput("limit", f"{self.limit} is below 1; leave it out for all")
        unequal = any(one.op in INEQUALITIES for one in self.filters)
        if unequal and self.limit is not None and self.order_by is None:
            raise InvalidInput("limit", "with an inequality names its order_by")
        for one in self.filters:
            if one.op == "in" and not _is_in_list(one.value):
                raise InvalidInput(one.field, f"'in' takes a tuple of 1 to {MAX_IN_VALUES} values")


def _is_in_list(value: object) -> bool:
    return isinstance(value, tuple) and 1 <= len(value) <= MAX_IN_VALUES


class Documents(Protocol):
    """A document database, blocking.

    Every method raises AdapterError where the database fails; `retryable` says whether the
    same call may succeed later. A commit that failed so may nevertheless have been applied.
    """

    def get(self, path: str) -> Snapshot | None:
        """Read one document; None where it is missing."""

    def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        """Read documents at one instant, in the order asked; None for each missing one."""

    def find(self, query: Query) -> tuple[Snapshot, ...]:
        """Read all documents that match."""

    def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        """Apply all writes or none.

        Returns:
            The new version per write, in order; "" for a Delete.

        Raises:
            Conflict: A Create found its document, or an `if_version` did not hold.
            NotFound: An Update found no document.
            InvalidInput: More than MAX_WRITES, two writes of one document, or a document that is
                too large or holds a value that cannot be stored. Nothing was sent.
        """

    def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> T:
        """Read documents, decide, and apply the writes only if none of them changed meanwhile.

        Args:
            paths: Documents to read, in the order `decide` gets them.
            decide: Pure; runs again with fresh snapshots after contention. What it raises
                passes through and nothing is written.

        Returns:
            What `decide` returned beside its writes.

        Raises:
            Conflict: As `commit`, or contention that did not end after several attempts.
            NotFound: As `commit`.
            InvalidInput: As `commit`.
        """


class AsyncDocuments(Protocol):
    """A document database on asyncio; the methods mean what those of `Documents` mean."""

    async def get(self, path: str) -> Snapshot | None:
        """Read one document; None where it is missing."""

    async def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        """Read documents at one instant, in the order asked; None for each missing one."""

    async def find(self, query: Query) -> tuple[Snapshot, ...]:
        """Read all documents that match."""

    async def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        """Apply all writes or none; see `Documents.commit`."""

    async def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> T:
        """Read, decide, write as one; `decide` is pure and not a coroutine."""

    async def transact_with_versions(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> tuple[T, tuple[str, ...]]:
        """Do as `transact`, and give the new version per write as `commit` does."""


def field_path(*segments: str) -> str:
    """Write a field path whose segments may hold any character, dots included."""
    return ".".join(_quoted(segment) for segment in segments)


def split_field_path(path: str) -> tuple[str, ...]:
    r"""Split a field path at its dots; a segment in backquotes may hold dots itself.

    Raises:
        InvalidInput: A segment is empty or a backquote is not closed.
    """
    segments: list[str] = []
    at = 0
    while match := _FIELD_SEGMENT.match(path, at):
        quoted, plain = match.groups()
        segments.append(plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = match.end()
        if at == len(path):
            return tuple(segments)
        if path[at] != ".":
            break
        at += 1
    raise InvalidInput(path, "is no field path; build it with field_path()")


def _quoted(segment: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", segment):
        return segment
    return "`" + segment.replace("\\", "\\\\").replace("`", "\\`") + "`"
