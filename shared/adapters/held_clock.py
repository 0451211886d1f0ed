"""Held market time for synchronous processes: functions and jobs in the sandbox."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from shared.adapters.held_time import (
    ACTIVITY,
    ANSWERED,
    NEVER,
    NEXT_AT,
    WORK,
    ConductorGone,
    Membership,
    from_micros_utc,
    join,
    to_micros_utc,
)


class HeldClock:
    """`Clock` whose time a conductor holds; any thread may use it.

    A handler that sleeps takes one off the work in the system: the message or task that started
    it is counted by whoever delivered it, and must not keep time from moving.
    """

    def __init__(self, address: str, *, name: str, rank: int = 5) -> None:
        self._place: Membership = join(address, name=name, rank=rank, at_work=False)
        self._lock = threading.Lock()
        self._sleepers: list[tuple[int, int, threading.Event]] = []
        self._sequence = itertools.count()
        self._is_over = False
        self._listener = threading.Thread(target=self._listen, name="held-clock", daemon=True)
        self._listener.start()

    def now(self) -> datetime:
        """Tell the held market time."""
        return from_micros_utc(self._place.table.now_micros)

    def sleep_until(self, at: datetime) -> None:
        """Block until the conductor has moved market time to `at`.

        Raises:
            ConductorGone: If that will never happen.
        """
        micros = to_micros_utc(at)
        woken = threading.Event()
        with self._lock:
            if micros <= self._place.table.now_micros:
                return
            if self._is_over:
                raise ConductorGone
            with self._changing():
                heapq.heappush(self._sleepers, (micros, next(self._sequence), woken))
                self._publish(-1)
        woken.wait()
        if micros > self._place.table.now_micros:
            raise ConductorGone

    def close(self) -> None:
        """Leave the conductor; whoever sleeps is told that it has gone."""
        self._place.leave()
        self._listener.join()

    def _listen(self) -> None:
        while bells := self._hear():
            with self._lock, self._changing():
                due = self._take_due()
                self._publish(len(due))
                self._place.table.add(self._place.row, ANSWERED, len(bells))
            for woken in due:
                woken.set()
        with self._lock:
            self._is_over = True
            for _, _, woken in self._sleepers:
                woken.set()

    def _hear(self) -> bytes:
        try:
            return self._place.connection.recv(64)
        except OSError:
            return b""

    def _take_due(self) -> list[threading.Event]:
        due = []
        while self._sleepers and self._sleepers[0][0] <= self._place.table.now_micros:
            due.append(heapq.heappop(self._sleepers)[2])
        return due

    def _publish(self, work_change: int) -> None:
        row, table = self._place.row, self._place.table
        table.put(row, NEXT_AT, self._sleepers[0][0] if self._sleepers else NEVER)
        table.add(row, WORK, work_change)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Mark the row as changing; under the lock."""
        row, table = self._place.row, self._place.table
        table.add(row, ACTIVITY, 1)
        yield
        table.add(row, ACTIVITY, 1)
