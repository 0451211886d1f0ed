"""Members of held market time that tests move cell by cell."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from shared.adapters.held_time import (
    ACTIVITY,
    ANSWERED,
    NEVER,
    NEXT_AT,
    Membership,
    join,
    to_micros_utc,
)
from tests.sandbox.conductor import Conductor, Stalled, Stopped

START_AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
PATIENCE_SECONDS = 10.0


class HandMade:
    """A member whose row the test writes itself."""

    def __init__(self, conductor: Conductor, name: str, *, rank: int = 5) -> None:
        self.place: Membership = join(conductor.address, name=name, rank=rank, at_work=False)
        self.place.connection.settimeout(PATIENCE_SECONDS)

    def set(self, field: int, value: int) -> None:
        """Write a cell of its row."""
        self.place.table.put(self.place.row, field, value)

    def wake_in(self, seconds: float | None) -> None:
        """Ask to be woken so long after the start; None: never."""
        at = NEVER if seconds is None else to_micros_utc(START_AT + timedelta(seconds=seconds))
        self.set(NEXT_AT, at)

    def hear(self) -> bytes:
        """Wait for a wake-up; empty when the conductor has hung up."""
        return self.place.connection.recv(1)

    def answer(self) -> None:
        """Say that the wake-up is taken up."""
        table, row = self.place.table, self.place.row
        table.add(row, ACTIVITY, 1)
        table.put(row, NEXT_AT, NEVER)
        table.add(row, ANSWERED, 1)
        table.add(row, ACTIVITY, 1)


class Hire(Protocol):
    """Makes a member of the conductor."""

    def __call__(self, name: str = "member", *, rank: int = 5) -> HandMade:
        """Make one."""


@contextlib.contextmanager
def conductor_in(folder: Path, *, stall_seconds: float = PATIENCE_SECONDS) -> Iterator[Conductor]:
    """A conductor that starts at START_AT."""
    conductor = Conductor(folder, start_at=START_AT, stall_seconds=stall_seconds)
    try:
        yield conductor
    finally:
        conductor.close()


@contextlib.contextmanager
def hiring(conductor: Conductor) -> Iterator[Hire]:
    """Makes members; they leave at the end."""
    with contextlib.ExitStack() as stack:

        def hire(name: str = "member", *, rank: int = 5) -> HandMade:
            member = HandMade(conductor, name, rank=rank)
            stack.callback(member.place.leave)
            return member

        yield hire


class Conducting:
    """A conductor at work in a thread of its own, for an hour of market time at most."""

    def __init__(self, conductor: Conductor, seconds: float = 3600.0) -> None:
        self.jumps: list[float] = []
        self.error: Stalled | Stopped | None = None
        self._conductor = conductor
        self._end_at = START_AT + timedelta(seconds=seconds)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def ended(self) -> list[float]:
        """Wait for the end; returns the jumps, in seconds after the start."""
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive(), self._conductor.describe()
        if self.error is not None:
            raise self.error
        return self.jumps

    def stands_at(self, seconds: float) -> bool:
        """Give time many chances to move wrongly, and tell whether it stood still."""
        self._thread.join(0.03)
        return self._conductor.now() == START_AT + timedelta(seconds=seconds)

    def _run(self) -> None:
        try:
            self._conductor.run_until(self._end_at, on_jump=self._note)
        except (Stalled, Stopped) as error:
            self.error = error

    def _note(self, now: datetime) -> None:
        self.jumps.append((now - START_AT).total_seconds())


def in_thread(work: Callable[[], None]) -> threading.Thread:
    """Start work in a thread."""
    thread = threading.Thread(target=work)
    thread.start()
    return thread
