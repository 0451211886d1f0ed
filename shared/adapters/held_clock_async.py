"""Held market time for asyncio processes: the gateway and the simulator in the sandbox."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import selectors
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TypeVar

from shared.adapters.held_time import (
    ACTIVITY,
    ANSWERED,
    NEVER,
    NEXT_AT,
    RECEIVED,
    SENT,
    WORK,
    ConductorGone,
    Membership,
    from_micros_utc,
    join,
    to_micros_utc,
)


class _WatchfulSelector(selectors.DefaultSelector):
    """A selector that tells when its event loop has nothing left to do."""

    def __init__(self, on_idle: Callable[[], None], on_busy: Callable[[], None]) -> None:
        super().__init__()
        self._on_idle = on_idle
        self._on_busy = on_busy

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        self._on_idle()
        try:
            return super().select(timeout)
        finally:
            self._on_busy()


class AsyncHeldClock:
    """`AsyncClock` whose time a conductor holds; made by `run_held`, for its event loop alone."""

    def __init__(self, place: Membership, address: str) -> None:
        self.address = address
        self._place = place
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._sequence = itertools.count()
        self._traffic: Callable[[], tuple[int, int]] | None = None
        self._is_over = False

    def now(self) -> datetime:
        """Tell the held market time."""
        return from_micros_utc(self._place.table.now_micros)

    async def sleep_until(self, at: datetime) -> None:
        """Wait until the conductor has moved market time to `at`.

        Raises:
            ConductorGone: If that will never happen.
        """
        micros = to_micros_utc(at)
        if micros <= self._place.table.now_micros:
            await asyncio.sleep(0)
            return
        if self._is_over:
            raise ConductorGone
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (micros, next(self._sequence), woken))
        await woken

    def outside_call(self) -> AbstractContextManager[None]:
        """Hold time while an outside call is in flight."""
        return self._holding()

    def hold(self) -> None:
        """Count one more piece of work in our care."""
        self._add(WORK, 1)

    def release(self) -> None:
        """Count one piece of work less."""
        self._add(WORK, -1)

    def count_traffic(self, traffic: Callable[[], tuple[int, int]]) -> None:
        """Count the bytes (sent, received) of our live connections to another held process."""
        self._traffic = traffic

    def attach(self) -> None:
        """Listen for the conductor's bell; needs the running loop."""
        self._place.connection.setblocking(False)
        asyncio.get_running_loop().add_reader(self._place.connection, self._on_bell)

    def became_idle(self) -> None:
        """Publish the row, then that the loop is idle: in this order."""
        row, table = self._place.row, self._place.table
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        table.put(row, NEXT_AT, self._sleepers[0][0] if self._sleepers else NEVER)
        if self._traffic is not None:
            sent, received = self._traffic()
            table.put(row, SENT, sent)
            table.put(row, RECEIVED, received)
        table.add(row, ACTIVITY, 1)

    def became_busy(self) -> None:
        """Publish that the loop is at work, before it changes anything."""
        self._place.table.add(self._place.row, ACTIVITY, 1)

    @contextmanager
    def _holding(self) -> Iterator[None]:
        self.hold()
        try:
            yield
        finally:
            self.release()

    def _on_bell(self) -> None:
        bells = self._place.connection.recv(64)
        if not bells:
            asyncio.get_running_loop().remove_reader(self._place.connection)
            self._end()
            return
        now = self._place.table.now_micros
        while self._sleepers and self._sleepers[0][0] <= now:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)
        self._add(ANSWERED, len(bells))

    def _end(self) -> None:
        self._is_over = True
        for _, _, woken in self._sleepers:
            if not woken.done():
                woken.set_exception(ConductorGone())

    def _add(self, field: int, change: int) -> None:
        row, table = self._place.row, self._place.table
        if table.get(row, ACTIVITY) % 2 == 0:
            raise RuntimeError("held market time is for the event loop's own thread")
        table.add(row, field, change)


T = TypeVar("T")


def run_held(
    address: str,
    main: Callable[[AsyncHeldClock], Coroutine[object, object, T]],
    *,
    name: str,
    rank: int,
) -> T:
    """Run a coroutine under held market time until it ends.

    Args:
        address: Path of the conductor's Unix socket.
        main: What to run; it is given the clock.
        name: Process name for people.
        rank: At one instant lower ranks are woken first.
    """
    place = join(address, name=name, rank=rank, at_work=True)
    clock = AsyncHeldClock(place, address)

    def new_loop() -> asyncio.AbstractEventLoop:
        selector = _WatchfulSelector(clock.became_idle, clock.became_busy)
        loop = asyncio.SelectorEventLoop(selector)
        # As asyncio.run does: libraries ask the policy for the loop, even while one is running.
        asyncio.set_event_loop(loop)
        return loop

    async def attached() -> T:
        clock.attach()
        return await main(clock)

    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(attached())
    finally:
        place.leave()
