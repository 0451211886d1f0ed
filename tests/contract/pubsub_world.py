"""A gate in front of the shared emulator, a function server, and real clients of the gate."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc.aio
from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport
from google.pubsub_v1.types import PubsubMessage

from tests.sandbox.control import Json
from tests.sandbox.holds import HoldCount
from tests.sandbox.pubsub_gate import PubsubGate

NOW = datetime(2026, 3, 2, 14, 27, tzinfo=UTC)


class Function:
    """A function server on a raw socket: answers as told, or hangs up."""

    def __init__(self) -> None:
        self.received: dict[str, list[dict[str, Json]]] = defaultdict(list)
        self.statuses: dict[str, tuple[int, ...]] = {}
        self.gate: asyncio.Event | None = None
        self.at_once = 0

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._answer, "127.0.0.1", 0)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        try:
            name, body = await _read_post(reader)
            self.received[name].append(body)
            if self.gate is not None:
                await self.gate.wait()
            statuses = self.statuses.get(name, (204,))
            status = statuses[min(len(self.received[name]), len(statuses)) - 1]
            if status:
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        finally:
            self.at_once -= 1
            writer.close()
            await writer.wait_closed()


async def _read_post(reader: asyncio.StreamReader) -> tuple[str, dict[str, Json]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    body: dict[str, Json] = json.loads(await reader.readexactly(int(headers["content-length"])))
    return lines[0].split(" ")[1].strip("/"), body


@dataclass(kw_only=True)
class World:
    """A gate in front of the shared emulator, a function server, and real clients of the gate."""

    gate: PubsubGate
    holds: HoldCount
    function: Function
    function_url: str
    publisher: PublisherAsyncClient
    subscriber: SubscriberAsyncClient

    async def publish(self, topic: str, messages: int = 1, **fields: object) -> list[str]:
        answer = await self.publisher.publish(
            topic=self.gate.topic_path(topic),
            messages=[PubsubMessage(data=b'{"n":1}', **fields) for _ in range(messages)],
        )
        return list(answer.message_ids)

    async def quiet(self) -> None:
        """Wait until nothing is held."""
        await until(lambda: self.holds.now == 0)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what other processes bring about."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise TimeoutError


@asynccontextmanager
async def world(emulator_address: str, project_id: str) -> AsyncIterator[World]:
    holds, function = HoldCount(), Function()
    gate = PubsubGate(
        emulator_address, holds, project_id=project_id, now=lambda: NOW, first_backoff_seconds=0.01
    )
    await gate.start()
    server = await function.serve()
    port = server.sockets[0].getsockname()[1]
    try:
        async with grpc.aio.insecure_channel(gate.address) as channel:
            yield World(
                gate=gate,
                holds=holds,
                function=function,
                function_url=f"http://127.0.0.1:{port}",
                publisher=PublisherAsyncClient(
                    transport=PublisherGrpcAsyncIOTransport(channel=channel)
                ),
                subscriber=SubscriberAsyncClient(
                    transport=SubscriberGrpcAsyncIOTransport(channel=channel)
                ),
            )
    finally:
        server.close()
        await gate.stop()


def in_world(
    emulator_address: str, project_id: str, story: Callable[[World], Awaitable[None]]
) -> None:
    """Run a story in a world with a project of its own."""

    async def inside() -> None:
        async with world(emulator_address, project_id) as made:
            await story(made)

    asyncio.run(inside())
