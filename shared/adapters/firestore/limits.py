"""What Firestore cannot hold, refused before anything is sent; pure.

The emulator would accept most of it. Sizes are counted as Firestore documents them
(https://cloud.google.com/firestore/docs/storage-size), and bounded below its own limits of
1 MiB and 40,000 index entries a document (https://cloud.google.com/firestore/quotas).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from itertools import pairwise

from shared.domain.errors import InvalidInput
from shared.ports.documents import (
    MAX_WRITES,
    AppendToList,
    Create,
    Delete,
    Increment,
    Replace,
    Update,
    Write,
    split_field_path,
)

MAX_DOCUMENT_BYTES = 900 * 1024
MAX_INDEX_ENTRIES = 30_000

UNINDEXED: Mapping[str, frozenset[str]] = {
    "boards": frozenset({"lines"}),
    "marks": frozenset({"entries", "quotes"}),
    "sessions": frozenset({"series_micros"}),
}
"""Collection to the fields that are exempt from indexing, as firestore.indexes.json has them."""

_VERSION = re.compile(r"[0-9]+\.[0-9]{9}")
_BAD_SEGMENT = re.compile(r"\.{1,2}|__.*__|", re.DOTALL)


def check_writes(writes: Sequence[Write]) -> None:
    """Refuse a commit that cannot be applied as one.

    Raises:
        InvalidInput: Too many writes, two of one document, a bad path, or too large a document.
    """
    if len(writes) > MAX_WRITES:
        raise InvalidInput(
            "writes", f"{len(writes)} in one commit; split them, {MAX_WRITES} at most"
        )
    seen: set[str] = set()
    for write in writes:
        check_document_path(write.path)
        if write.path in seen:
            raise InvalidInput("writes", f"two of {write.path} in one commit; merge them")
        seen.add(write.path)
        _check_write(write)


def check_document_path(path: str) -> None:
    """Refuse what is no path of a document.

    Raises:
        InvalidInput: Not `collection/id` pairs, or a segment that Firestore reserves.
    """
    segments = path.split("/")
    if len(segments) % 2 or any(_BAD_SEGMENT.fullmatch(one) for one in segments):
        raise InvalidInput("path", f"{path!r} is no document; write collection/id")


def check_collection_path(path: str) -> None:
    """Refuse what is no path of a collection.

    Raises:
        InvalidInput: It ends at a document, or a segment is one that Firestore reserves.
    """
    check_document_path(f"{path}/id")


def check_size(
    path: str, data: Mapping[str, object], unindexed: Mapping[str, Set[str]] = UNINDEXED
) -> None:
    """Refuse a document that is too large.

    Args:
        path: Document.
        data: All its fields.
        unindexed: Collection name to the fields that are exempt from indexing.

    Raises:
        InvalidInput: Over MAX_DOCUMENT_BYTES or MAX_INDEX_ENTRIES.
    """
    size = document_bytes(path, data)
    if size > MAX_DOCUMENT_BYTES:
        raise InvalidInput(path, f"has {size} bytes, {MAX_DOCUMENT_BYTES} at most; split it")
    exempt = unindexed.get(path.split("/")[-2], frozenset())
    entries = sum(index_entries(value) for key, value in data.items() if key not in exempt)
    if entries > MAX_INDEX_ENTRIES:
        raise InvalidInput(
            path, f"has {entries} index entries, {MAX_INDEX_ENTRIES} at most; exempt its maps"
        )


def document_bytes(path: str, data: Mapping[str, object]) -> int:
    """Count a document's bytes: its name (16 more), its fields, and 32 more."""
    name = sum(_text_bytes(segment) for segment in path.split("/")) + 16
    return name + _map_bytes(data) + 32


def index_entries(value: object) -> int:
    """Count the single-field index entries of a value.

    Every field is indexed up and down, a map also by each of its fields, a list also by each
    of its elements.
    """
    if isinstance(value, Mapping):
        return 2 + sum(index_entries(one) for one in value.values())
    return 2 + (len(value) if isinstance(value, list | tuple) else 0)


def _check_write(write: Write) -> None:
    match write:
        case Create() | Replace():
            check_size(write.path, write.data)
        case Update():
            _check_update(write)
            check_size(write.path, {key: _grown(value) for key, value in write.fields.items()})
        case Delete():
            pass


def _check_update(update: Update) -> None:
    if update.if_version is not None and not _VERSION.fullmatch(update.if_version):
        raise InvalidInput("if_version", f"{update.if_version!r} is no version that was read")
    if not update.fields:
        raise InvalidInput(update.path, "an update names at least one field")
    paths = sorted(split_field_path(path) for path in update.fields)
    for shorter, longer in pairwise(paths):
        if longer[: len(shorter)] == shorter:
            raise InvalidInput(update.path, f"{'.'.join(longer)} is named twice in one update")


def _grown(value: object) -> object:
    match value:
        case AppendToList():
            return value.values
        case Increment():
            return value.amount
        case _:
            return value


def _map_bytes(data: Mapping[str, object]) -> int:
    return sum(_text_bytes(key) + _value_bytes(value) for key, value in data.items())


def _value_bytes(value: object) -> int:
    match value:
        case str():
            return _text_bytes(value)
        case None | bool():
            return 1
        case Mapping():
            return _map_bytes(value)
        case list() | tuple():
            return sum(_value_bytes(one) for one in value)
        case _:
            return 8


def _text_bytes(text: str) -> int:
    return len(text.encode(errors="surrogatepass")) + 1
