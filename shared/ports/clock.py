"""Two clocks that never mix.

Market time decides sessions, ladders, marks, schedules and what documents say. Machine time
(monotonic) decides leases, heartbeats, time-outs and back-off; nothing ever holds or scales it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Market time for synchronous code: functions and jobs."""

    def now(self) -> datetime:
        """Tell the market time, aware UTC."""

    def sleep_until(self, at: datetime) -> None:
        """Block until market time reaches `at` (aware UTC); return at once if it has."""


class AsyncClock(Protocol):
    """Market time for asyncio code: the gateway."""

    def now(self) -> datetime:
        """Tell the market time, aware UTC."""

    async def sleep_until(self, at: datetime) -> None:
        """Wait until market time reaches `at` (aware UTC); cancellable."""

    def outside_call(self) -> AbstractContextManager[None]:
        """Mark a call to an outside service as work in progress.

        Real time takes no notice. Held market time stands still until the call has ended, so
        that a slow machine gives the same day as a fast one.
        """
