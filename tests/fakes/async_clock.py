"""`AsyncClock` that a test moves by hand, and machine time that jumps instead of passing."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")

_CALM_TURNS = 25
"""Turns of the event loop after which whoever could run has run."""


class AsyncManualClock:
    """Market time that stands until the test moves it, waking sleepers one instant at a time."""

    def __init__(self, now: datetime, *, turns: int = _CALM_TURNS) -> None:
        self._now = now
        self._turns = turns
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, at: datetime) -> None:
        if at <= self._now:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((at, woken))
        await woken

    def outside_call(self) -> AbstractContextManager[None]:
        return nullcontext()

    @property
    def next_wake(self) -> datetime | None:
        """When the first sleeper wants to wake; None where nobody sleeps."""
        self._sleepers = [one for one in self._sleepers if not one[1].done()]
        return min((at for at, _ in self._sleepers), default=None)

    def move_to(self, at: datetime) -> None:
        """Move at once and wake who is due, in the order of their wake-ups."""
        self._now = max(self._now, at)
        due = sorted((one for one in self._sleepers if one[0] <= at), key=lambda one: one[0])
        self._sleepers = [one for one in self._sleepers if one[0] > at]
        for _, woken in due:
            if not woken.done():
                woken.set_result(None)

    async def run_to(self, at: datetime) -> None:
        """Let time pass up to an instant, stopping wherever somebody wants to wake."""
        await calm(self._turns)
        while (wake := self.next_wake) is not None and wake < at:
            self.move_to(wake)
            await calm(self._turns)
        self.move_to(at)
        await calm(self._turns)

    async def advance(self, seconds: float) -> None:
        await self.run_to(self._now + timedelta(seconds=seconds))


async def calm(turns: int = _CALM_TURNS) -> None:
    """Let every task that can run do so; enough where nothing waits for a socket."""
    for _ in range(turns):
        await asyncio.sleep(0)


class _NoWaitSelector(selectors.SelectSelector):
    """Never waits for time: it tells the loop's clock to jump to the next timer instead."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            self.jumped += timeout
            timeout = 0
        return super().select(timeout)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop on which an hour's `asyncio.sleep` takes no time; for code without sockets."""

    def __init__(self) -> None:
        self._no_wait = _NoWaitSelector()
        super().__init__(self._no_wait)

    def jump(self, seconds: float) -> None:
        self._no_wait.jumped += seconds

    def time(self) -> float:
        """Machine time as this loop has it; give it to code as its monotonic clock."""
        return self._no_wait.jumped


def pause_machine(seconds: float) -> None:
    """Let machine time run on while nothing of ours does, as between SIGSTOP and SIGCONT."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpingLoop)
    loop.jump(seconds)


def monotonic() -> float:
    """The running loop's time: the monotonic clock of code under test on a `JumpingLoop`."""
    return asyncio.get_running_loop().time()


def run_jumping(main: Coroutine[object, object, T]) -> T:
    """Run a coroutine on a loop whose time jumps; a wait without any timer still blocks."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)
