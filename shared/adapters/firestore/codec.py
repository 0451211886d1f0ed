"""Dataclasses to documents and back, by the types of their fields; pure.

| field | stored |
|---|---|
| `limit: Decimal` | `limit_micros`, whole micros of USD (any Decimal inside: lists, maps) |
| `rate_ratio: Decimal` | `rate_ratio`, exact decimal text |
| datetime | timestamp in UTC, microseconds; naive ones are refused |
| str, int, bool, None, NewType, StrEnum | as they are |
| `tuple[X, ...]`, `Mapping[K, X]`, frozen dataclass | list, map, map |

Floats and lists inside lists are refused when the class is compiled. Reading ignores keys it
does not know, so that an older program can read what a newer one wrote, and gives a missing key
the field's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, TypeVar, get_type_hints

from shared.adapters.firestore.shapes import Shape, shape_of
from shared.domain.errors import InvalidInput

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def encode(value: DataclassInstance) -> dict[str, object]:
    """Turn a dataclass instance into a document.

    Raises:
        InvalidInput: A value cannot be stored, naming its place: a naive datetime, an amount
            finer than a micro, a value of another type than its field's.
        TypeError: The class has a field that no document can hold.
    """
    return _compiled(type(value)).encode(value, type(value).__name__)


def decode(cls: type[T], data: Mapping[str, object]) -> T:
    """Turn a document into an instance.

    Raises:
        InvalidInput: Naming the class and every field that is missing or wrong.
        TypeError: The class has a field that no document can hold.
    """
    faults: list[str] = []
    value = _compiled(cls).decode(data, "", faults)
    if faults or not isinstance(value, cls):
        raise InvalidInput(cls.__name__, f"document cannot be read: {'; '.join(faults)}")
    return value


def keys_of(cls: type[DataclassInstance]) -> Mapping[str, str]:
    """Name the document key of each field of a class, for updates and queries."""
    return {entry.name: entry.key for entry in _compiled(cls).entries}


def encode_field(cls: type[DataclassInstance], name: str, value: object) -> tuple[str, object]:
    """Turn one field into its document key and value, for an update or a query.

    Raises:
        InvalidInput: As `encode`.
        KeyError: The class has no such field.
    """
    entry = _compiled(cls).by_name()[name]
    return entry.key, entry.shape.encode(value, f"{cls.__name__}.{name}")


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    key: str
    shape: Shape
    required: bool


@dataclass(frozen=True, slots=True)
class _Record:
    """A dataclass: a map of its fields."""

    cls: type[DataclassInstance]
    entries: tuple[_Entry, ...]

    def by_name(self) -> dict[str, _Entry]:
        return {entry.name: entry for entry in self.entries}

    def encode(self, value: object, where: str) -> dict[str, object]:
        if type(value) is not self.cls:
            raise InvalidInput(where, f"must be {self.cls.__name__}, not {type(value).__name__}")
        return {
            entry.key: entry.shape.encode(getattr(value, entry.name), f"{where}.{entry.name}")
            for entry in self.entries
        }

    def decode(self, value: object, where: str, faults: list[str]) -> object:
        if not isinstance(value, Mapping):
            faults.append(f"{where or 'document'} is no map")
            return None
        found_before = len(faults)
        prefix = f"{where}." if where else ""
        arguments: dict[str, object] = {}
        for entry in self.entries:
            place = prefix + entry.key
            if entry.key in value:
                arguments[entry.name] = entry.shape.decode(value[entry.key], place, faults)
            elif entry.required:
                faults.append(f"{place} is missing")
        return self._made(arguments, where, faults) if len(faults) == found_before else None

    def _made(self, arguments: dict[str, object], where: str, faults: list[str]) -> object:
        try:
            return self.cls(**arguments)
        except (InvalidInput, ValueError) as error:
            faults.append(f"{where or 'document'}: {error}")
            return None


@cache
def _compiled(cls: type[DataclassInstance]) -> _Record:
    hints = get_type_hints(cls)
    return _Record(cls, tuple(_entry(cls, one, hints[one.name]) for one in fields(cls) if one.init))


def _entry(cls: type, one: Field[object], hint: object) -> _Entry:
    shape, holds_amounts = shape_of(
        hint, is_ratio=one.name.endswith("_ratio"), record=_compiled, where=f"{cls}.{one.name}"
    )
    return _Entry(
        name=one.name,
        key=f"{one.name}_micros" if holds_amounts else one.name,
        shape=shape,
        required=one.default is MISSING and one.default_factory is MISSING,
    )
