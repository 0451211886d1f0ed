"""A relay between a client and an IB Gateway: what the Gateway says can be changed on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.simulator.frames import Field, encode

Fields = list[str]
Rewrite = Callable[[Fields], Fields]


class Relay:
    """Passes everything on, messages of the Gateway after rewriting them.

    Attributes:
        port: Where clients connect.
        heard: What clients sent after the greeting, as raw bytes.
    """

    def __init__(self, upstream_port: int, rewrite: Rewrite) -> None:
        self.port = 0
        self.heard = b""
        self._upstream_port = upstream_port
        self._rewrite = rewrite
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        for pump in (self._ask(reader, up_writer), self._answer(up_reader, writer)):
            self._pumps.add(asyncio.create_task(pump))

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                self.heard += data
                writer.write(data)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(4), "big")
                fields = (await reader.readexactly(length)).decode().split("\0")[:-1]
                rewritten: list[Field] = [*self._rewrite(fields)]
                writer.write(encode(rewritten))
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


@asynccontextmanager
async def relaying(upstream_port: int, rewrite: Rewrite) -> AsyncIterator[Relay]:
    relay = Relay(upstream_port, rewrite)
    await relay.start()
    try:
        yield relay
    finally:
        await relay.stop()
