"""The sandbox's Pub/Sub: the emulator behind a gate that knows what is in flight.

Clients take the gate's address as PUBSUB_EMULATOR_HOST. Market time must not move while a message
is on its way, so the gate holds it from the publication to the acknowledgement, once for every
*counted* subscription of the topic: push subscriptions, which the gate serves itself (see
`push_courier`), and those a process of ours pulls from the emulator.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc.aio
from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport
from google.pubsub_v1.types import PublishRequest, PubsubMessage

from tests.sandbox.holds import Holds
from tests.sandbox.message_ledger import MessageLedger
from tests.sandbox.pubsub_wire import CHANNEL_OPTIONS, PassThrough
from tests.sandbox.push_courier import DeadLetter, Parcel, PushCourier, PushRoute

# The default of Pub/Sub; subscribers extend it. What the emulator hands to a stream that has just
# broken comes again after it.
_ACK_DEADLINE_SECONDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A subscription to make.

    Attributes:
        topic: Id of its topic.
        push_url: The function its messages are pushed to; None makes a pull subscription.
        dead_letter_topic: Id of the topic for messages the function refuses; push only.
        max_delivery_attempts: Attempts before that, 5 to 100.
        is_counted: Whether its messages hold market time; no for those nobody works off, such as
            the subscription that keeps dead letters.
    """

    topic: str
    push_url: str | None = None
    dead_letter_topic: str | None = None
    max_delivery_attempts: int = 5
    is_counted: bool = True

    def __post_init__(self) -> None:
        """Refuse what the service would refuse, and what the gate can not do."""
        if not 5 <= self.max_delivery_attempts <= 100:
            raise ValueError("max_delivery_attempts must be between 5 and 100")
        if self.dead_letter_topic is not None and self.push_url is None:
            raise ValueError("only push subscriptions are dead-lettered here")


