"""How each type of field is stored: one shape per kind, found from the field's annotation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, NewType, Protocol, Union, get_args, get_origin

from shared.domain.errors import InvalidInput
from shared.domain.money import from_micros, to_micros

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Shape(Protocol):
    """How values of one type are stored."""

    def encode(self, value: object, where: str) -> object:
        """Turn a value into what is stored; InvalidInput names the place."""

    def decode(self, value: object, where: str, faults: list[str]) -> object:
        """Turn what is stored into a value; a fault is added to the list."""


@dataclass(frozen=True, slots=True)
class Plain:
    """str, int or bool, as it is; exactly that type, since True is also an int."""

    kind: type

    def encode(self, value: object, where: str) -> object:
        """Check and pass on."""
        if isinstance(value, StrEnum) or type(value) is not self.kind:
            raise _refused(where, self.kind.__name__, value)
        return value

    def decode(self, value: object, where: str, faults: list[str]) -> object:
        """Check and pass on."""
        if type(value) is not self.kind:
            faults.append(_fault(where, self.kind.__name__, value))
        return value


@dataclass(frozen=True, slots=True)
class Word:
    """A StrEnum, by its value."""

    kind: type[StrEnum]

    def encode(self, value: object, where: str) -> object:
        """Give the word's text."""
        if type(value) is not self.kind:
            raise _refused(where, self.kind.__name__, value)
        return value.value

    def decode(self, value: object, where: str, faults: list[str]) -> object:
        """Find the word."""
        if not isinstance(value, str):
            faults.append(_fault(where, self.kind.__name__, value))
            return None
        try:
            return self.kind(value)
        except ValueError:
            faults.append(f"{where} must be a {self.kind.__name__}, not {value!r}")
            return None


class Instant:
    """An aware datetime, in UTC."""

    def encode(self, value: object, where: str) -> object:
        """Turn to UTC."""
        if not isinstance(value, datetime):
            raise _refused(where, "datetime", value)
        if value.utcoffset() is None:
            raise InvalidInput(where, f"{value.isoformat()} is naive; instants are aware UTC")
        return utc(value)

    def decode(self, value: object, where: str, faults: list[str]) -> object:
        """Turn to a plain datetime in UTC: Firestore's own class is a subclass."""
        if not isinstance(value, datetime) or value.utcoffset() is None:
            faults.append(_fault(where, "aware datetime", value))
            return None
        return utc(value)


class Amount:
    """USD, as whole micros."""

    def encode(self, value: object, where: str) -> object:
        """Scale to micros."""
        if not isinstance(value, Decimal):
            raise _refused(where, "Decimal", value)
        try:
            return to_micros(value)
        except InvalidInput as error:
            raise InvalidInput(where, error.message) from error

    def decode(self, value: object, where: str, faults: list[str]) -> object:
        """Scale to USD."""
        if not isinstance(value, int) or isinstance(value, bool):
            faults.append(_fault(where, "whole micros", value))
            return None
        return from_micros(value)


class Ratio:
    """A plain number, as exact decimal text without an exponent."""

    def encode(self, value: object, where: str) -> object:
        """Write it out."""
        if not isinstance(value, Decimal) or not value.is_finite():
            raise _refused(where, "finite Decimal", value)
        return f"{value:f}"

    def decode(self, value: object, where: str, faults: list[str]) -> object:
        """Read it."""
        try:
            number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            faults.append(_fault(where, "decimal text", value))
        return number


@dataclass(frozen=True, slots=True)
class Maybe:
    """Something or None."""

    inner: Shape

    def encode(self, value: object, where: str) -> object:
        """Pass None on."""
        return None if value is None else self.inner.encode(value, where)

    def decode(self, value: object, where: str, faults: list[str]) -> object:
        """Pass None on."""
        return None if value is None else self.inner.decode(value, where, faults)


