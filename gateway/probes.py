"""Probes: all that the gateway serves.

The start-up probe passes in standby, or a deploy would wait for a lease that the old instance
only gives back once the new one is up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_LINE_SECONDS = 5.0


async def serve_probes(
    port: int, *, is_alive: Callable[[], bool], is_leading: Callable[[], bool]
) -> asyncio.Server:
    """Serve `/startup` (always), `/alive` and `/leading` (200 or 503) on all interfaces."""
    answers: dict[str, Callable[[], bool]] = {
        "/startup": lambda: True,
        "/alive": is_alive,
        "/leading": is_leading,
    }

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await asyncio.wait_for(reader.readline(), _LINE_SECONDS)
            path = [*request.decode("latin-1").split(" "), ""][1]
            probe = answers.get(path)
            status = "404 Not Found"
            if probe is not None:
                status = "200 OK" if probe() else "503 Service Unavailable"
            head = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            await writer.drain()
        except (TimeoutError, ConnectionError):
            return
        finally:
            writer.close()

    return await asyncio.start_server(answer, host=None, port=port)
