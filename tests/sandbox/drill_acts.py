"""Carrying a drill out: the simulator is told, and our own parts are killed, robbed or frozen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import grpc
import requests
from google.api_core.exceptions import DeadlineExceeded
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import PubsubMessage

from shared.adapters.firestore.clients import firestore_client
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.firestore.leases import lease_path
from shared.domain.controls import TradingMode
from shared.domain.sessions import SessionDate, at_new_york
from shared.ports.documents import Delete, Increment, Replace, Update, Write
from tests.sandbox.blueprint import PROJECT
from tests.sandbox.drills import Arm, Deed, Drill
from tests.sandbox.stack import Stack

OUTAGE = timedelta(seconds=15)
"""Market time for which nobody leads after a kill. No doorbell may ring meanwhile (once a minute
in the morning): the sandbox's time would stand still until somebody hears it."""
_FROZEN_SECONDS = 8.0
_SWITCH_SECONDS = 2.5
_END_SECONDS = 30.0
_SECONDS = 10.0
_PULL_SECONDS = 2.0
_MALFORMED = (b"not json", b"[]", b'{"type": "nonsense"}', b"")

Conduct = Callable[[datetime], Awaitable[None]]


class DrillInProgress:
    """One drill on one running sandbox.

    Args:
        drill: What goes wrong.
        stack: Where.
        session_date: The session that is played.
        conduct: Lets market time run to an instant.
    """

    def __init__(
        self, drill: Drill, stack: Stack, session_date: SessionDate, conduct: Conduct
    ) -> None:
        self.told: list[str] = []
        """What was done to our own parts, in words."""
        self._drill = drill
        self._stack = stack
        self._session_date = session_date
        self._conduct = conduct
        self._draining: asyncio.Task[None] | None = None
        self._deeds: dict[Deed, Callable[[], Awaitable[None]]] = {
            Deed.KILL_GATEWAY: self._kill_gateway,
            Deed.STEAL_LEASE: self._steal_lease,
            Deed.FREEZE_DATABASE: self._freeze_database,
            Deed.DELETE_FOLLOWER: self._delete_follower,
            Deed.LOSE_MESSAGES: self._lose_messages,
            Deed.RING_MALFORMED: self._ring_malformed,
            Deed.HALT: lambda: self._switch(TradingMode.HALTED.value),
            Deed.FLATTEN: lambda: self._switch(TradingMode.FLATTEN.value),
            Deed.SPOIL_CONTROLS: lambda: self._switch(7),
        }

    def arm(self) -> None:
        """Tell the simulator; before market time moves."""
        for arm in self._drill.arms:
            url = f"{self._stack.control_url}/faults"
            answer = requests.post(url, json=document_of(arm, self._session_date), timeout=_SECONDS)
            if not answer.ok:
                raise RuntimeError(f"{arm.name}: {answer.text}")

    async def play(self) -> None:
        """Do what the drill does to our own parts, each at its market time."""
        for act in self._drill.acts:
            await self._conduct(self._at(act.at))
            await self._deeds[act.deed]()
            self.told.append(f"{act.at} {act.deed}")

    def describe(self) -> list[str]:
        """Say what the fault was and what it did, a line each."""
        answer = requests.get(f"{self._stack.control_url}/faults", timeout=_SECONDS).json()
        lines = [
            f"{armed['name']} at {armed['login'] or 'every login'}: struck {armed['fired']} times"
            for armed in answer["armed"]
        ]
        return [f"fault {self._drill.name}: {self._drill.about}", *lines, *self.told]

    async def end(self) -> None:
        """End what runs beside the day."""
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.gather(self._draining, return_exceptions=True)

    def _at(self, clock: str) -> datetime:
        return at_new_york(self._session_date, clock)

    async def _kill_gateway(self) -> None:
        await self._stack.children.pop("gateway").stop()
        await self._conduct(self._stack.conductor.now() + OUTAGE)
        await self._revive()

    async def _steal_lease(self) -> None:
        """Somebody takes the lease, and is never heard of again."""
        gateway = self._stack.children.pop("gateway")
        self._write(
            Update(path=lease_path(0), fields={"holder": "a thief", "token": Increment(1)}),
            Update(path=f"{lease_path(0)}-heartbeat", fields={"beat": Increment(1)}),
        )
        # It looks on machine time, and ends; whoever runs it starts it again.
        await asyncio.wait_for(gateway.wait(), _END_SECONDS)
        await self._revive()

    async def _revive(self) -> None:
        crew = self._stack.crew
        await crew.start_gateway()
        await crew.until_gateway_is_back()

    async def _freeze_database(self) -> None:
        pids = list(_serving(f"--port={self._stack.addresses.firestore}"))
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(_FROZEN_SECONDS)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(_SWITCH_SECONDS)

    async def _delete_follower(self) -> None:
        self._write(Delete(path="followers/f-0001"))

    async def _switch(self, mode: str | int) -> None:
        self._write(Replace(path="controls/trading", data={"mode": mode}))
        # It is read on machine time, which nobody holds.
        await asyncio.sleep(_SWITCH_SECONDS)

    async def _lose_messages(self) -> None:
        """Take every message of the doorbell away: the gateway listens elsewhere."""
        self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        with _channel(self._stack.addresses.host("pubsub")) as channel:
            client = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
            path = f"projects/{PROJECT}/subscriptions/orders-gateway"
            while True:
                await asyncio.to_thread(_take_all, client, path)

    async def _ring_malformed(self) -> None:
        with _channel(self._stack.addresses.host("pubsub")) as channel:
            client = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
            for data in _MALFORMED:
                client.publish(
                    topic=f"projects/{PROJECT}/topics/orders",
                    messages=[PubsubMessage(data=data, attributes={"from": "a drill"})],
                    timeout=_SECONDS,
                )

    def _write(self, *writes: Write) -> None:
        host = f"127.0.0.1:{self._stack.addresses.firestore}"
        connection = firestore_client(PROJECT, emulator_host=host)
        try:
            FirestoreDocuments(connection).commit(list(writes))
        finally:
            connection.close()


def document_of(arm: Arm, session_date: SessionDate) -> dict[str, object]:
    """What the simulator is told of a fault."""
    at = at_new_york(session_date, arm.at)
    document: dict[str, object] = {"name": arm.name, "at": at.isoformat()}
    if arm.times != 1:
        document["times"] = arm.times
    if arm.login is not None:
        document["login"] = arm.login
    if arm.parameters:
        document["parameters"] = dict(arm.parameters)
    return document


def _take_all(client: SubscriberClient, path: str) -> None:
    try:
        answer = client.pull(subscription=path, max_messages=100, timeout=_PULL_SECONDS)
    except DeadlineExceeded:
        return
    taken = [one.ack_id for one in answer.received_messages]
    if taken:
        client.acknowledge(subscription=path, ack_ids=taken, timeout=_SECONDS)


@contextmanager
def _channel(address: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(address) as channel:
        yield channel


def _serving(argument: str) -> Iterator[int]:
    """Processes that were started with this argument: the port is ours alone."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if argument.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                yield int(entry.name)