@dataclass(frozen=True, slots=True)
class Row:
    """A tuple of any length, as a list."""

    inner: Shape

    def encode(self, value: object, where: str) -> object:
        """Encode each element."""
        if not isinstance(value, tuple):
            raise _refused(where, "tuple", value)
        return [self.inner.encode(one, f"{where}[{at}]") for at, one in enumerate(value)]

    def decode(self, value: object, where: str, faults: list[str]) -> object:
        """Decode each element."""
        if not isinstance(value, list | tuple):
            faults.append(_fault(where, "list", value))
            return None
        return tuple(
            self.inner.decode(one, f"{where}[{at}]", faults) for at, one in enumerate(value)
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping whose keys are text, as a map in the order of its keys."""

    key: Shape
    inner: Shape

    def encode(self, value: object, where: str) -> object:
        """Encode keys and values."""
        if not isinstance(value, Mapping):
            raise _refused(where, "mapping", value)
        encoded: dict[str, object] = {}
        for key in sorted(value):
            place = f"{where}[{key}]"
            encoded[str(self.key.encode(key, place))] = self.inner.encode(value[key], place)
        return encoded

    def decode(self, value: object, where: str, faults: list[str]) -> object:
        """Decode keys and values."""
        if not isinstance(value, Mapping):
            faults.append(_fault(where, "map", value))
            return None
        return {
            self.key.decode(key, f"{where}[{key}]", faults): self.inner.decode(
                value[key], f"{where}[{key}]", faults
            )
            for key in sorted(value)
        }


def utc(instant: datetime) -> datetime:
    """Turn an aware datetime of any class into a plain one in UTC, to the microsecond."""
    at = instant.astimezone(UTC)
    return datetime(
        at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, tzinfo=UTC
    )


def shape_of(
    hint: object,
    *,
    is_ratio: bool,
    record: Callable[[type[DataclassInstance]], Shape],
    where: str,
) -> tuple[Shape, bool]:
    """Find the shape of an annotation.

    Args:
        hint: The annotation, resolved.
        is_ratio: True where a Decimal is a plain number rather than USD.
        record: Compiles a nested dataclass.
        where: The field, for the error.

    Returns:
        The shape, and whether it holds amounts of USD (then the key says micros).

    Raises:
        TypeError: No document can hold it.
    """
    if isinstance(hint, NewType):
        return shape_of(hint.__supertype__, is_ratio=is_ratio, record=record, where=where)
    if hint is Decimal:
        return (Ratio(), False) if is_ratio else (Amount(), True)
    if isinstance(hint, type) and get_origin(hint) is None:
        return _simple(hint, record, where), False
    return _generic(hint, is_ratio, record, where)


def _simple(kind: type, record: Callable[[type[DataclassInstance]], Shape], where: str) -> Shape:
    if kind in (str, int, bool):
        return Plain(kind)
    if kind is datetime:
        return Instant()
    if issubclass(kind, StrEnum):
        return Word(kind)
    if is_dataclass(kind):
        return record(kind)
    raise TypeError(f"{where}: {kind} has no place in a document")


def _generic(
    hint: object,
    is_ratio: bool,
    record: Callable[[type[DataclassInstance]], Shape],
    where: str,
) -> tuple[Shape, bool]:
    origin, arguments = get_origin(hint), get_args(hint)

    def inner(one: object) -> tuple[Shape, bool]:
        return shape_of(one, is_ratio=is_ratio, record=record, where=where)

    if origin in (Union, UnionType) and len(arguments) == 2 and NoneType in arguments:
        shape, amounts = inner(next(one for one in arguments if one is not NoneType))
        return Maybe(shape), amounts
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        shape, amounts = inner(arguments[0])
        if _is_list(shape):
            raise TypeError(f"{where}: Firestore holds no list directly inside a list")
        return Row(shape), amounts
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, _ = inner(arguments[0])
        if not (isinstance(key, Word) or key == Plain(str)):
            raise TypeError(f"{where}: the keys of a map are text")
        shape, amounts = inner(arguments[1])
        return Table(key, shape), amounts
    raise TypeError(f"{where}: {hint} has no place in a document")


def _is_list(shape: Shape) -> bool:
    return isinstance(shape, Row) or (isinstance(shape, Maybe) and _is_list(shape.inner))


# Values stay out of messages: some are personal, and messages are logged.
def _refused(where: str, wanted: str, value: object) -> InvalidInput:
    return InvalidInput(where, f"must be {wanted}, not {type(value).__name__}")


def _fault(where: str, wanted: str, value: object) -> str:
    return f"{where} must be {wanted}, not {type(value).__name__}"
