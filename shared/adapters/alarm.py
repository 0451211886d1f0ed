"""Alarms over Pub/Sub: an alert raised is a message on the topic `alerts`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from shared.adapters.alert_message import to_message
from shared.domain.alerts import Alert
from shared.ports.publisher import Publisher


class PubsubAlarm:
    """`Alarm` for functions and jobs."""

    def __init__(self, publisher: Publisher, topic: str) -> None:
        self._publisher = publisher
        self._topic = topic

    def raise_alert(self, alert: Alert) -> None:
        """Publish the alert.

        Raises:
            AdapterError: It could not be published.
        """
        attributes = {"traceparent": alert.traceparent} if alert.traceparent else {}
        self._publisher.publish(self._topic, to_message(alert), attributes=attributes)


class AsyncPubsubAlarm:
    """`AsyncAlarm` for the gateway; publishes off the event loop.

    Args:
        publisher: The blocking publisher; its calls run in a thread.
        topic: Topic of alerts.
        track: Marks an outside call as work in progress while it is open.
    """

    def __init__(
        self,
        publisher: Publisher,
        topic: str,
        *,
        track: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._alarm = PubsubAlarm(publisher, topic)
        self._track = track

    async def raise_alert(self, alert: Alert) -> None:
        """Publish the alert.

        Raises:
            AdapterError: It could not be published.
        """
        with self._track():
            await asyncio.to_thread(self._alarm.raise_alert, alert)
