"""The machine's clock, shifted to a session: its seconds are real ones."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from shared.adapters.system_clock import AsyncSystemClock


def shift_seconds_to(start_at: datetime) -> float:
    """Seconds between the machine's clock and a market that stands at `start_at` (UTC) now."""
    return start_at.timestamp() - time.time()


class ShiftedClock(AsyncSystemClock):
    """`AsyncClock` on real time, moved to another day and hour.

    Args:
        shift_seconds: Added to the machine's clock; the same for every process of a run.
    """

    def __init__(self, shift_seconds: float) -> None:
        self._shift_seconds = shift_seconds

    def now(self) -> datetime:
        """Tell the moved UTC."""
        return datetime.fromtimestamp(time.time() + self._shift_seconds, tz=UTC)
