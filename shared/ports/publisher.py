"""Messages to topics: the doorbells between our processes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


class Publisher(Protocol):
    """Publishes messages. Delivery is at least once; no fact may live only in a message."""

    def publish(
        self,
        topic: str,
        data: Mapping[str, object],
        *,
        attributes: Mapping[str, str] = NO_ATTRIBUTES,
        ordering_key: str = "",
    ) -> str:
        """Publish one message and wait until the service has taken it.

        Args:
            topic: The topic's short name ("orders").
            data: A JSON object; no NaN, no infinity.
            attributes: Further text values beside the data.
            ordering_key: Messages of one key are delivered in order, where the subscription asks.

        Returns:
            The message id. Publishing again gives another one: duplicates are told by their data.

        Raises:
            AdapterError: If the message was not taken, or nobody knows.
        """
