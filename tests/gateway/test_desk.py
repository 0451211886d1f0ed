"""The desk: memory first, the database behind it, and the same books after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from gateway.desk import SessionDesk
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.fills import AsyncFirestoreFills
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.adapters.firestore.positions import AsyncFirestorePositions
from shared.domain.errors import AdapterError, Conflict
from shared.domain.fills import ExecId
from shared.domain.followers import LoginId
from shared.domain.orders import Order, OrderState, moved
from shared.domain.positions import PositionId
from shared.ports.documents import AsyncDocuments, Create, Update, Write
from shared.use_cases.record_execution import record_execution
from tests.builders import SESSION_DATE
from tests.desks import RELEASE_AT, a_claimed_order, executions_of
from tests.fakes.async_clock import AsyncManualClock, calm, run_jumping
from tests.fakes.documents import AsyncInMemoryDocuments

ANNA = a_claimed_order(OrderState.WORKING)
BERT = a_claimed_order(OrderState.WORKING, follower="bert", number=10_002)
LOGIN = LoginId("login-1")


class Watched(AsyncInMemoryDocuments):
    """Documents that keep what was written in order, and fail as often as told."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[list[str]] = []
        self.failures = 0

    async def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        if self.failures:
            self.failures -= 1
            raise AdapterError("firestore", "unavailable", retryable=True)
        versions = await super().commit(writes)
        self.written.append([write.path.split("/")[0] for write in writes])
        return versions


async def opened(documents: AsyncDocuments, clock: AsyncManualClock, *orders: Order) -> SessionDesk:
    """A desk that has adopted what the database holds."""
    if orders:
        await documents.commit(
            [Create(path=f"orders/{one.order_id}", data=encode(one)) for one in orders]
        )
    desk = SessionDesk(
        clock=clock,
        orders=FirestoreLeaderOrders(documents),
        fills=AsyncFirestoreFills(documents),
        positions=AsyncFirestorePositions(documents),
    )
    desk.adopt(await FirestoreLeaderOrders(documents).of_session(SESSION_DATE, [LOGIN]))
    desk.adopt_fills(await AsyncFirestoreFills(documents).of_session(SESSION_DATE))
    return desk


def fill(desk: SessionDesk, order: Order, quantity: int = 5, number: int = 1) -> None:
    for execution in executions_of(order, quantity, number=number):
        record_execution(execution, Decimal("0.65"), desk=desk)


def test_fills_are_durable_before_positions_and_positions_before_orders() -> None:
    async def story() -> None:
        documents = Watched()
        desk = await opened(documents, AsyncManualClock(RELEASE_AT), ANNA)
        documents.written.clear()
        fill(desk, ANNA)
        assert documents.written == []
        await desk.flush()
        assert documents.written == [["fills"] * 3, ["positions"], ["orders"]]
        await desk.flush()
        assert len(documents.written) == 3

    asyncio.run(story())


