"""`Documents` and `AsyncDocuments` in memory, held to the same contract as Firestore."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from shared.adapters.firestore.limits import (
    check_collection_path,
    check_document_path,
    check_writes,
)
from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.ports.documents import (
    INEQUALITIES,
    AppendToList,
    Create,
    Delete,
    Filter,
    Increment,
    Query,
    Replace,
    Snapshot,
    Update,
    Write,
    split_field_path,
)

T = TypeVar("T")

MAX_ATTEMPTS = 5
_MISSING = object()
_TYPE_ORDER = ("NoneType", "bool", "int", "datetime", "str", "list", "dict")


class InMemoryDocuments:
    """Documents in a dictionary; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._stored: dict[str, Snapshot] = {}
        self._last_version = 0

    def get(self, path: str) -> Snapshot | None:
        return self.get_many((path,))[0]

    def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        for path in paths:
            check_document_path(path)
        with self._lock:
            found = [self._stored.get(path) for path in paths]
        return tuple(None if one is None else _copied(one) for one in found)

    def find(self, query: Query) -> tuple[Snapshot, ...]:
        check_collection_path(query.collection)
        with self._lock:
            found = [one for one in self._stored.values() if _matches(one, query)]
        found.sort(key=_path_key)
        if query.order_by is not None:
            field, down = query.order_by.removeprefix("-"), query.order_by.startswith("-")
            found = [one for one in found if _at(one.data, field) is not _MISSING]
            found.sort(key=lambda one: (_order_key(_at(one.data, field)), _path_key(one)))
            found = found[::-1] if down else found
        return tuple(_copied(one) for one in found[: query.limit])

    def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        check_writes(writes)
        with self._lock:
            return self._apply(writes)

    def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> T:
        outcome, _ = self.transact_with_versions(paths, decide)
        return outcome

    def transact_with_versions(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> tuple[T, tuple[str, ...]]:
        for _ in range(MAX_ATTEMPTS):
            read = self.get_many(paths)
            writes, outcome = decide(read)
            check_writes(writes)
            with self._lock:
                if _versions(self.get_many(paths)) == _versions(read):
                    return outcome, self._apply(writes)
        raise Conflict("firestore", f"{', '.join(paths)}: contention in {MAX_ATTEMPTS} attempts")

    def _apply(self, writes: Sequence[Write]) -> tuple[str, ...]:
        changed = [(write.path, self._after(write)) for write in writes]
        self._last_version += 1
        return tuple(self._put(path, data) for path, data in changed)

    def _put(self, path: str, data: dict[str, object] | None) -> str:
        if data is None:
            self._stored.pop(path, None)
            return ""
        before = self._stored.get(path)
        if before is not None and before.data == data:
            return before.version
        version = f"{self._last_version}.000000000"
        self._stored[path] = Snapshot(path=path, data=data, version=version)
        return version

    def _after(self, write: Write) -> dict[str, object] | None:
        before = self._stored.get(write.path)
        match write:
            case Create():
                if before is not None:
                    raise Conflict("firestore", f"{write.path} exists already")
                return _plain_map(write.data, write.path)
            case Replace():
                return _plain_map(write.data, write.path)
            case Update():
                return _updated(before, write)
            case Delete():
                return None


class AsyncInMemoryDocuments:
    """The same documents on asyncio; every call lets other tasks run first."""

    def __init__(self, documents: InMemoryDocuments | None = None) -> None:
        self.documents = documents or InMemoryDocuments()

    async def get(self, path: str) -> Snapshot | None:
        await asyncio.sleep(0)
        return self.documents.get(path)

    async def get_many(self, paths: Sequence[str]) -> tuple[Snapshot | None, ...]:
        await asyncio.sleep(0)
        return self.documents.get_many(paths)

    async def find(self, query: Query) -> tuple[Snapshot, ...]:
        await asyncio.sleep(0)
        return self.documents.find(query)

    async def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        await asyncio.sleep(0)
        return self.documents.commit(writes)

    async def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> T:
        await asyncio.sleep(0)
        return self.documents.transact(paths, decide)

    async def transact_with_versions(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> tuple[T, tuple[str, ...]]:
        await asyncio.sleep(0)
        return self.documents.transact_with_versions(paths, decide)


def _versions(snapshots: Sequence[Snapshot | None]) -> list[str | None]:
    return [None if one is None else one.version for one in snapshots]


def _copied(snapshot: Snapshot) -> Snapshot:
    data = _plain_map(snapshot.data, snapshot.path)
    return Snapshot(path=snapshot.path, data=data, version=snapshot.version)


def _updated(before: Snapshot | None, update: Update) -> dict[str, object]:
    if before is None and update.if_version is None:
        raise NotFound("firestore", f"{update.path} does not exist")
    if before is None or update.if_version not in (None, before.version):
        raise Conflict("firestore", f"{update.path} is not at version {update.if_version}")
    data = _plain_map(before.data, update.path)
    for path, value in update.fields.items():
        _set(data, split_field_path(path), value, f"{update.path}.{path}")
    return _plain_map(data, update.path)


def _set(data: dict[str, object], segments: Sequence[str], value: object, where: str) -> None:
    within = data
    for segment in segments[:-1]:
        deeper = within.get(segment)
        if not isinstance(deeper, dict):
            deeper = within[segment] = {}
        within = deeper
    within[segments[-1]] = _changed(within.get(segments[-1]), value, where)


def _changed(before: object, value: object, where: str) -> object:
    match value:
        case Increment():
            return value.amount + (before if type(before) is int else 0)
        case AppendToList():
            grown = list(before) if isinstance(before, list) else []
            for one in _plain_list(value.values, where):
                if not any(_same(one, held) for held in grown):
                    grown.append(one)
            return grown
        case _:
            return _plain(value, where)


def _plain(value: object, where: str) -> object:
    match value:
        case None | bool():
            return value
        case int() if -(1 << 63) <= value < 1 << 63:
            return value
        case str() if _is_unicode(value):
            return value
        case datetime():
            return _plain_instant(value, where)
        case Mapping():
            return _plain_map(value, where)
        case list() | tuple():
            return _plain_list(value, where)
        case _:
            raise InvalidInput(where, f"a {type(value).__name__} cannot be stored")


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _plain_instant(value: datetime, where: str) -> datetime:
    if value.utcoffset() is None:
        raise InvalidInput(where, f"{value.isoformat()} is naive; instants are aware UTC")
    return value.astimezone(UTC)


def _plain_map(value: Mapping[str, object], where: str) -> dict[str, object]:
    for key in value:
        if not isinstance(key, str) or not _is_unicode(key):
            raise InvalidInput(where, f"{key!r} is no key of a document; use other text")
        if not key or (key[:2] == key[-2:] == "__" and len(key) > 3):
            raise InvalidInput(where, f"{key!r} is no key of a document; use other text")
    return {key: _plain(value[key], f"{where}.{key}") for key in sorted(value)}


def _plain_list(values: Sequence[object], where: str) -> list[object]:
    if any(isinstance(one, list | tuple) for one in values):
        raise InvalidInput(where, "holds a list directly inside a list; put a map between")
    return [_plain(one, where) for one in values]


def _matches(snapshot: Snapshot, query: Query) -> bool:
    collection = snapshot.path.rpartition("/")[0]
    if query.group:
        collection = collection.rpartition("/")[2]
    return collection == query.collection and all(_holds(snapshot, one) for one in query.filters)


def _holds(snapshot: Snapshot, one: Filter) -> bool:
    found = _at(snapshot.data, one.field)
    if found is _MISSING:
        return False
    if one.op == "array-contains":
        return isinstance(found, list) and any(_same(item, one.value) for item in found)
    if one.op == "in":
        return isinstance(one.value, tuple) and any(_same(found, item) for item in one.value)
    if one.op in INEQUALITIES:
        return _compares(found, one)
    return _same(found, _plain(one.value, one.field))


def _compares(found: object, one: Filter) -> bool:
    left, right = _order_key(found), _order_key(_plain(one.value, one.field))
    if left[0] != right[0]:
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[one.op]


def _same(left: object, right: object) -> bool:
    return type(left) is type(right) and left == right


def _at(data: Mapping[str, object], path: str) -> object:
    value: object = data
    for segment in split_field_path(path):
        if not isinstance(value, Mapping) or segment not in value:
            return _MISSING
        value = value[segment]
    return value


def _path_key(snapshot: Snapshot) -> list[str]:
    return snapshot.path.split("/")


def _order_key(value: object) -> tuple[int, tuple[object, ...]]:
    rank = _TYPE_ORDER.index(type(value).__name__)
    match value:
        case list():
            return rank, tuple(_order_key(one) for one in value)
        case dict():
            return rank, tuple((key, _order_key(value[key])) for key in sorted(value))
        case None:
            return rank, ()
        case _:
            return rank, (value,)
