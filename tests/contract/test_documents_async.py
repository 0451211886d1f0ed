"""What only the asyncio store has: versions of a transaction's writes, tracking, contention."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from shared.adapters.firestore.clients import async_firestore_client
from shared.adapters.firestore.documents_async import AsyncFirestoreDocuments
from shared.domain.errors import AdapterError
from shared.ports.documents import AsyncDocuments, Create, Increment, Query, Snapshot, Update, Write
from tests.contract.stores import project_of
from tests.sandbox.processes import free_port


class Tracker:
    """Counts what is under way, and how often something was."""

    def __init__(self) -> None:
        self.under_way = 0
        self.entered = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        self.under_way += 1
        self.entered += 1
        try:
            yield
        finally:
            self.under_way -= 1


def test_a_transaction_gives_the_versions_it_wrote(
    async_documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], int]:
        return [Create(path="things/a", data={}), Create(path="things/b", data={})], len(found)

    async def run() -> None:
        outcome, versions = await async_documents.transact_with_versions(["things/a"], decide)
        assert outcome == 1
        read = await async_documents.get_many(["things/a", "things/b"])
        assert versions == tuple(one.version for one in read if one is not None)

    runner.run(run())


def test_transactions_that_meet_all_take_effect(
    async_documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    def add_one(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], object]:
        (counter,) = found
        assert counter is not None
        before = counter.data["n"]
        assert isinstance(before, int)
        return [Update(path="things/a", fields={"n": before + 1})], before

    async def run() -> None:
        await async_documents.commit([Create(path="things/a", data={"n": 0})])
        befores = await asyncio.gather(
            *(async_documents.transact(["things/a"], add_one) for _ in range(2))
        )
        assert sorted(map(str, befores)) == ["0", "1"]
        counter = await async_documents.get("things/a")
        assert counter is not None
        assert counter.data["n"] == 2

    runner.run(run())


def test_a_canceled_transaction_leaves_no_lock(
    async_documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    reached = asyncio.Event()

    def decide(_: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], None]:
        reached.set()
        return [Update(path="things/a", fields={"n": Increment(1)})], None

    async def run() -> None:
        await async_documents.commit([Create(path="things/a", data={"n": 0})])
        task = asyncio.create_task(async_documents.transact(["things/a"], decide))
        await reached.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(1.5):
            await async_documents.commit([Update(path="things/a", fields={"other": 1})])

    runner.run(run())


def test_every_call_is_tracked_to_its_end(firestore_address: str) -> None:
    tracker = Tracker()

    def decide(_: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], int]:
        assert tracker.under_way == 1
        return [Update(path="things/a", fields={"n": 2})], 5

    async def run() -> None:
        connection = async_firestore_client(project_of("tracked"), emulator_host=firestore_address)
        documents = AsyncFirestoreDocuments(connection, track=tracker)
        await documents.commit([Create(path="things/a", data={"n": 1})])
        await documents.get("things/a")
        await documents.find(Query(collection="things"))
        assert await documents.transact(["things/a"], decide) == 5
        await documents.close()

    asyncio.run(run())
    assert tracker.under_way == 0
    assert tracker.entered == 4


def test_a_database_that_is_away_is_an_error_worth_trying_again() -> None:
    async def run() -> None:
        address = f"127.0.0.1:{free_port()}"
        documents = AsyncFirestoreDocuments(async_firestore_client("away", emulator_host=address))
        with pytest.raises(AdapterError) as caught:
            await documents.commit([Create(path="things/a", data={})])
        assert caught.value.retryable
        assert caught.value.service == "firestore"
        await documents.close()

    asyncio.run(run())
