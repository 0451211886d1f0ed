"""Cloud Scheduler: the stand-in against the real answers, and its runs on market time."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc.aio
import pytest
from google.cloud.scheduler_v1 import CloudSchedulerAsyncClient
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import (
    CloudSchedulerGrpcAsyncIOTransport,
)
from google.cloud.scheduler_v1.types import Job
from google.pubsub_v1 import SubscriberAsyncClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

from tests.sandbox.holds import HoldCount
from tests.sandbox.pubsub_gate import PubsubGate, Subscription
from tests.sandbox.rpc import RpcFault, RpcRow, check_rpc, serve_rpc
from tests.sandbox.scheduler import Scheduler
from tests.sandbox.scheduler_conformance import LOCATION, PROJECT_ID, ROWS

_START = datetime(2026, 3, 2, 14, 26, 30, tzinfo=UTC)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class HandClock:
    """Market time that moves when the test says so."""

    def __init__(self, start: datetime, holds: HoldCount) -> None:
        self._now = start
        self._holds = holds
        self._sleepers: list[tuple[datetime, int, asyncio.Event]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, at: datetime) -> None:
        if at > self._now:
            woken = asyncio.Event()
            heapq.heappush(self._sleepers, (at, id(woken), woken))
            await woken.wait()

    @contextmanager
    def outside_call(self) -> Iterator[None]:
        self._holds.hold()
        try:
            yield
        finally:
            self._holds.release()

    def move_to(self, at: datetime) -> None:
        self._now = at
        while self._sleepers and self._sleepers[0][0] <= at:
            heapq.heappop(self._sleepers)[2].set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_stand_in_answers_like_the_service(row: RpcRow) -> None:
    async def run() -> None:
        scheduler = Scheduler(PROJECT_ID, LOCATION, "127.0.0.1:9")
        address, shutdown = await serve_rpc(scheduler.service())
        running = asyncio.create_task(scheduler.run(HandClock(_START, HoldCount())))
        await check_rpc(row, scheduler.service(), address)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await shutdown()

    asyncio.run(run())


@dataclass(kw_only=True)
class World:
    """A running scheduler, its clock, a real client, and what it has published."""

    scheduler: Scheduler
    clock: HandClock
    holds: HoldCount
    client: CloudSchedulerAsyncClient
    gate: PubsubGate
    subscriber: SubscriberAsyncClient

    def add(self, name: str, schedule: str) -> str:
        job = Job(
            name=f"projects/p/locations/l/jobs/{name}",
            schedule=schedule,
            time_zone="America/New_York",
            pubsub_target={
                "topic_name": self.gate.topic_path("ticks"),
                "data": name.encode(),
                "attributes": {"job": name},
            },
        )
        self.scheduler.put(job)
        return str(job.name)

    async def pass_to(self, at: str, runs: int) -> list[str]:
        """Move time and return the names of the jobs that ran, in the order they were published."""
        self.clock.move_to(_utc(at))
        return [await self._next() for _ in range(runs)]

    async def _next(self) -> str:
        path = self.gate.subscription_path("ticks-pull")
        pulled = await self.subscriber.pull(subscription=path, max_messages=1)
        (received,) = pulled.received_messages
        await self.subscriber.acknowledge(subscription=path, ack_ids=[received.ack_id])
        assert dict(received.message.attributes) == {"job": received.message.data.decode()}
        return str(received.message.attributes["job"])


@asynccontextmanager
async def world(emulator_address: str, project_id: str) -> AsyncIterator[World]:
    holds = HoldCount()
    clock = HandClock(_START, holds)
    gate = PubsubGate(emulator_address, holds, project_id=project_id)
    await gate.start()
    await gate.create_topology(["ticks"], {"ticks-pull": Subscription(topic="ticks")})
    scheduler = Scheduler("p", "l", gate.address)
    address, shutdown = await serve_rpc(scheduler.service())
    running = asyncio.create_task(scheduler.run(clock))
    await asyncio.sleep(0)
    async with (
        grpc.aio.insecure_channel(address) as channel,
        grpc.aio.insecure_channel(gate.address) as pubsub_channel,
    ):
        yield World(
            scheduler=scheduler,
            clock=clock,
            holds=holds,
            gate=gate,
            client=CloudSchedulerAsyncClient(
                transport=CloudSchedulerGrpcAsyncIOTransport(channel=channel)
            ),
            subscriber=SubscriberAsyncClient(
                transport=SubscriberGrpcAsyncIOTransport(channel=pubsub_channel)
            ),
        )
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await shutdown()
    await scheduler.close()
    await gate.stop()


def in_world(
    emulator_address: str, project_id: str, story: Callable[[World], Awaitable[None]]
) -> None:
    """Run a story in a world with a project of its own."""

    async def inside() -> None:
        async with world(emulator_address, project_id) as made:
            await story(made)

    asyncio.run(inside())


def test_due_jobs_run_in_the_order_of_their_names(pubsub_address: str) -> None:
    async def story(world: World) -> None:
        for name in ("mark-pnl", "check-health", "ingest-signal"):
            world.add(name, "27 9 * * 1-5" if name == "ingest-signal" else "* * * * *")
        assert await world.pass_to("2026-03-02 14:27", 3) == [
            "check-health",
            "ingest-signal",
            "mark-pnl",
        ]
        assert await world.pass_to("2026-03-02 14:28", 2) == ["check-health", "mark-pnl"]
        assert world.holds.now == 0

    in_world(pubsub_address, "scheduler-order", story)


def test_a_job_made_while_the_scheduler_sleeps_is_not_missed(pubsub_address: str) -> None:
    async def story(world: World) -> None:
        world.add("monthly", "10 0 1 * *")
        await asyncio.sleep(0)
        world.add("mark-pnl", "* * * * *")
        await asyncio.sleep(0)
        assert await world.pass_to("2026-03-02 14:27", 1) == ["mark-pnl"]

    in_world(pubsub_address, "scheduler-new", story)


def test_a_paused_job_does_not_run_until_it_is_resumed(pubsub_address: str) -> None:
    async def story(world: World) -> None:
        name = world.add("mark-pnl", "* * * * *")
        world.add("other", "* * * * *")
        await world.client.pause_job(name=name)
        assert await world.pass_to("2026-03-02 14:27", 1) == ["other"]
        await world.client.resume_job(name=name)
        assert await world.pass_to("2026-03-02 14:28", 2) == ["mark-pnl", "other"]

    in_world(pubsub_address, "scheduler-pause", story)


def test_a_forced_run_happens_at_once_and_leaves_the_schedule_alone(pubsub_address: str) -> None:
    async def story(world: World) -> None:
        name = world.add("mark-pnl", "* * * * *")
        job = await world.client.run_job(name=name)
        assert job.schedule_time == _utc("2026-03-02 14:27")
        assert job.last_attempt_time == _START
        assert await world._next() == "mark-pnl"
        assert await world.pass_to("2026-03-02 14:27", 1) == ["mark-pnl"]

    in_world(pubsub_address, "scheduler-force", story)


def test_a_run_that_fails_is_shown_and_the_schedule_goes_on(pubsub_address: str) -> None:
    async def story(world: World) -> None:
        job = Job(
            name="projects/p/locations/l/jobs/lost",
            schedule="* * * * *",
            pubsub_target={"topic_name": world.gate.topic_path("unheard-of"), "data": b"{}"},
        )
        world.scheduler.put(job)
        shown = await world.client.run_job(name=job.name)
        assert shown.status.code == 5
        assert world.holds.now == 0
        with pytest.raises(RpcFault):
            world.scheduler.put(job)

    in_world(pubsub_address, "scheduler-fail", story)
