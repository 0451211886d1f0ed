"""Alerts on their way out: told once, never lost while we live, never in trading's way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.alarm_queue import AlarmQueue
from shared.domain.alerts import Alert, AlertType
from shared.domain.errors import AdapterError
from tests.builders import NOON, SESSION_DATE
from tests.fakes.async_clock import calm, monotonic, run_jumping

ALERT = Alert(
    alert_type=AlertType.MID_TOO_LOW,
    subject="2026-11-27-QQQ-1",
    message="the middle is 0.60",
    session_date=SESSION_DATE,
    raised_at=NOON,
)
OTHER = replace(ALERT, subject="2026-11-27-QQQ-2")


class Topic:
    """Publishes, after failing so many times."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.tried_at: list[float] = []
        self.published: list[Alert] = []

    async def raise_alert(self, alert: Alert) -> None:
        self.tried_at.append(monotonic())
        if self.failures:
            self.failures -= 1
            raise AdapterError("pubsub", "unavailable", retryable=True)
        self.published.append(alert)


def test_raising_an_alert_does_not_wait_for_its_publication() -> None:
    async def story() -> None:
        topic = Topic()
        queue = AlarmQueue(topic)
        await queue.raise_alert(ALERT)
        await queue.raise_alert(OTHER)
        assert topic.published == []
        running = asyncio.create_task(queue.run())
        await calm()
        assert topic.published == [ALERT, OTHER]
        running.cancel()

    run_jumping(story())


def test_the_same_fact_is_told_once_however_it_is_worded() -> None:
    async def story() -> None:
        topic = Topic()
        queue = AlarmQueue(topic)
        running = asyncio.create_task(queue.run())
        for alert in (ALERT, ALERT, replace(ALERT, message="the middle is 0.59"), OTHER):
            await queue.raise_alert(alert)
            await calm()
        assert topic.published == [ALERT, OTHER]
        running.cancel()

    run_jumping(story())


def test_an_alert_that_cannot_be_published_is_tried_until_it_is() -> None:
    async def story() -> None:
        topic = Topic(failures=12)
        queue = AlarmQueue(topic)
        running = asyncio.create_task(queue.run())
        await queue.raise_alert(ALERT)
        await queue.raise_alert(OTHER)
        await asyncio.sleep(600)
        assert topic.published == [ALERT, OTHER]
        gaps = [b - a for a, b in zip(topic.tried_at, topic.tried_at[1:], strict=False)]
        assert max(gaps) <= 30
        assert gaps[0] < 2
        running.cancel()

    run_jumping(story())
