"""Market time from the machine's own clock: what runs in the cloud."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime

_LONGEST_NAP_SECONDS = 60.0


def _utc_now() -> datetime:
    return datetime.fromtimestamp(time.time(), tz=UTC)


class SystemClock:
    """`Clock` on real time."""

    def now(self) -> datetime:
        """Tell real UTC."""
        return _utc_now()

    def sleep_until(self, at: datetime) -> None:
        """Sleep in naps, so that a step of the machine's clock is noticed within a minute."""
        while (remaining := (at - self.now()).total_seconds()) > 0:
            time.sleep(min(remaining, _LONGEST_NAP_SECONDS))


class AsyncSystemClock:
    """`AsyncClock` on real time."""

    def now(self) -> datetime:
        """Tell real UTC."""
        return _utc_now()

    async def sleep_until(self, at: datetime) -> None:
        """Sleep in naps, so that a step of the machine's clock is noticed within a minute."""
        for nap in self._naps(at):
            await asyncio.sleep(nap)

    def outside_call(self) -> AbstractContextManager[None]:
        """Nothing to mark: real time waits for nobody."""
        return nullcontext()

    def _naps(self, at: datetime) -> Iterator[float]:
        while (remaining := (at - self.now()).total_seconds()) > 0:
            yield min(remaining, _LONGEST_NAP_SECONDS)
