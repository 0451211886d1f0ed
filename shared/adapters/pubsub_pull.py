"""The gateway's doorbell: a streaming pull that hands messages to its event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError

from google.api_core.exceptions import GoogleAPIError
from google.cloud.pubsub_v1 import SubscriberClient
from google.cloud.pubsub_v1.subscriber.futures import StreamingPullFuture
from google.cloud.pubsub_v1.subscriber.message import Message
from google.cloud.pubsub_v1.types import FlowControl

from shared.adapters.pubsub_data import JsonObject, decode_object

_REOPEN_SECONDS = 1.0
_CLOSE_SECONDS = 5.0
_log = logging.getLogger(__name__)


class Doorbell:
    """Rings in the event loop for every message of a subscription, until closed.

    The client library mends broken streams by itself. Where it gives up (the subscription is not
    there yet, or the server went away without a word), the doorbell opens again after a second:
    the sweep finds meanwhile what it would have announced.

    Args:
        subscription_path: Full name of the pull subscription.
        loop: Loop in which `on_ring` is called.
        on_ring: Given the message's data and the function that acknowledges it.
    """

    def __init__(
        self,
        subscription_path: str,
        loop: asyncio.AbstractEventLoop,
        on_ring: Callable[[JsonObject, Callable[[], None]], None],
    ) -> None:
        self._subscription_path = subscription_path
        self._loop = loop
        self._on_ring = on_ring
        self._client: SubscriberClient | None = None
        self._stream: StreamingPullFuture | None = None

    def open(self) -> None:
        """Begin to listen. The library reads PUBSUB_EMULATOR_HOST by itself here."""
        self._client = SubscriberClient()
        self._listen()

    def close(self) -> None:
        """Stop listening and close the connection; blocks for a moment."""
        client, self._client = self._client, None
        if client is None:
            return
        if self._stream is not None:
            self._stream.cancel()
            with contextlib.suppress(GoogleAPIError, CancelledError, TimeoutError):
                self._stream.result(timeout=_CLOSE_SECONDS)
        client.close()

    def _listen(self) -> None:
        if self._client is None:
            return
        self._stream = self._client.subscribe(
            self._subscription_path,
            callback=self._received,
            flow_control=FlowControl(max_messages=1000),
        )
        self._stream.add_done_callback(self._ended)

    def _received(self, message: Message) -> None:
        """Runs in a thread of the library."""
        data = decode_object(message.data)
        if data is None:
            _log.error("message %s is not a JSON object; dropped", message.message_id)
            message.ack()
            return
        self._in_loop(lambda: self._on_ring(data, message.ack))

    def _ended(self, stream: StreamingPullFuture) -> None:
        """Runs in a thread of the library."""
        if self._client is None:
            return
        _log.warning("stream of %s ended: %r", self._subscription_path, stream.exception())
        self._in_loop(lambda: self._loop.call_later(_REOPEN_SECONDS, self._listen))

    def _in_loop(self, call: Callable[[], object]) -> None:
        # A loop that is closed has no more use for it: the message stays unacknowledged.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)
