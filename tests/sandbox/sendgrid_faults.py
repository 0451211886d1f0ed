"""How SendGrid names what is wrong with a body."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from types import MethodType
from typing import Protocol, TypeAlias, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

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


async def gone(request: Request) -> None:
    """Wait until the one who asks has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Connection(Protocol):
    """What uvicorn keeps of a request: its `receive` is a method of it."""

    transport: asyncio.Transport


class LostAnswer(Response):
    """No answer at all: the connection breaks instead."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Break the connection, and wait until it is gone."""
        connection = cast("_Connection", cast("MethodType", receive).__self__)
        connection.transport.abort()
        await gone(Request(scope, receive))
