"""Projections: boards at most once a second, quotes at every mark slot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from gateway.custody.carried_results import CarriedResults
from gateway.projections import make_boards, project_boards, publish_quotes
from shared.domain.boards import Board
from shared.domain.errors import AdapterError
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.quotes import Quote
from shared.domain.sessions import Session, SessionDate
from shared.use_cases.record_execution import record_execution
from tests.builders import SESSION_DATE, a_quote, by_contract
from tests.contract.venues import CLOSE_AT, OPEN_AT
from tests.desks import RELEASE_AT, a_claimed_order, a_desk, executions_of
from tests.fakes.async_clock import AsyncManualClock, calm

SESSION = Session(session_date=SessionDate(SESSION_DATE), open_at=OPEN_AT, close_at=CLOSE_AT)
ANNA = a_claimed_order(OrderState.WORKING)


class Pages:
    """Keeps what was written and when; fails as often as told."""

    def __init__(self, clock: AsyncManualClock, failures: int = 0) -> None:
        self.clock = clock
        self.failures = failures
        self.boards: list[tuple[datetime, tuple[Board, ...]]] = []
        self.quotes: list[tuple[datetime, tuple[Quote, ...]]] = []

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise AdapterError("firestore", "unavailable", retryable=True)


class BoardPages(Pages):
    async def write(self, boards: Sequence[Board]) -> None:
        self._fail()
        self.boards.append((self.clock.now(), tuple(boards)))


class QuotePages(Pages):
    async def write(self, quotes: Sequence[Quote]) -> None:
        self._fail()
        self.quotes.append((self.clock.now(), tuple(quotes)))


def many(count: int) -> list[Order]:
    return [a_claimed_order(follower=f"f{n:04}", number=n + 1) for n in range(count)]


def test_a_board_shows_order_and_position_of_each_follower() -> None:
    clock = AsyncManualClock(RELEASE_AT)
    closing = replace(ANNA, order_id=OrderId("x~close~1"), purpose=Purpose.CLOSE, broker=None)
    desk = a_desk(clock, ANNA, closing)
    for execution in executions_of(ANNA, 2):
        record_execution(execution, Decimal("0.65"), desk=desk)
    (board,) = make_boards(desk, CarriedResults(), SESSION_DATE, 0, clock.now())
    line = board.lines["anna"]
    assert list(board.lines) == ["anna"]
    assert (line.order_state, line.filled_quantity, line.open_quantity) == (
        OrderState.WORKING,
        2,
        2,
    )
    assert line.fees == Decimal("1.30")


def test_five_hundred_followers_fill_a_board_and_no_more() -> None:
    desk = a_desk(AsyncManualClock(RELEASE_AT), *many(1001))
    boards = make_boards(desk, CarriedResults(), SESSION_DATE, 3, RELEASE_AT)
    assert [(b.shard, b.part, len(b.lines)) for b in boards] == [
        (3, 0, 500),
        (3, 1, 500),
        (3, 2, 1),
    ]
    assert list(boards[2].lines) == ["f1000"]


def test_boards_are_written_at_the_next_whole_second_and_once_for_many_changes() -> None:
    async def story() -> None:
        clock = AsyncManualClock(RELEASE_AT + timedelta(milliseconds=300))
        desk, pages = a_desk(clock, ANNA), BoardPages(clock)
        task = asyncio.create_task(
            project_boards(desk, CarriedResults(), pages, clock, session_date=SESSION_DATE, shard=0)
        )
        await clock.advance(10)
        assert [at for at, _ in pages.boards] == [RELEASE_AT + timedelta(seconds=1)]
        for words in ("one", "two", "three"):
            desk.put(replace(ANNA, detail=words, quantity=6))
            await clock.advance(0.1)
        await clock.advance(10)
        assert len(pages.boards) == 2
        assert pages.boards[1][1][0].lines["anna"].quantity == 6
        task.cancel()

    asyncio.run(story())


def test_a_board_that_could_not_be_written_is_written_a_second_later() -> None:
    async def story() -> None:
        clock = AsyncManualClock(RELEASE_AT)
        desk, pages = a_desk(clock, ANNA), BoardPages(clock, failures=2)
        task = asyncio.create_task(
            project_boards(desk, CarriedResults(), pages, clock, session_date=SESSION_DATE, shard=0)
        )
        await clock.advance(10)
        assert [at for at, _ in pages.boards] == [RELEASE_AT + timedelta(seconds=3)]
        task.cancel()

    asyncio.run(story())


def published(start_at: datetime, *, failures: int = 0) -> list[datetime]:
    """When quotes were written by a leader who started then."""

    async def story() -> list[datetime]:
        clock = AsyncManualClock(start_at)
        pages = QuotePages(clock, failures=failures)
        quotes = by_contract(a_quote())
        task = asyncio.create_task(publish_quotes(lambda: quotes, pages, clock, SESSION))
        await clock.run_to(CLOSE_AT + timedelta(hours=1))
        await calm()
        assert task.done()
        return [at for at, _ in pages.quotes]

    return asyncio.run(story())


def test_quotes_are_written_at_every_slot_from_open_to_close() -> None:
    slots = published(OPEN_AT - timedelta(hours=1))
    assert (slots[0], slots[-1], len(slots)) == (OPEN_AT, CLOSE_AT, 421)
    assert all(at.second in (0, 30) for at in slots)


def test_who_starts_late_does_not_write_the_slots_gone_by() -> None:
    slots = published(OPEN_AT + timedelta(minutes=60, seconds=10))
    assert slots[0] == OPEN_AT + timedelta(minutes=60, seconds=30)
    assert len(slots) == 300


def test_quotes_that_could_not_be_written_are_written_at_the_next_slot() -> None:
    assert published(OPEN_AT, failures=2)[0] == OPEN_AT + timedelta(seconds=60)


def test_without_quotes_nothing_is_written() -> None:
    async def story() -> None:
        clock = AsyncManualClock(OPEN_AT)
        pages = QuotePages(clock)
        task = asyncio.create_task(publish_quotes(dict, pages, clock, SESSION))
        await clock.advance(120)
        assert pages.quotes == []
        task.cancel()

    asyncio.run(story())