class PubsubGate:
    """Pub/Sub for the sandbox.

    Args:
        emulator_address: `host:port` of the emulator.
        holds: Told of every message in flight.
        project_id: Project of all topics and subscriptions that `create_topology` makes.
        now: Tells the publish time of pushed messages (aware UTC); machine time by default.
        first_backoff_seconds: Machine time before a push is tried again.
    """

    def __init__(
        self,
        emulator_address: str,
        holds: Holds,
        *,
        project_id: str = "demo-spreadpilot",
        now: Callable[[], datetime] | None = None,
        first_backoff_seconds: float = 0.1,
    ) -> None:
        self._emulator_address = emulator_address
        self._project_id = project_id
        self._now = now or _machine_now
        self._ledger = MessageLedger(holds)
        self._courier = PushCourier(
            acknowledged=self._ledger.acknowledge,
            dead_letter=self._bury,
            first_backoff_seconds=first_backoff_seconds,
        )
        self._pushes: dict[str, list[str]] = {}
        self._pulls: set[str] = set()
        self._dead_letters: list[DeadLetter] = []
        self._stop: Callable[[], Awaitable[None]] | None = None
        self._address = ""

    @property
    def address(self) -> str:
        """`host:port` for PUBSUB_EMULATOR_HOST; known once started."""
        return self._address

    @property
    def dead_letters(self) -> Sequence[DeadLetter]:
        """Messages given up on, in the order that happened."""
        return tuple(self._dead_letters)

    @property
    def in_flight(self) -> int:
        """Holds for published messages that nobody has acknowledged."""
        return self._ledger.in_flight

    def abandon(self) -> int:
        """Release what waits to be pulled, after the emulator, which keeps nothing, has died."""
        return self._ledger.abandon(self._pulls)

    def drop_streams(self) -> int:
        """End every streaming pull with UNAVAILABLE; returns how many there were."""
        return self._wire.drop_streams()

    def topic_path(self, topic: str) -> str:
        """Return a topic's full name."""
        return f"projects/{self._project_id}/topics/{topic}"

    def subscription_path(self, subscription: str) -> str:
        """Return a subscription's full name."""
        return f"projects/{self._project_id}/subscriptions/{subscription}"

    async def start(self, port: int = 0) -> None:
        """Serve gRPC on a loopback port (0: a free one)."""
        channel = grpc.aio.insecure_channel(self._emulator_address, CHANNEL_OPTIONS)
        self._wire = PassThrough(channel, self._ledger, self._push)
        self._publisher = PublisherAsyncClient(
            transport=PublisherGrpcAsyncIOTransport(channel=channel)
        )
        self._subscriber = SubscriberAsyncClient(
            transport=SubscriberGrpcAsyncIOTransport(channel=channel)
        )
        server = grpc.aio.server(options=CHANNEL_OPTIONS)
        server.add_generic_rpc_handlers((self._wire,))
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        self._address = f"127.0.0.1:{bound}"

        async def stop() -> None:
            await server.stop(grace=None)
            await self._wire.close()
            await self._courier.stop()
            await channel.close()

        self._stop = stop

    async def stop(self) -> None:
        """Stop serving and delivering; what is in flight stays held."""
        if self._stop is not None:
            await self._stop()
            self._stop = None

    async def create_topology(
        self, topics: Sequence[str], subscriptions: Mapping[str, Subscription]
    ) -> None:
        """Make topics and pull subscriptions on the emulator, and note the push subscriptions.

        Args:
            topics: Topic ids; dead-letter topics that are missing here are made as well.
            subscriptions: By subscription id.

        Raises:
            google.api_core.exceptions.GoogleAPICallError: If the emulator refuses a name, or has
                it already.
        """
        buried = [s.dead_letter_topic for s in subscriptions.values() if s.dead_letter_topic]
        for topic in dict.fromkeys([*topics, *buried]):
            await self._publisher.create_topic(name=self.topic_path(topic))
        for subscription_id, subscription in subscriptions.items():
            await self._subscribe(subscription_id, subscription)

    async def _subscribe(self, subscription_id: str, wanted: Subscription) -> None:
        name, topic = self.subscription_path(subscription_id), self.topic_path(wanted.topic)
        if wanted.push_url is None:
            await self._subscriber.create_subscription(
                name=name, topic=topic, ack_deadline_seconds=_ACK_DEADLINE_SECONDS
            )
            self._pulls.add(name)
        else:
            await self._publisher.get_topic(topic=topic)
            self._courier.route(name, self._push_route(wanted, wanted.push_url))
            self._pushes.setdefault(topic, []).append(name)
        if wanted.is_counted:
            self._ledger.count(topic, name)

    def _push(self, request: PublishRequest, message_ids: Sequence[str]) -> None:
        """Send published messages to the topic's push subscriptions."""
        now = self._now()
        for subscription in self._pushes.get(request.topic, ()):
            for message, message_id in zip(request.messages, message_ids, strict=True):
                self._courier.send(
                    Parcel(
                        subscription=subscription,
                        message_id=message_id,
                        data=message.data,
                        attributes=dict(message.attributes),
                        ordering_key=message.ordering_key,
                        published_at=now,
                    )
                )

    def _push_route(self, wanted: Subscription, url: str) -> PushRoute:
        dead_letter = wanted.dead_letter_topic
        return PushRoute(
            url=url,
            dead_letter_topic=None if dead_letter is None else self.topic_path(dead_letter),
            max_delivery_attempts=wanted.max_delivery_attempts,
        )

    async def _bury(self, letter: DeadLetter) -> None:
        """Publish to the dead-letter topic with the attributes Pub/Sub adds there."""
        parcel = letter.parcel
        project, subscription = parcel.subscription.split("/")[1::2]
        source = {
            "CloudPubSubDeadLetterSourceDeliveryCount": str(letter.attempts),
            "CloudPubSubDeadLetterSourceSubscription": subscription,
            "CloudPubSubDeadLetterSourceSubscriptionProject": project,
            "CloudPubSubDeadLetterSourceTopicPublishTime": parcel.published_at.isoformat(),
        }
        message = PubsubMessage(
            data=parcel.data,
            attributes={**parcel.attributes, **source},
            ordering_key=parcel.ordering_key,
        )
        request = PublishRequest(topic=letter.topic, messages=[message])
        await self._wire.publish(PublishRequest.serialize(request))
        self._dead_letters.append(letter)


def _machine_now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
