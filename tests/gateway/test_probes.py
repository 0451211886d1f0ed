"""Probes, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from socket import AddressFamily

import pytest

from gateway.probes import serve_probes


class Health:
    alive = True
    leading = False


def with_probes(story: Callable[[int, Health], Awaitable[None]]) -> None:
    async def play() -> None:
        health = Health()
        server = await serve_probes(
            0, is_alive=lambda: health.alive, is_leading=lambda: health.leading
        )
        try:
            # A free port of each family's own; Cloud Run asks over IPv4.
            (port,) = [
                s.getsockname()[1] for s in server.sockets if s.family is AddressFamily.AF_INET
            ]
            await story(port, health)
        finally:
            server.close()
            await server.wait_closed()

    asyncio.run(play())


async def ask(port: int, request: bytes) -> str:
    """The status line of the answer; empty where there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.split(b"\r\n")[0].decode()


async def get(port: int, path: str) -> str:
    return await ask(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def test_a_standby_has_started_and_is_alive_and_does_not_lead() -> None:
    async def story(port: int, _: Health) -> None:
        assert await get(port, "/startup") == "HTTP/1.1 200 OK"
        assert await get(port, "/alive") == "HTTP/1.1 200 OK"
        assert await get(port, "/leading") == "HTTP/1.1 503 Service Unavailable"

    with_probes(story)


def test_the_probes_follow_what_is_so_now() -> None:
    async def story(port: int, health: Health) -> None:
        health.leading, health.alive = True, False
        assert await get(port, "/leading") == "HTTP/1.1 200 OK"
        assert await get(port, "/alive") == "HTTP/1.1 503 Service Unavailable"
        assert await get(port, "/startup") == "HTTP/1.1 200 OK"

    with_probes(story)


@pytest.mark.parametrize("request_bytes", [b"\r\n", b"GET\r\n\r\n", b"\xff\xfe /x\r\n\r\n", b""])
def test_nonsense_is_not_found_and_harms_nothing(request_bytes: bytes) -> None:
    async def story(port: int, _: Health) -> None:
        assert await ask(port, request_bytes) == "HTTP/1.1 404 Not Found"
        assert await get(port, "/alive") == "HTTP/1.1 200 OK"

    with_probes(story)


def test_only_the_three_probes_are_served() -> None:
    async def story(port: int, _: Health) -> None:
        for path in ("/", "/orders", "/alive/", "/alive?x=1"):
            assert await get(port, path) == "HTTP/1.1 404 Not Found"

    with_probes(story)
