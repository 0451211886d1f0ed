"""The write gate under everything at once: at the moment of a write it is allowed, or it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.controls import TradingMode
from shared.domain.errors import AdapterError
from shared.domain.orders import BrokerIds, Purpose
from shared.ports.broker import (
    BrokerEvent,
    ComboOrder,
    ExerciseRequest,
    LinkBroken,
    LinkRestored,
    NotSent,
    StockOrder,
)
from tests.fakes.async_clock import calm, monotonic, run_jumping
from tests.fakes.broker import FakeBroker
from tests.guarded import Guarded, combo, ids

_MOST = 5


class Checked(FakeBroker):
    """A broker that checks every write against what holds at that moment."""

    watched: Watched

    def place(self, order: ComboOrder | StockOrder) -> None:
        is_open = isinstance(order, ComboOrder) and order.purpose is Purpose.OPEN
        assert self.watched.mode is TradingMode.NORMAL or not is_open
        self.watched.note(is_cancel=False)
        self.watched.placed.append(order.ids.broker_order_id)
        super().place(order)

    def cancel(self, ids: BrokerIds) -> None:
        self.watched.note(is_cancel=True)
        super().cancel(ids)

    def exercise(self, request: ExerciseRequest) -> None:
        self.watched.note(is_cancel=False)
        super().exercise(request)


class Watched(Guarded):
    """A gate, and what a test did to it."""

    def __init__(self) -> None:
        super().__init__(most=_MOST, broker_type=Checked)
        assert isinstance(self.broker, Checked)
        self.broker.watched = self
        self.is_held = self.is_broken = self.is_read = False
        self.written_at: list[float] = []
        self.asked: set[int] = set()
        self.placed: list[int] = []

    def note(self, *, is_cancel: bool) -> None:
        """Check what every write needs."""
        assert self.lease
        assert not self.is_held
        assert not self.is_broken
        assert is_cancel or (self.is_read and self.mode is not TradingMode.FROZEN)
        self.written_at.append(monotonic())

    async def tell(self, event: BrokerEvent) -> None:
        self.broker.tell(event)
        await asyncio.sleep(0)

    async def turn(self, number: int) -> None:
        self.mode = list(TradingMode)[number % len(TradingMode)]

    async def lose_or_win_lease(self, number: int) -> None:
        self.lease = number % 3 > 0

    async def lose_link(self, _: int) -> None:
        await self.tell(LinkBroken(code=1100, reason="lost"))
        self.is_broken, self.is_read = True, False

    async def restore_link(self, _: int) -> None:
        await self.tell(LinkRestored(code=1102, are_subscriptions_lost=False))
        self.is_broken = self.is_read = False

    async def reconcile(self, _: int) -> None:
        self.gate.reconciled(self.gate.losses)
        self.is_read = True

    async def reconnect(self, _: int) -> None:
        self.broker.drop()
        await asyncio.sleep(0)
        await self.gate.connect()
        self.is_read = self.is_broken = False

    async def hold(self, _: int) -> None:
        self.gate.hold("why")
        self.is_held = True

    async def release(self, _: int) -> None:
        self.is_held = False
        self.gate.release()

    async def wait(self, number: int) -> None:
        await asyncio.sleep(number / 10)

    async def open_one(self, number: int) -> None:
        with suppress(AdapterError):
            self.gate.place(combo(number))
            self.asked.add(number)

    async def close_one(self, number: int) -> None:
        with suppress(AdapterError):
            self.gate.place(combo(100 + number, purpose=Purpose.CLOSE))
            self.asked.add(100 + number)

    async def cancel_one(self, number: int) -> None:
        with suppress(AdapterError):
            self.gate.cancel(ids(number))

    async def write_other(self, number: int) -> None:
        with suppress(AdapterError):
            self.writes()[["shares", "exercise"][number % 2]]()


ACTIONS = (
    *[Watched.open_one] * 4,
    Watched.close_one,
    Watched.cancel_one,
    Watched.write_other,
    Watched.turn,
    Watched.lose_or_win_lease,
    Watched.lose_link,
    Watched.restore_link,
    *[Watched.reconcile] * 3,
    Watched.reconnect,
    Watched.hold,
    *[Watched.release] * 2,
    *[Watched.wait] * 2,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(1, 12)), max_size=60))
def test_no_write_ever_reaches_the_broker_that_is_forbidden_at_that_moment(
    actions: list[tuple[Callable[[Watched, int], Awaitable[None]], int]],
) -> None:
    async def story() -> None:
        watched = Watched()
        await watched.open()
        watched.is_read = True
        for act, number in actions:
            await act(watched, number)
        await watched.release(0)
        await asyncio.sleep(60)
        await calm()
        at = watched.written_at
        assert all(sum(start <= one < start + 1 for one in at) <= _MOST for start in at)
        told = {event.broker_order_id for event in watched.events if isinstance(event, NotSent)}
        # What `place` took was sent, or told as not sent: nothing is lost without a word.
        assert watched.asked <= set(watched.placed) | told

    run_jumping(story())
