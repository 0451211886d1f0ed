"""How SendGrid names what is wrong with a body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tests.sandbox.control import Json

Document: TypeAlias = Mapping[str, Json]
_HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#"
JSON_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


class Unbindable(Exception):
    """A body SendGrid cannot bind at all: it answers "Bad Request" without a field."""


def fault(message: str, field: str, anchor: str | None) -> Json:
    """One entry of the error array."""
    return {
        "message": message,
        "field": field,
        "help": None if anchor is None else _HELP + anchor,
    }


def object_of(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise Unbindable
    return value


def objects_in(value: Json) -> list[dict[str, Json]]:
    return [object_of(item) for item in value] if isinstance(value, list) else []


def type_faults(
    document: Document, types: Mapping[str, str], path: str, anchor: str
) -> Iterator[Json]:
    if not document.keys() <= types.keys():
        raise Unbindable
    for name, value in document.items():
        given = JSON_TYPES[type(value)]
        if given != types[name]:
            yield fault(
                f"Invalid type. Expected: {types[name]}, given: {given}.",
                path + name,
                anchor + name,
            )
