"""Commits as Firestore's wire messages; pure, shared by both stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from google.cloud.firestore_v1 import types

from shared.adapters.firestore.limits import check_writes
from shared.adapters.firestore.requests import database_of, version_of
from shared.adapters.firestore.values import (
    WireArray,
    WireMap,
    WireTimestamp,
    WireValue,
    put_elements,
    put_fields,
    put_value,
)
from shared.ports.documents import (
    AppendToList,
    Create,
    Delete,
    Increment,
    Replace,
    Update,
    Write,
    field_path,
    split_field_path,
)

_Commit = types.CommitRequest.pb()


def commit_request(
    root: str, writes: Sequence[Write], *, transaction: bytes = b""
) -> types.CommitRequest:
    """Ask for writes to be applied.

    Raises:
        InvalidInput: They cannot be stored, or not in one commit.
    """
    check_writes(writes)
    raw = _Commit(database=database_of(root), transaction=transaction)
    for write in writes:
        _put_write(raw.writes.add(), root, write)
    request: types.CommitRequest = types.CommitRequest.wrap(raw)
    return request


def versions_of(writes: Sequence[Write], response: types.CommitResponse) -> tuple[str, ...]:
    """Read the new version per write; "" for a Delete."""
    results = types.CommitResponse.pb(response).write_results
    return tuple(
        ""
        if isinstance(write, Delete)
        else version_of(result.update_time.seconds, result.update_time.nanos)
        for write, result in zip(writes, results, strict=True)
    )


class _WireDocument(WireMap, Protocol):
    name: str


class _WirePrecondition(Protocol):
    exists: bool
    update_time: WireTimestamp


class _WirePaths(Protocol):
    def append(self, path: str) -> None: ...


class _WireMask(Protocol):
    field_paths: _WirePaths

    def SetInParent(self) -> None: ...


class _WireTransform(Protocol):
    append_missing_elements: WireArray
    increment: WireValue


class _WireTransforms(Protocol):
    def add(self, *, field_path: str) -> _WireTransform: ...


class _WireWrite(Protocol):
    update: _WireDocument
    delete: str
    current_document: _WirePrecondition
    update_mask: _WireMask
    update_transforms: _WireTransforms


def _put_write(raw: _WireWrite, root: str, write: Write) -> None:
    name = f"{root}/{write.path}"
    if isinstance(write, Delete):
        raw.delete = name
        return
    raw.update.name = name
    match write:
        case Create():
            raw.current_document.exists = False
            put_fields(raw.update.fields, write.data, write.path)
        case Replace():
            put_fields(raw.update.fields, write.data, write.path)
        case Update():
            _put_precondition(raw.current_document, write)
            _put_changes(raw, write)


def _put_precondition(raw: _WirePrecondition, update: Update) -> None:
    if update.if_version is None:
        raw.exists = True
        return
    seconds, _, nanos = update.if_version.partition(".")
    raw.update_time.seconds, raw.update_time.nanos = int(seconds), int(nanos)


def _put_changes(raw: _WireWrite, update: Update) -> None:
    # A mask that is there but empty changes nothing; one that is missing replaces everything.
    raw.update_mask.SetInParent()
    for path, value in update.fields.items():
        segments = split_field_path(path)
        canonical, where = field_path(*segments), f"{update.path}.{path}"
        match value:
            case AppendToList():
                transform = raw.update_transforms.add(field_path=canonical)
                put_elements(transform.append_missing_elements, value.values, where)
            case Increment():
                transform = raw.update_transforms.add(field_path=canonical)
                put_value(transform.increment, value.amount, where)
            case _:
                raw.update_mask.field_paths.append(canonical)
                put_value(_made_at(raw.update, segments), value, where)


def _made_at(document: WireMap, segments: Sequence[str]) -> WireValue:
    within = document
    for segment in segments[:-1]:
        within = within.fields[segment].map_value
    return within.fields[segments[-1]]
