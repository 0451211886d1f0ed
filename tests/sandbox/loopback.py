"""One question to one of our own probes."""

from __future__ import annotations

import asyncio
import contextlib


async def answers(port: int, path: str) -> bool:
    """Tell whether `GET path` on a loopback port is answered with 200."""
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: gateway\r\n\r\n".encode())
        line = await reader.readline()
        writer.close()
        return b" 200 " in line
    return False
