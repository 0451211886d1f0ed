"""SendGrid delivers what it accepted: half a minute of market time later the webhook is told.

SendGrid posts its events every 30 seconds:
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from datetime import timedelta

from shared.adapters.held_time import ConductorGone
from shared.ports.clock import AsyncClock
from tests.sandbox.sendgrid_events import EventPoster, EventSigner, Message

_POSTED_AFTER = timedelta(seconds=30)


class Deliveries:
    """Tells the webhook of every mail that it was processed and delivered.

    Args:
        clock: Market time; it stands still while the webhook is told.
        signer: Signs.
        url: The webhook.
    """

    def __init__(self, clock: AsyncClock, signer: EventSigner, url: str) -> None:
        self._clock = clock
        self._signer = signer
        self._url = url
        self._under_way: set[asyncio.Task[None]] = set()

    def accepted(self, message: Message) -> None:
        """Deliver a mail, beside what else is going on."""
        task = asyncio.get_running_loop().create_task(self._deliver(message))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver(self, message: Message) -> None:
        accepted_at = self._clock.now()
        with contextlib.suppress(ConductorGone):
            await self._clock.sleep_until(accepted_at + _POSTED_AFTER)
            with self._clock.outside_call():
                status = await EventPoster(self._signer, [message]).tell(
                    message,
                    {
                        "url": self._url,
                        "events": ["processed", "delivered"],
                        "unix_time": int(accepted_at.timestamp()),
                    },
                )
            if status != 204:
                sys.stderr.write(f"the event webhook answered {status}\n")
