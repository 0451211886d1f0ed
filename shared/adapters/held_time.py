"""Held market time: time stands still while anybody works, and jumps when nobody does.

A conductor owns market time. Every process keeps one row of a shared memory file up to date:

    work       outside calls and messages in its care; minus its sleeping handlers
    next_at    microseconds UTC of its next wake-up
    answered   wake-ups it has taken up
    sent, received   bytes on counted connections (the broker's sockets)
    activity   grows by one before the row changes, and by one after: odd while it is at work

Shared memory, and not messages, because a change must be visible *before* what follows from
it. As `activity` never returns to an earlier value, two readings of it that are even and equal
prove that all rows stood as they were read at one and the same instant in between. Nothing is in
flight when, at such an instant, the sum of `work` is zero, every wake-up is answered and bytes
sent equal bytes received: only then may time move, to the earliest `next_at`, waking one process
at a time in rank order.

Machine timers (time-outs, back-off) do not hold time; whoever waits on one for somebody's sake
holds it himself.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import mmap
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = 2**62
ROW_FIELDS = 6
MAX_ROWS = 128
# A row is read in this order: `activity`, which vouches for the others, comes last.
WORK, NEXT_AT, ANSWERED, SENT, RECEIVED, ACTIVITY = range(ROW_FIELDS)
FILE_BYTES = 8 * ROW_FIELDS * (MAX_ROWS + 1)
_MICROSECOND = timedelta(microseconds=1)


class ConductorGone(Exception):
    """Market time has ended: its conductor hung up."""


def to_micros_utc(at: datetime) -> int:
    """Whole microseconds since 1970 of an aware instant."""
    return (at - EPOCH) // _MICROSECOND


def from_micros_utc(micros: int) -> datetime:
    """The aware UTC instant of whole microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


class SharedTable:
    """The shared memory file: market time in row 0, then a row per process."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), FILE_BYTES)
        self._cells = (ctypes.c_int64 * (ROW_FIELDS * (MAX_ROWS + 1))).from_buffer(self._memory)

    def get(self, row: int, field: int) -> int:
        """Read one aligned 64-bit cell."""
        return self._cells[row * ROW_FIELDS + field]

    def put(self, row: int, field: int, value: int) -> None:
        """Write one aligned 64-bit cell; a single store on the platforms we run on."""
        self._cells[row * ROW_FIELDS + field] = value

    def add(self, row: int, field: int, change: int) -> None:
        """Add to a cell that only the caller's thread writes."""
        self._cells[row * ROW_FIELDS + field] += change

    def row(self, row: int) -> tuple[int, ...]:
        """Read a whole row, cell by cell in the order of the fields."""
        start = row * ROW_FIELDS
        return tuple(self._cells[start : start + ROW_FIELDS])

    @property
    def now_micros(self) -> int:
        """Market time, microseconds UTC."""
        return self._cells[0]

    def set_now_micros(self, micros: int) -> None:
        """Move market time; the conductor alone does."""
        self._cells[0] = micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """A process's place with the conductor.

    Attributes:
        connection: Carries one byte per wake-up; its end tells the conductor we are gone.
        table: The shared memory.
        row: Our row in it.
    """

    connection: socket.socket
    table: SharedTable
    row: int

    def leave(self) -> None:
        """Hang up; from here on nobody waits for us. A thread that listens is woken."""
        # The conductor may have hung up before us.
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()


def join(address: str, *, name: str, rank: int, at_work: bool) -> Membership:
    """Join a conductor.

    Args:
        address: Path of its Unix socket.
        name: Process name for people.
        rank: At one instant lower ranks are woken first.
        at_work: Whether the row says from its very beginning that we are at work; else somebody
            who waits for us must hold time.

    Raises:
        OSError: If nobody listens there, or no row is free.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(address)
        hello = {"name": name, "rank": rank, "at_work": at_work}
        connection.sendall((json.dumps(hello) + "\n").encode())
        row, path = _read_place(connection, f"the conductor at {address} refused {name}")
        table = SharedTable(Path(path))
    except OSError:
        connection.close()
        raise
    return Membership(connection=connection, table=table, row=row)


def _read_place(connection: socket.socket, refusal: str) -> tuple[int, str]:
    answer = b""
    while not answer.endswith(b"\n"):
        # One byte at a time: what follows the line are wake-ups.
        chunk = connection.recv(1)
        if not chunk:
            raise ConnectionError(refusal)
        answer += chunk
    place = json.loads(answer)
    return place["row"], place["file"]
