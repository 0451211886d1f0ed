"""Alerts on their way out: told once, never lost while we live, never in trading's way."""

from __future__ import annotations

import asyncio

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from shared.domain.alerts import Alert, AlertKey
from shared.domain.errors import AdapterError
from shared.ports.alarm import AsyncAlarm


class AlarmQueue:
    """Implements `AsyncAlarm` by queueing; `run` publishes, trying again until it works.

    Args:
        alarm: Publishes.
    """

    def __init__(self, alarm: AsyncAlarm) -> None:
        self._alarm = alarm
        self._told: set[AlertKey] = set()
        self._waiting: asyncio.Queue[Alert] = asyncio.Queue()

    async def raise_alert(self, alert: Alert) -> None:
        """Queue an alert; the same key again is dropped."""
        if alert.key not in self._told:
            self._told.add(alert.key)
            self._waiting.put_nowait(alert)

    async def run(self) -> None:
        """Publish what is queued, for ever."""
        while True:
            alert = await self._waiting.get()
            retrying = AsyncRetrying(
                wait=wait_exponential(multiplier=0.5, max=30),
                retry=retry_if_exception_type(AdapterError),
            )
            await retrying(self._alarm.raise_alert, alert)
