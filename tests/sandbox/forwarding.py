"""A small HTTP/1.1 client for loopback: one POST per connection, and only its status matters."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from urllib.parse import urlsplit


class ForwardingError(Exception):
    """The server could not be reached, did not answer in time, or did not answer HTTP."""


async def post(url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> int:
    """POST a body and return the status of the answer.

    Args:
        url: Plain `http://` address.
        body: Body, sent with its length.
        headers: Further headers; the caller leaves out those of one connection (host, length).
        timeout_seconds: Machine time for the whole exchange.

    Raises:
        ForwardingError: If no complete HTTP answer comes back.
    """
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1")
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _exchange(parts.hostname or "", parts.port or 80, head + body)
    except (OSError, ValueError, TimeoutError) as error:
        raise ForwardingError(f"{url}: {type(error).__name__}: {error}") from error


async def _exchange(host: str, port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        await writer.drain()
        version, status, *_ = (await reader.readline()).split(b" ", 2)
        if not version.startswith(b"HTTP/1."):
            raise ValueError("not an HTTP answer")
        # The whole answer is read: closing earlier would look like an error to the server.
        await reader.read()
        return int(status)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
