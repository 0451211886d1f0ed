"""The toy session's size, and its connections whose bytes are counted."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime

START_AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
TICKS, ORDERS, RUNGS = 12, 20, 10


class Counted:
    """Lines over TCP, every byte counted where the brokers' are: as written, and as read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sent = self.received = 0
        self._reader, self._writer = reader, writer

    def write(self, line: bytes) -> None:
        """Write a line."""
        self.sent += len(line)
        self._writer.write(line)

    async def read_line(self) -> bytes:
        """Read a line; empty at the end."""
        line = await self._reader.readline()
        self.received += len(line)
        return line


def ask_blocking(port: int, words: bytes) -> str:
    """Ask from a thread, on a connection that nobody counts."""
    with (
        socket.create_connection(("127.0.0.1", port)) as connection,
        connection.makefile("rwb") as lines,
    ):
        lines.write(words + b"\n")
        lines.flush()
        return lines.readline().decode()
