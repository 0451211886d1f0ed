"""Which messages are in flight: one hold per message and counted subscription.

A message is work from the moment its publication is asked for until its subscriber has
acknowledged it. Its acknowledgement may overtake the answer to its publication; a duplicate may be
acknowledged twice; neither may release a hold twice or leave one behind.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tests.sandbox.holds import Holds


class MessageLedger:
    """Holds of messages in flight.

    Args:
        holds: Told of every message that begins and ends.
    """

    def __init__(self, holds: Holds) -> None:
        self._holds = holds
        self._subscriptions: dict[str, tuple[str, ...]] = {}
        self._outstanding: set[tuple[str, str]] = set()
        self._early: set[tuple[str, str]] = set()

    @property
    def in_flight(self) -> int:
        """Published messages nobody has acknowledged yet, once per counted subscription."""
        return len(self._outstanding)

    def count(self, topic: str, subscription: str) -> None:
        """Count the messages of a topic as work of a subscription (both by full name)."""
        self._subscriptions[topic] = (*self._subscriptions.get(topic, ()), subscription)

    def begin(self, topic: str, messages: int) -> Publication:
        """Hold for messages about to be published."""
        subscriptions = self._subscriptions.get(topic, ())
        for _ in range(messages * len(subscriptions)):
            self._holds.hold()
        return Publication(self, subscriptions, messages)

    def acknowledge(self, subscription: str, message_id: str) -> None:
        """Release a message; a second acknowledgement of the same message does nothing."""
        key = (subscription, message_id)
        if key in self._outstanding:
            self._outstanding.remove(key)
            self._holds.release()
        else:
            self._early.add(key)

    def abandon(self, subscriptions: Collection[str]) -> int:
        """Release what is in flight on some subscriptions: their messages are lost.

        Returns:
            How many holds that were.
        """
        lost = {key for key in self._outstanding if key[0] in subscriptions}
        self._outstanding -= lost
        self._release(len(lost))
        return len(lost)

    def _published(self, subscription: str, message_id: str) -> None:
        key = (subscription, message_id)
        if key in self._early:
            self._early.remove(key)
            self._holds.release()
        else:
            self._outstanding.add(key)

    def _release(self, times: int) -> None:
        for _ in range(times):
            self._holds.release()


class Publication:
    """Messages between the request to publish them and its answer."""

    def __init__(self, ledger: MessageLedger, subscriptions: Sequence[str], messages: int) -> None:
        self._ledger = ledger
        self._subscriptions = subscriptions
        self._messages = messages

    def succeeded(self, message_ids: Sequence[str]) -> None:
        """Note the ids the messages were given; from here they end by acknowledgement."""
        for message_id in message_ids:
            for subscription in self._subscriptions:
                self._ledger._published(subscription, message_id)

    def failed(self) -> None:
        """Release the messages: they do not exist."""
        self._ledger._release(self._messages * len(self._subscriptions))
