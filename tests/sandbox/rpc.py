"""gRPC stand-ins: a table of unary methods served over the real protocol buffers.

The client libraries ship messages and stubs but no servicer classes; a stand-in therefore names
its methods in a table, and the same table plays the rows of its conformance table.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import grpc
import grpc.aio

from tests.sandbox.conformance import contains
from tests.sandbox.control import Json

Request = TypeVar("Request")
Response = TypeVar("Response")


class MessageType(Protocol[Request]):
    """The class of a proto-plus message."""

    def __call__(self, fields: Mapping[str, Json], /) -> Request:
        """Build a message from its fields."""

    def serialize(self, message: Request, /) -> bytes:
        """Encode a message."""

    def deserialize(self, payload: bytes, /) -> Request:
        """Decode a message."""

    def to_dict(self, message: Request, /, *, use_integers_for_enums: bool) -> dict[str, Json]:
        """Show a message as JSON values."""


class RpcFault(Exception):
    """An error answer.

    Args:
        code: The gRPC status code.
        message: What the real service says.
    """

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> RpcFault:
    """Build an INVALID_ARGUMENT answer."""
    return RpcFault(grpc.StatusCode.INVALID_ARGUMENT, message)


@dataclass(frozen=True, kw_only=True, slots=True)
class Method(Generic[Request, Response]):
    """One unary method. `answers` is None where the answer is google.protobuf.Empty."""

    asks: MessageType[Request]
    answers: MessageType[Response] | None
    handle: Callable[[Request], Awaitable[Response]]

    async def answer(self, payload: bytes, context: RpcContext) -> bytes:
        """Answer one encoded request."""
        try:
            response = await self.handle(self.asks.deserialize(payload))
        except RpcFault as fault:
            await context.abort(fault.code, fault.message)
            raise
        return b"" if self.answers is None else self.answers.serialize(response)

    def encode(self, fields: Mapping[str, Json]) -> bytes:
        """Encode a request from its fields."""
        return self.asks.serialize(self.asks(fields))

    def show(self, payload: bytes) -> Json:
        """Show an encoded answer as JSON values."""
        if self.answers is None:
            return {}
        message = self.answers.deserialize(payload)
        return self.answers.to_dict(message, use_integers_for_enums=False)


class AnyMethod(Protocol):
    """A method, whatever its messages are."""

    async def answer(self, payload: bytes, context: RpcContext) -> bytes:
        """Answer one encoded request."""

    def encode(self, fields: Mapping[str, Json]) -> bytes:
        """Encode a request from its fields."""

    def show(self, payload: bytes) -> Json:
        """Show an encoded answer as JSON values."""


class RpcContext(Protocol):
    """What a handler needs of grpc.aio's ServicerContext."""

    async def abort(self, code: grpc.StatusCode, details: str) -> None:
        """End the call with an error; raises."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RpcService:
    """A service: its full name and its methods."""

    name: str
    methods: Mapping[str, AnyMethod]

    def handler(self) -> grpc.GenericRpcHandler:
        """Build the handler that a grpc.aio server takes."""
        return grpc.method_handlers_generic_handler(
            self.name,
            {
                name: grpc.unary_unary_rpc_method_handler(method.answer)
                for name, method in self.methods.items()
            },
        )


async def serve_rpc(
    service: RpcService, port: int = 0
) -> tuple[str, Callable[[], Awaitable[None]]]:
    """Serve in the running loop on a loopback port (0: a free one).

    Returns:
        The address, and a coroutine function that stops the server.
    """
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((service.handler(),))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()

    async def shutdown() -> None:
        await server.stop(grace=None)

    return f"127.0.0.1:{bound}", shutdown


@dataclass(frozen=True, kw_only=True, slots=True)
class RpcRow:
    """One conformance row.

    Attributes:
        name: What the row is about.
        method: Method asked.
        request: Fields of the request.
        code: Name of the gRPC status code of the answer.
        answer: Fields that must be in the answer (bytes as base64, enumerations by name).
        text: Part of the error message.
        before: Requests (method, fields) played first; they must succeed.
        source: Where the real answer is written.
    """

    name: str
    method: str
    request: Mapping[str, Json]
    source: str
    code: str = "OK"
    answer: Json = None
    text: str = ""
    before: tuple[tuple[str, Mapping[str, Json]], ...] = field(default=())


async def check_rpc(row: RpcRow, service: RpcService, address: str) -> None:
    """Play one row against a served stand-in and assert the answer."""
    async with grpc.aio.insecure_channel(address) as channel:
        for method, fields in row.before:
            await _call(service, channel, method, fields)
        code, answer, text = await _outcome(row, service, channel)
    assert code == row.code, (text, answer)
    assert row.text in text, text
    assert row.answer is None or contains(answer, row.answer), answer


async def _outcome(
    row: RpcRow, service: RpcService, channel: grpc.aio.Channel
) -> tuple[str, Json, str]:
    try:
        return "OK", await _call(service, channel, row.method, row.request), ""
    except grpc.aio.AioRpcError as error:
        return error.code().name, None, error.details() or ""


async def _call(
    service: RpcService, channel: grpc.aio.Channel, name: str, fields: Mapping[str, Json]
) -> Json:
    method = service.methods[name]
    ask: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
    ask = channel.unary_unary(f"/{service.name}/{name}")
    return method.show(await ask(method.encode(fields)))
