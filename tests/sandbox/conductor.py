"""The conductor: owner of held market time.

It lets time move only when nobody works (see `shared.adapters.held_time`), to the earliest
wake-up anybody has asked for, and wakes one process at a time, in rank order.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from shared.adapters.held_time import FILE_BYTES, SharedTable, from_micros_utc, to_micros_utc
from tests.sandbox.conductor_door import Door
from tests.sandbox.quiet import Rows, describe, earliest, is_quiet, read_rows, steady_rows

# Most jumps are over within a millisecond; whoever works longer is looked at less often.
_FIRST_LOOK_SECONDS, _LONGEST_LOOK_SECONDS = 0.00005, 0.002
_MINUTE_MICROS = 60_000_000


class Stalled(Exception):
    """Somebody has been at work for too long; says who."""


class Left(Exception):
    """A process that time was to stand still for has left; says which."""


class Stopped(Exception):
    """Whoever conducts was told to stop."""


class Conductor:
    """Holds market time for every process that joins its socket.

    Args:
        folder: Where the socket and the shared memory file go.
        start_at: First market time (aware UTC).
        stall_seconds: Machine seconds without quiet after which the day is called stalled.
        seconds_per_minute: Least machine seconds per market minute, for people watching.
    """

    def __init__(
        self,
        folder: Path,
        *,
        start_at: datetime,
        stall_seconds: float = 120.0,
        seconds_per_minute: float = 0.0,
    ) -> None:
        self.jumps = 0
        self._guarded: set[str] = set()
        file = folder / "market-time.bin"
        file.write_bytes(bytes(FILE_BYTES))
        self._table = SharedTable(file)
        self._table.set_now_micros(to_micros_utc(start_at))
        self._stall_seconds = stall_seconds
        self._pace = seconds_per_minute
        self._stopped = threading.Event()
        self._door = Door(folder, file, self._table)

    @property
    def address(self) -> str:
        """Path of the socket to join at."""
        return self._door.address

    def now(self) -> datetime:
        """Tell market time, aware UTC."""
        return from_micros_utc(self._table.now_micros)

    def guard(self, name: str) -> None:
        """Let time stand still as soon as this process has left, until `unguard`."""
        self._guarded.add(name)

    def unguard(self, name: str) -> None:
        """Let time run on without this process."""
        self._guarded.discard(name)

    def names(self) -> list[str]:
        """Name the processes that have joined."""
        return sorted(member.name for member in self._door.members())

    def run_until(self, end_at: datetime, *, on_jump: Callable[[datetime], None]) -> None:
        """Conduct until market time reaches `end_at` and all is quiet there.

        Args:
            end_at: Last market time (aware UTC).
            on_jump: Told every new market time.

        Raises:
            Left: If a guarded process has left; market time stands where it left.
            Stalled: If somebody works on for longer than `stall_seconds`.
            Stopped: After `stop`.
        """
        end = to_micros_utc(end_at)
        while True:
            member, next_at = earliest(self._quiet_rows())
            if member is None or next_at > end:
                self._table.set_now_micros(end)
                on_jump(end_at)
                return
            if next_at > self._table.now_micros:
                self._wait_for_pace(next_at)
                self._table.set_now_micros(next_at)
                self.jumps += 1
                on_jump(from_micros_utc(next_at))
            self._door.wake(member)

    def wait_for_quiet(self) -> None:
        """Block until nobody works and nothing is in flight.

        Raises:
            Left: If a guarded process has left.
            Stalled: If that does not happen within `stall_seconds`.
            Stopped: After `stop`.
        """
        self._quiet_rows()

    def is_quiet(self) -> bool:
        """Tell whether nobody works and nothing is in flight, at this look."""
        rows = steady_rows(self._table, self._door.members())
        return rows is not None and is_quiet(rows)

    def stop(self) -> None:
        """Make whoever conducts stop at once."""
        self._stopped.set()

    def describe(self) -> str:
        """Say who is at work, for a person who wonders why time stands still."""
        rows = read_rows(self._table, self._door.members())
        head = f"market time stands at {self.now().isoformat()}"
        return "\n  ".join([head, *describe(rows)])

    def close(self) -> None:
        """Close the door and every connection: market time ends for everybody."""
        self.stop()
        self._door.close()

    def _quiet_rows(self) -> Rows:
        """Wait for quiet and return the rows as they stand there."""
        deadline = time.monotonic() + self._stall_seconds
        pause = _FIRST_LOOK_SECONDS
        while not self._stopped.is_set():
            rows = steady_rows(self._table, self._door.members())
            # After the reading: whoever left before it is known by now to have left.
            for name in sorted(self._guarded):
                if self._door.has_left(name):
                    raise Left(name)
            if rows is not None and is_quiet(rows):
                return rows
            if time.monotonic() > deadline:
                raise Stalled(self.describe())
            time.sleep(pause)
            pause = min(pause * 1.2, _LONGEST_LOOK_SECONDS)
        raise Stopped

    def _wait_for_pace(self, next_at: int) -> None:
        if self._pace:
            minutes = (next_at - self._table.now_micros) / _MINUTE_MICROS
            self._stopped.wait(self._pace * minutes)
