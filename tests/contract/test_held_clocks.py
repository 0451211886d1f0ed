"""The clocks of held market time against a real conductor."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.held_clock import HeldClock
from shared.adapters.held_clock_async import AsyncHeldClock, run_held
from shared.adapters.held_time import WORK, ConductorGone
from tests.contract.held_members import (
    PATIENCE_SECONDS,
    START_AT,
    Conducting,
    HandMade,
    conductor_in,
    in_thread,
)
from tests.sandbox.conductor import Conductor

Main = Callable[[AsyncHeldClock], Awaitable[None]]


def _at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@pytest.fixture
def conductor(tmp_path: Path) -> Iterator[Conductor]:
    with conductor_in(tmp_path) as one:
        yield one


def _conducted(conductor: Conductor, main: Main, *, seconds: float = 3600) -> list[float]:
    """Run a coroutine as a member in a thread; returns the jumps made for it."""
    joined = threading.Event()

    async def held(clock: AsyncHeldClock) -> None:
        joined.set()
        await main(clock)

    thread = in_thread(lambda: run_held(conductor.address, held, name="member", rank=1))
    assert joined.wait(PATIENCE_SECONDS)
    jumps = Conducting(conductor, seconds).ended()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    return jumps


def test_sleepers_of_one_loop_wake_in_the_order_of_their_instants(conductor: Conductor) -> None:
    woken: list[tuple[int, float]] = []

    async def main(clock: AsyncHeldClock) -> None:
        async def sleep(seconds: int) -> None:
            await clock.sleep_until(START_AT + _at(seconds))
            woken.append((seconds, (clock.now() - START_AT).total_seconds()))

        await asyncio.gather(*(sleep(seconds) for seconds in (30, 10, 20, 10)))

    assert _conducted(conductor, main) == [10, 20, 30, 3600]
    assert woken == [(10, 10), (10, 10), (20, 20), (30, 30)]


def test_an_instant_that_has_come_lets_others_have_their_turn(conductor: Conductor) -> None:
    order: list[str] = []

    async def main(clock: AsyncHeldClock) -> None:
        async def other() -> None:
            order.append("other")

        task = asyncio.create_task(other())
        await clock.sleep_until(START_AT)
        order.append("slept")
        await task

    assert _conducted(conductor, main) == [3600]
    assert order == ["other", "slept"]


def test_time_does_not_stop_at_a_canceled_sleepers_instant(conductor: Conductor) -> None:
    async def main(clock: AsyncHeldClock) -> None:
        sleeps = [
            asyncio.create_task(clock.sleep_until(START_AT + _at(seconds)))
            for seconds in (10, 20, 30)
        ]
        await asyncio.sleep(0)
        sleeps[0].cancel()
        sleeps[1].cancel()
        await asyncio.gather(*sleeps, return_exceptions=True)

    assert _conducted(conductor, main) == [30, 3600]


def test_a_sleep_that_is_canceled_as_it_ends_harms_nobody(conductor: Conductor) -> None:
    async def main(clock: AsyncHeldClock) -> None:
        first = asyncio.create_task(clock.sleep_until(START_AT + _at(10)))
        second = asyncio.create_task(clock.sleep_until(START_AT + _at(10)))
        first.add_done_callback(lambda _: second.cancel())
        await asyncio.gather(first, second, return_exceptions=True)
        await clock.sleep_until(START_AT + _at(20))

    assert _conducted(conductor, main) == [10, 20, 3600]


def test_an_outside_call_in_a_thread_holds_time_until_the_loop_has_its_answer(
    conductor: Conductor,
) -> None:
    stood: list[bool] = []

    async def main(clock: AsyncHeldClock) -> None:
        def slow() -> None:
            threading.Event().wait(0.03)
            stood.append(conductor.now() == START_AT)

        async def call() -> None:
            with clock.outside_call():
                await asyncio.to_thread(slow)
            stood.append(clock.now() == START_AT)

        await asyncio.gather(call(), clock.sleep_until(START_AT + _at(10)))

    assert _conducted(conductor, main) == [10, 3600]
    assert stood == [True, True]


def test_a_failed_outside_call_releases_time(conductor: Conductor) -> None:
    async def main(clock: AsyncHeldClock) -> None:
        with contextlib.suppress(OSError), clock.outside_call():
            raise OSError
        await clock.sleep_until(START_AT + _at(10))

    assert _conducted(conductor, main) == [10, 3600]


def test_holding_from_another_thread_is_refused(conductor: Conductor) -> None:
    errors: list[BaseException | None] = []

    async def main(clock: AsyncHeldClock) -> None:
        def wrong() -> None:
            threading.Event().wait(0.01)
            clock.hold()

        with clock.outside_call():
            [error] = await asyncio.gather(asyncio.to_thread(wrong), return_exceptions=True)
        errors.append(error)

    _conducted(conductor, main)
    assert isinstance(errors[0], RuntimeError)


def test_time_that_ends_is_told_to_a_sleeping_loop(tmp_path: Path) -> None:
    told: list[str] = []
    asleep = threading.Event()

    async def main(clock: AsyncHeldClock) -> None:
        asyncio.get_running_loop().call_soon(asleep.set)
        for when in ("asleep", "later"):
            try:
                await clock.sleep_until(START_AT + _at(10))
            except ConductorGone:
                told.append(when)

    with conductor_in(tmp_path) as conductor:
        thread = in_thread(lambda: run_held(conductor.address, main, name="member", rank=1))
        assert asleep.wait(PATIENCE_SECONDS)
    thread.join(PATIENCE_SECONDS)
    assert told == ["asleep", "later"]


def test_a_loop_that_ends_leaves_and_frees_time(conductor: Conductor) -> None:
    async def main(clock: AsyncHeldClock) -> None:
        clock.hold()

    assert _conducted(conductor, main) == [3600]
    assert conductor.names() == []


def test_threads_sleep_and_wake_at_their_instants(conductor: Conductor) -> None:
    clock = HeldClock(conductor.address, name="function")
    courier = HandMade(conductor, "courier")
    courier.set(WORK, 3)
    woken: list[float] = []
    lock = threading.Lock()

    def handle(seconds: float) -> None:
        clock.sleep_until(START_AT + _at(seconds))
        with lock:
            woken.append((clock.now() - START_AT).total_seconds())
            courier.set(WORK, 3 - len(woken))

    threads = [in_thread(functools.partial(handle, at)) for at in (20.0, 10.0, 10.0)]
    conducting = Conducting(conductor)
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert conducting.ended() == [10, 20, 3600]
    assert woken == [10, 10, 20]
    clock.sleep_until(START_AT)
    clock.close()
    courier.place.leave()


def test_time_that_ends_is_told_to_sleeping_threads(tmp_path: Path) -> None:
    told: list[str] = []

    def sleep(clock: HeldClock) -> None:
        try:
            clock.sleep_until(START_AT + _at(10))
        except ConductorGone:
            told.append("gone")

    with conductor_in(tmp_path) as conductor:
        clock = HeldClock(conductor.address, name="function")
        thread = in_thread(lambda: sleep(clock))
        thread.join(0.02)
        assert thread.is_alive()
    thread.join(PATIENCE_SECONDS)
    sleep(clock)
    assert told == ["gone", "gone"]
    clock.close()
