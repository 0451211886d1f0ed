"""Push deliveries: carries published messages to our functions, as Pub/Sub's own push does.

The emulator's push is not used: it looks for messages every 100 ms and keeps at most two deliveries
of a subscription on their way (both measured), so a simulated session of 390 minute ticks would
spend 40 s waiting, and a handler that sleeps in market time could wait for ever behind another.

Statuses that acknowledge are Pub/Sub's five (https://cloud.google.com/pubsub/docs/push#receive_push);
anything else, and no answer, means: deliver again, after 100 ms to 60 s
(https://cloud.google.com/pubsub/docs/push#push_backoff). Deliveries of a subscription without a
dead-letter topic go on until they succeed.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tests.sandbox.control import Json
from tests.sandbox.forwarding import ForwardingError, post

ACKNOWLEDGING_STATUSES = frozenset({102, 200, 201, 202, 204})
# The longest acknowledgement deadline; a function may work that long, then Pub/Sub hangs up.
DELIVERY_SECONDS = 600.0

_LONGEST_BACKOFF_SECONDS = 60.0
_HEADERS = {"Content-Type": "application/json", "User-Agent": "CloudPubSub-Google"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class PushRoute:
    """Where a subscription's messages go.

    Attributes:
        url: The function.
        dead_letter_topic: Full name of the topic for messages nobody can handle, if any.
        max_delivery_attempts: Attempts before that; Pub/Sub allows 5 to 100.
    """

    url: str
    dead_letter_topic: str | None = None
    max_delivery_attempts: int = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """One message for one subscription (full name)."""

    subscription: str
    message_id: str
    data: bytes
    attributes: Mapping[str, str]
    ordering_key: str
    published_at: datetime

    def body(self, attempt: int | None) -> bytes:
        """Write the body of a delivery; `attempt` is told where there is a dead-letter topic."""
        published_at = self.published_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # Pub/Sub writes the id and the time twice: old clients read the second spelling.
        message: dict[str, Json] = {
            "data": base64.b64encode(self.data).decode(),
            "messageId": self.message_id,
            "message_id": self.message_id,
            "publishTime": published_at,
            "publish_time": published_at,
        }
        if self.attributes:
            message["attributes"] = dict(self.attributes)
        if self.ordering_key:
            message["orderingKey"] = self.ordering_key
        body: dict[str, Json] = {"message": message, "subscription": self.subscription}
        if attempt is not None:
            body["deliveryAttempt"] = attempt
        return json.dumps(body).encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadLetter:
    """A message given up on.

    Attributes:
        parcel: The message.
        topic: Dead-letter topic it goes to (full name).
        attempts: How often it was tried.
        status: What the function answered last; 0 where it did not answer.
    """

    parcel: Parcel
    topic: str
    attempts: int
    status: int


class PushCourier:
    """Delivers messages to functions, all of them side by side.

    Args:
        acknowledged: Told subscription and message id of every message that is done with.
        dead_letter: Publishes a message to its dead-letter topic.
        first_backoff_seconds: Machine time before the second attempt; doubles from there.
    """

    def __init__(
        self,
        *,
        acknowledged: Callable[[str, str], None],
        dead_letter: Callable[[DeadLetter], Awaitable[None]],
        first_backoff_seconds: float,
    ) -> None:
        self._acknowledged = acknowledged
        self._dead_letter = dead_letter
        self._first_backoff_seconds = first_backoff_seconds
        self._routes: dict[str, PushRoute] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def subscriptions(self) -> frozenset[str]:
        """Full names of the subscriptions it serves."""
        return frozenset(self._routes)

    def route(self, subscription: str, route: PushRoute) -> None:
        """Say where a subscription's messages go (full name); replaces what was said before."""
        self._routes[subscription] = route

    def send(self, parcel: Parcel) -> None:
        """Begin to deliver a message of one of the subscriptions."""
        task = asyncio.create_task(self._deliver(parcel, self._routes[parcel.subscription]))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def stop(self) -> None:
        """Give up the deliveries under way."""
        under_way = list(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _deliver(self, parcel: Parcel, route: PushRoute) -> None:
        attempt, backoff_seconds = 1, self._first_backoff_seconds
        while (status := await _attempt(parcel, route, attempt)) not in ACKNOWLEDGING_STATUSES:
            _log.warning("%s: attempt %d ended with %d", parcel.subscription, attempt, status)
            if route.dead_letter_topic is not None and attempt >= route.max_delivery_attempts:
                topic = route.dead_letter_topic
                letter = DeadLetter(parcel=parcel, topic=topic, attempts=attempt, status=status)
                await self._dead_letter(letter)
                break
            await asyncio.sleep(backoff_seconds)
            attempt += 1
            backoff_seconds = min(2 * backoff_seconds, _LONGEST_BACKOFF_SECONDS)
        self._acknowledged(parcel.subscription, parcel.message_id)


async def _attempt(parcel: Parcel, route: PushRoute, attempt: int) -> int:
    """Make one attempt and return the function's status; 0 without an answer."""
    body = parcel.body(None if route.dead_letter_topic is None else attempt)
    try:
        return await post(route.url, body, _HEADERS, DELIVERY_SECONDS)
    except ForwardingError as error:
        _log.warning("%s: %s", parcel.subscription, error)
        return 0
