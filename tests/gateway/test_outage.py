"""While the database is away: who is paged, when, and with what."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal

from gateway.outage import OutagePager
from shared.domain.alert_routing import AlertRecipients
from shared.domain.errors import AdapterError
from shared.domain.orders import OrderState
from shared.domain.outage_text import outage_text
from shared.domain.positions import Position
from shared.ports.chat import ChatMessage
from shared.use_cases.record_execution import record_execution
from tests.desks import RELEASE_AT, a_claimed_order, a_desk, executions_of
from tests.fakes.async_clock import AsyncManualClock, run_jumping


class Chats:
    """Chats that keep what arrives, and may refuse."""

    def __init__(self) -> None:
        self.got: list[tuple[int, str]] = []
        self.fails_to_prepare = 0
        self.is_prepared = False
        self.refuses: set[int] = set()

    async def prepare(self) -> None:
        if self.fails_to_prepare:
            self.fails_to_prepare -= 1
            raise AdapterError("secret manager", "unavailable", retryable=True)
        self.is_prepared = True

    async def send(self, message: ChatMessage) -> None:
        assert self.is_prepared
        if message.chat_id in self.refuses:
            raise AdapterError("telegram", "403: blocked", retryable=False)
        self.got.append((message.chat_id, message.text))


class Outage:
    """A database that a test takes away, and its pager."""

    def __init__(self) -> None:
        self.is_up = True
        self.chats = Chats()
        self.clock = AsyncManualClock(RELEASE_AT)
        self.pager = OutagePager(
            is_reachable=lambda: self.is_up,
            recipients=self,
            messenger=self.chats,
            now=self.clock.now,
            page=lambda since: f"away since {since:%H:%M:%S}",
            recovery=lambda: "back",
        )

    async def alert_recipients(self) -> AlertRecipients:
        if not self.is_up:
            raise AdapterError("firestore", "unavailable", retryable=True)
        return AlertRecipients(telegram_chat_ids=("-1001", "42"))

    @property
    def told(self) -> list[tuple[int, str]]:
        return self.chats.got


async def watched(outage: Outage, seconds: float) -> None:
    task = asyncio.create_task(outage.pager.watch())
    await asyncio.sleep(seconds)
    task.cancel()


def test_a_database_that_answers_pages_nobody() -> None:
    outage = Outage()
    run_jumping(watched(outage, 100))
    assert outage.told == []


def test_an_outage_is_paged_to_everybody_after_ten_seconds_and_its_end_too() -> None:
    outage = Outage()

    async def story() -> None:
        task = asyncio.create_task(outage.pager.watch())
        await asyncio.sleep(5)
        outage.is_up = False
        await asyncio.sleep(9)
        assert outage.told == []
        await asyncio.sleep(4)
        assert outage.told == [
            (-1001, "away since 14:30:02"),
            (42, "away since 14:30:02"),
        ]
        await asyncio.sleep(800)
        assert len(outage.told) == 2
        await asyncio.sleep(200)
        assert len(outage.told) == 4, "it is repeated while it lasts"
        outage.is_up = True
        await asyncio.sleep(3)
        assert [text for _, text in outage.told[4:]] == ["back", "back"]
        task.cancel()

    run_jumping(story())


def test_a_chat_that_refuses_keeps_the_page_from_no_other() -> None:
    outage = Outage()
    outage.chats.refuses = {-1001}

    async def story() -> None:
        task = asyncio.create_task(outage.pager.watch())
        await asyncio.sleep(5)
        outage.is_up = False
        await asyncio.sleep(15)
        assert [chat for chat, _ in outage.told] == [42]
        task.cancel()

    run_jumping(story())


def test_a_token_that_cannot_be_read_at_first_is_read_later() -> None:
    outage = Outage()
    outage.chats.fails_to_prepare = 1

    async def story() -> None:
        task = asyncio.create_task(outage.pager.watch())
        await asyncio.sleep(40)
        outage.is_up = False
        await asyncio.sleep(15)
        assert len(outage.told) == 2
        task.cancel()

    run_jumping(story())


def held_positions() -> tuple[list[Position], list[object]]:
    clock = AsyncManualClock(RELEASE_AT)
    order = a_claimed_order(OrderState.WORKING)
    desk = a_desk(clock, order)
    for execution in executions_of(order, 3):
        record_execution(execution, None, desk=desk)
    return list(desk.positions()), list(desk.orders())


def page(spot: str | None, since: datetime = RELEASE_AT) -> str:
    positions, _ = held_positions()
    return outage_text(
        positions,
        [a_claimed_order(OrderState.WORKING)],
        since=since,
        now=RELEASE_AT,
        spots={"QQQ": None if spot is None else Decimal(spot)},
        near_money_ratio=Decimal("0.005"),
    )


def test_the_page_names_positions_in_danger_and_orders_that_may_be_live() -> None:
    text = page("589.00")
    assert "since 09:30 New York" in text
    assert "Open positions: 1. Orders that may be live: 1." in text
    assert "close by hand: anna, account" in text
    assert "3 x QQQ-2026-11-27-P-585-590" in text
    assert "look at opening of anna (SP-" in text


def test_a_position_far_from_the_money_needs_no_hand_unless_nobody_knows_the_price() -> None:
    assert "close by hand" not in page("620.00")
    assert "close by hand" in page(None)
