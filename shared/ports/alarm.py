"""Raising an alert, from anywhere."""

from __future__ import annotations

from typing import Protocol

from shared.domain.alerts import Alert


class Alarm(Protocol):
    """Raises alerts, from functions and jobs."""

    def raise_alert(self, alert: Alert) -> None:
        """Publish the alert to the topic `alerts`.

        Raises:
            AdapterError: If it could not be published; the caller's message is then redelivered.
        """


class AsyncAlarm(Protocol):
    """Raises alerts, from the gateway."""

    async def raise_alert(self, alert: Alert) -> None:
        """Publish the alert to the topic `alerts`.

        Raises:
            AdapterError: If it could not be published.
        """
