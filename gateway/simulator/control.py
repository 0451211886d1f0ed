"""The control API: plain HTTP with JSON on the loopback interface.

``GET /state`` shows the broker's book. ``POST /drop {"login"}`` cuts a login's connections.
``POST /error {"login", "code", "message", "id"}`` sends an error or notice to a login's clients
(id -1 or absent: it concerns no request). ``POST /spot {"spot"}`` moves the model's underlying.
Faults: ``control_faults``. What happens at the broker without a client: ``control_actions``.
Refusals are 400, 404 or 405 with {"error"}.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Protocol

from gateway.simulator import control_faults
from gateway.simulator.broker_actions import BrokerActions
from gateway.simulator.config import Json
from gateway.simulator.control_actions import action_routes
from gateway.simulator.control_bodies import Refusal, json_object, text_of, whole_of
from gateway.simulator.control_faults import FaultControl

_MAX_BODY_BYTES = 65_536


class Controlled(Protocol):
    """What the control API can do; the simulator itself."""

    @property
    def actions(self) -> BrokerActions:
        """What happens at the broker without any API client."""
        ...

    @property
    def fault_control(self) -> FaultControl:
        """What arms and ends faults."""
        ...

    def state(self) -> Json:
        """Return the broker's book."""
        ...

    def drop(self, login_id: str) -> int:
        """Cut the connections of a login; KeyError if there is no such login."""
        ...

    def send_error(self, login_id: str, request_id: int, code: int, text: str) -> int:
        """Send an error to the clients of a login; KeyError if there is no such login."""
        ...

    def move_spot(self, spot: Decimal) -> None:
        """Move the underlying; ValueError if it cannot be moved."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Request:
    method: str
    path: str
    body: bytes


class ControlServer:
    """Serves the control API of one simulator."""

    def __init__(self, simulator: Controlled) -> None:
        self._simulator = simulator
        self._server: asyncio.Server | None = None
        self._writers: dict[asyncio.StreamWriter, None] = {}
        self._routes: dict[tuple[str, str], Callable[[bytes], Json]] = {
            ("GET", "/state"): self._state,
            ("POST", "/drop"): self._drop,
            ("POST", "/error"): self._error,
            ("POST", "/spot"): self._spot,
            **action_routes(simulator.actions),
        }

    async def start(self, host: str, port: int) -> str:
        """Listen and return the base address."""
        self._server = await asyncio.start_server(self._serve, host, port)
        bound = self._server.sockets[0].getsockname()
        return f"http://{host}:{bound[1]}"

    async def stop(self) -> None:
        """Stop listening and cut what is open."""
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._writers):
            writer.close()
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers[writer] = None
        try:
            status, answer = self._answer(await _read_request(reader))
            writer.write(_response(status, answer))
            await writer.drain()
        except (OSError, EOFError, ValueError):
            # A peer that hangs up or does not speak HTTP gets no answer.
            pass
        finally:
            del self._writers[writer]
            writer.close()

    def _answer(self, request: _Request) -> tuple[HTTPStatus, Json]:
        try:
            return HTTPStatus.OK, self._route(request)
        except Refusal as refusal:
            return refusal.status, {"error": refusal.text}

    def _route(self, request: _Request) -> Json:
        route = self._routes.get((request.method, request.path))
        if route is not None:
            return route(request.body)
        if request.path.startswith(control_faults.PATH):
            control = self._simulator.fault_control
            return control_faults.answer(control, request.method, request.path, request.body)
        if any(path == request.path for _, path in self._routes):
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"not with {request.method}")
        raise Refusal(HTTPStatus.NOT_FOUND, f"no such path: {request.path}")

    def _state(self, _: bytes) -> Json:
        return self._simulator.state()

    def _drop(self, body: bytes) -> Json:
        login_id = text_of(json_object(body), "login")
        return {"connections": _of_login(login_id, lambda: self._simulator.drop(login_id))}

    def _error(self, body: bytes) -> Json:
        document = json_object(body)
        login_id, text = text_of(document, "login"), text_of(document, "message")
        code, request_id = whole_of(document, "code"), whole_of(document, "id", -1)
        return {
            "connections": _of_login(
                login_id, lambda: self._simulator.send_error(login_id, request_id, code, text)
            )
        }

    def _spot(self, body: bytes) -> Json:
        text = text_of(json_object(body), "spot")
        try:
            self._simulator.move_spot(Decimal(text))
        except InvalidOperation as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"spot {text!r} is not a decimal") from error
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error
        return {"spot": text}


async def _read_request(reader: asyncio.StreamReader) -> _Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    length = 0
    for line in head[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
    if not 0 <= length <= _MAX_BODY_BYTES:
        raise ValueError("the body is too long")
    return _Request(method=method, path=path, body=await reader.readexactly(length))


def _response(status: HTTPStatus, answer: Json) -> bytes:
    body = json.dumps(answer).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


def _of_login(login_id: str, act: Callable[[], int]) -> int:
    try:
        return act()
    except KeyError as error:
        raise Refusal(HTTPStatus.NOT_FOUND, f"no such login: {login_id}") from error