def test_after_a_restart_the_books_are_the_same(
    documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    async def story() -> None:
        clock = AsyncManualClock(RELEASE_AT)
        desk = await opened(documents, clock, ANNA, BERT)
        fill(desk, ANNA, 2)
        fill(desk, ANNA, 3, number=2)
        fill(desk, BERT, 4)
        await desk.flush()
        again = await opened(documents, clock)
        assert again.orders() == desk.orders()
        assert again.positions() == desk.positions()
        for order in (ANNA, BERT):
            assert again.fills_of(order.order_id) == desk.fills_of(order.order_id)
            assert order.broker is not None
            assert again.order_by_ref(order.broker.order_ref) == again.order(order.order_id)
            number = order.broker.broker_order_id
            assert again.order_at_broker(LOGIN, number) == again.order(order.order_id)
        kept = await AsyncFirestorePositions(documents).of_session(SESSION_DATE)
        assert kept == desk.positions()

    runner.run(story())


def test_executions_told_again_after_a_restart_write_nothing() -> None:
    async def story() -> None:
        documents = Watched()
        clock = AsyncManualClock(RELEASE_AT)
        desk = await opened(documents, clock, ANNA)
        fill(desk, ANNA)
        await desk.flush()
        again = await opened(documents, clock)
        documents.written.clear()
        fill(again, ANNA)
        await again.flush()
        assert documents.written == []

    asyncio.run(story())


def test_what_the_database_refused_for_a_while_is_written_later() -> None:
    async def story() -> None:
        documents = Watched()
        desk = await opened(documents, AsyncManualClock(RELEASE_AT), ANNA)
        documents.failures = 3
        writing = asyncio.create_task(desk.write_behind())
        fill(desk, ANNA)
        await desk.durable()
        stored = await FirestoreLeaderOrders(documents).of_session(SESSION_DATE, [LOGIN])
        assert [one.value for one in stored] == [desk.order(ANNA.order_id)]
        assert len(await AsyncFirestoreFills(documents).of_session(SESSION_DATE)) == 3
        writing.cancel()

    run_jumping(story())


def test_an_order_that_somebody_else_wrote_ends_the_writing() -> None:
    async def story() -> None:
        documents = AsyncInMemoryDocuments()
        desk = await opened(documents, AsyncManualClock(RELEASE_AT), ANNA)
        path = f"orders/{ANNA.order_id}"
        await documents.commit([Update(path=path, fields={"fencing_token": 2})])
        desk.put(replace(ANNA, detail="ours"))
        with pytest.raises(Conflict):
            await desk.write_behind()

    asyncio.run(story())


class Slow(AsyncInMemoryDocuments):
    """Documents whose commits take several turns of the event loop."""

    async def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        await calm(5)
        return await super().commit(writes)


def test_two_flushes_at_once_write_every_version_in_turn() -> None:
    async def story() -> None:
        documents = Slow()
        desk = await opened(documents, AsyncManualClock(RELEASE_AT), ANNA)
        desk.put(replace(ANNA, detail="one"))
        first = asyncio.create_task(desk.flush())
        await calm(2)
        desk.put(replace(ANNA, detail="two"))
        await asyncio.gather(first, desk.flush())
        (stored,) = await FirestoreLeaderOrders(documents).of_session(SESSION_DATE, [LOGIN])
        assert stored == desk.stored(desk.order(ANNA.order_id))
        assert stored.value.detail == "two"

    asyncio.run(story())


def test_a_change_wakes_who_waits_for_it_and_nobody_else() -> None:
    async def story() -> None:
        clock = AsyncManualClock(RELEASE_AT)
        desk = await opened(AsyncInMemoryDocuments(), clock, ANNA, BERT)
        until = RELEASE_AT + timedelta(seconds=5)
        anna = asyncio.create_task(desk.changed(ANNA.order_id, until))
        bert = asyncio.create_task(desk.changed(BERT.order_id, until))
        await calm()
        desk.put(ANNA)
        await calm()
        assert not anna.done()
        desk.put(replace(ANNA, detail="new"))
        await calm()
        assert anna.done()
        assert not bert.done()
        await clock.advance(5)
        assert (await anna, await bert) == (True, False)

    asyncio.run(story())


def test_news_of_the_database_is_taken_in_and_what_we_know_better_is_not() -> None:
    async def story() -> None:
        documents = AsyncInMemoryDocuments()
        planned = replace(a_claimed_order(OrderState.PLANNED), broker=None)
        desk = await opened(documents, AsyncManualClock(RELEASE_AT), planned, BERT)
        orders = FirestoreLeaderOrders(documents)
        claimed = a_claimed_order(OrderState.CLAIMED)
        stored, bert = await orders.of_session(SESSION_DATE, [LOGIN])
        saved = await orders.save(replace(stored, value=claimed))
        desk.put(moved(BERT, OrderState.CANCELED))
        assert desk.adopt_news([saved, bert]) == (claimed,)
        assert desk.order(BERT.order_id).state is OrderState.CANCELED
        released = await orders.save(replace(saved, value=moved(saved.value, OrderState.RELEASING)))
        assert desk.adopt_news([released]) == (released.value,)
        assert desk.adopt_news([saved, released]) == ()
        assert desk.stored(desk.order(claimed.order_id)) == released

    asyncio.run(story())


def test_what_is_not_there_is_none() -> None:
    async def story() -> None:
        desk = await opened(AsyncInMemoryDocuments(), AsyncManualClock(RELEASE_AT))
        assert desk.order_by_ref("SP-NONE") is None
        assert desk.order_at_broker(LOGIN, 1) is None
        assert desk.fill(ExecId("none")) is None
        assert desk.position(PositionId("none")) is None
        assert not desk.knows(ANNA.order_id)

    asyncio.run(story())
