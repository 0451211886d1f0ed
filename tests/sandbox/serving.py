"""Serves ASGI stand-ins on loopback sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals alone and says when it is up."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app, http="h11", ws="none", lifespan="off", log_level="warning", access_log=False
            )
        )
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        # Stopping a server that has not finished starting would leak its sockets.
        self._on_ready()


def _listen(port: int) -> socket.socket:
    # asyncio switches Nagle's delay (40 ms an answer) off only where the protocol is spelled out.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


@contextlib.contextmanager
def serve_in_thread(app: ASGIApp) -> Iterator[str]:
    """Serves `app` on a free loopback port; yields its base URL without a trailing slash."""
    ready = threading.Event()
    server = _Server(app, ready.set)
    with _listen(0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            if not ready.wait(timeout=10):
                raise TimeoutError("the stand-in did not start within 10 seconds")
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


async def serve(app: ASGIApp, port: int) -> tuple[int, Callable[[], Awaitable[None]]]:
    """Serves `app` in the running loop on `port` (0: a free one).

    Returns the port and a coroutine function that stops the server and closes its sockets.
    """
    ready = asyncio.Event()
    server = _Server(app, ready.set)
    listener = _listen(port)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await ready.wait()

    async def shutdown() -> None:
        server.should_exit = True
        await running
        listener.close()

    return int(listener.getsockname()[1]), shutdown
