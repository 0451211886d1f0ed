"""`Clock` that a test moves by hand; sleeping moves it too."""

from __future__ import annotations

from datetime import datetime, timedelta


class ManualClock:
    """Market time that passes only when somebody sleeps, or when the test says so."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.sleeps: list[datetime] = []
        """Every wake-up that was slept for, in order."""

    def now(self) -> datetime:
        return self._now

    def sleep_until(self, at: datetime) -> None:
        if at > self._now:
            self.sleeps.append(at)
            self._now = at

    def set(self, now: datetime) -> None:
        self._now = now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
