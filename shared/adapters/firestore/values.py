"""Plain values to Firestore's wire values and back; pure.

The wire messages are built directly: the client library's own wrapping costs seven times as
much, and an opening writes some hundred documents at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Protocol

from shared.domain.errors import InvalidInput

MAX_KEY_BYTES = 1500
"""Longest name of a field (Firestore quotas: "maximum size of a field name")."""

_RESERVED = re.compile(r"__.*__", re.DOTALL)
_INT64 = 1 << 63


class WireTimestamp(Protocol):
    """google.protobuf.Timestamp."""

    seconds: int
    nanos: int

    def FromDatetime(self, dt: datetime) -> None:
        """Set from an aware datetime."""

    def ToDatetime(self, tzinfo: object) -> datetime:
        """Read; what is finer than a microsecond is cut off."""


class WireFields(Protocol):
    """A map of wire values; naming a key that is missing makes it."""

    def __getitem__(self, key: str) -> WireValue:
        """Find or make a value."""

    def __iter__(self) -> Iterator[str]:
        """The keys, in no particular order."""


class WireMap(Protocol):
    """google.firestore.v1.MapValue."""

    fields: WireFields

    def SetInParent(self) -> None:
        """Be present even while empty."""


class WireList(Protocol):
    """The values of a google.firestore.v1.ArrayValue."""

    def add(self) -> WireValue:
        """Make one more at the end."""

    def __iter__(self) -> Iterator[WireValue]:
        """All of them, in order."""


class WireArray(Protocol):
    """google.firestore.v1.ArrayValue."""

    values: WireList

    def SetInParent(self) -> None:
        """Be present even while empty."""


class WireValue(Protocol):
    """google.firestore.v1.Value."""

    null_value: int
    boolean_value: bool
    integer_value: int
    string_value: str | bytes
    timestamp_value: WireTimestamp
    map_value: WireMap
    array_value: WireArray

    def WhichOneof(self, group: str) -> str | None:
        """Name what is set."""


def put_value(target: WireValue, value: object, where: str) -> None:
    """Set a wire value.

    Raises:
        InvalidInput: Firestore, or our own rules, cannot hold the value; names the place.
    """
    if isinstance(value, Mapping):
        target.map_value.SetInParent()
        put_fields(target.map_value.fields, value, where)
    elif isinstance(value, list | tuple):
        put_elements(target.array_value, value, where)
    else:
        _put_scalar(target, value, where)


def put_fields(target: WireFields, fields: Mapping[str, object], where: str) -> None:
    """Set the fields of a document or map; raises as `put_value`."""
    for key, value in fields.items():
        check_key(key, where)
        put_value(target[key], value, f"{where}.{key}")


def put_elements(target: WireArray, values: Iterable[object], where: str) -> None:
    """Set the elements of a list; raises as `put_value`."""
    target.SetInParent()
    for value in values:
        if isinstance(value, list | tuple):
            raise InvalidInput(where, "holds a list directly inside a list; put a map between")
        put_value(target.values.add(), value, where)


def check_key(key: object, where: str) -> None:
    """Refuse a key that Firestore refuses.

    Raises:
        InvalidInput: Not text, empty, too long, or of the reserved form `__…__`.
    """
    if not isinstance(key, str) or not key or (key[0] == "_" and _RESERVED.fullmatch(key)):
        raise InvalidInput(where, f"{key!r} is no key of a document; use other text")
    if (len(key) if key.isascii() else len(_bytes_of(key, where))) > MAX_KEY_BYTES:
        raise InvalidInput(where, f"has a key of more than {MAX_KEY_BYTES} bytes")


def _bytes_of(text: str, where: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(where, "is text that is no valid Unicode") from error


def read_value(raw: WireValue) -> object:
    """Read a wire value: lists, maps in the order of their keys, datetimes in UTC."""
    kind = raw.WhichOneof("value_type")
    if kind == "map_value":
        return read_fields(raw.map_value.fields)
    if kind == "array_value":
        return [read_value(one) for one in raw.array_value.values]
    if kind == "timestamp_value":
        return raw.timestamp_value.ToDatetime(tzinfo=UTC)
    scalar: object = None if kind in (None, "null_value") else getattr(raw, kind)
    return scalar


def read_fields(raw: WireFields) -> dict[str, object]:
    """Read the fields of a document or map, in the order of their keys."""
    # A wire map iterates in hash order, which differs from one process to the next.
    return {key: read_value(raw[key]) for key in sorted(raw)}


def _put_scalar(target: WireValue, value: object, where: str) -> None:
    match value:
        case None:
            target.null_value = 0
        case bool():
            target.boolean_value = value
        case int():
            if not -_INT64 <= value < _INT64:
                raise InvalidInput(where, "is an integer of more than 64 bits")
            target.integer_value = value
        case str():
            target.string_value = value if value.isascii() else _bytes_of(value, where)
        case datetime():
            if value.utcoffset() is None:
                raise InvalidInput(where, f"{value.isoformat()} is naive; instants are aware UTC")
            target.timestamp_value.FromDatetime(value)
        case _:
            raise InvalidInput(where, f"a {type(value).__name__} cannot be stored")
