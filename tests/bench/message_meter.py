"""Counts what a client sends to a broker: a proxy on loopback that reads the frames' lengths."""

from __future__ import annotations

import asyncio
import time
from collections import deque

_HEADER_BYTES = 4
_PREFIX = b"API\0"
_PLACE_ORDER = b"3\0"
_WINDOW_SECONDS = 1.0


class MessageMeter:
    """Forwards one port to another and counts the client's messages in every second.

    Args:
        port: The broker's port.
    """

    def __init__(self, port: int) -> None:
        self.peak_per_second = 0
        """Most messages of one connection in any second."""
        self.messages = 0
        self.placed_at: list[tuple[int, float]] = []
        """Which connection placed or modified an order, and when on the machine's clock."""
        self._port = port
        self._connections = 0
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Listen; returns the port to connect to instead."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Cut everything."""
        if self._server is not None:
            self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self._port)
        for pump in (self._count(reader, broker_writer), _forward(broker_reader, writer)):
            task = asyncio.create_task(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _count(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recent: deque[float] = deque()
        connection = self._connections = self._connections + 1
        try:
            writer.write(await reader.readexactly(len(_PREFIX)))
            while True:
                header = await reader.readexactly(_HEADER_BYTES)
                body = await reader.readexactly(int.from_bytes(header, "big"))
                self._note(recent)
                if body.startswith(_PLACE_ORDER):
                    self.placed_at.append((connection, time.monotonic()))
                writer.write(header + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _note(self, recent: deque[float]) -> None:
        now = time.perf_counter()
        recent.append(now)
        while now - recent[0] >= _WINDOW_SECONDS:
            recent.popleft()
        self.messages += 1
        self.peak_per_second = max(self.peak_per_second, len(recent))


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()
