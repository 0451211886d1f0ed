"""What a gateway raises: the topic `alerts` in the Pub/Sub emulator, and the doorbell's."""

from __future__ import annotations

import json

import grpc
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import PubsubMessage

from shared.adapters.alert_message import from_message
from shared.domain.alerts import Alert

_SECONDS = 10.0
_MOST = 1000
_END = b"end"


class AlertsTopic:
    """Topics and subscriptions of one project.

    Args:
        project: The project.
        address: The emulator, `host:port`.
    """

    def __init__(self, project: str, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self._publisher = PublisherClient(transport=PublisherGrpcTransport(channel=self._channel))
        self._subscriber = SubscriberClient(
            transport=SubscriberGrpcTransport(channel=self._channel)
        )
        self._topic = f"projects/{project}/topics/alerts"
        self._subscription = f"projects/{project}/subscriptions/alerts-told"
        for topic, subscription in (("alerts", "alerts-told"), ("orders", "orders-gateway")):
            path = f"projects/{project}/topics/{topic}"
            self._publisher.create_topic(name=path, timeout=_SECONDS)
            self._subscriber.create_subscription(
                name=f"projects/{project}/subscriptions/{subscription}",
                topic=path,
                timeout=_SECONDS,
            )

    def read(self) -> tuple[Alert, ...]:
        """Every alert since the last reading, each key once, in the order of their keys.

        A message of our own is published behind them: a pull would wait where there is none.
        """
        end = PubsubMessage(data=_END)
        self._publisher.publish(topic=self._topic, messages=[end], timeout=_SECONDS)
        told: dict[str, Alert] = {}
        while True:
            answer = self._subscriber.pull(
                subscription=self._subscription, max_messages=_MOST, timeout=_SECONDS
            )
            received = [one.message.data for one in answer.received_messages]
            self._subscriber.acknowledge(
                subscription=self._subscription,
                ack_ids=[one.ack_id for one in answer.received_messages],
                timeout=_SECONDS,
            )
            for data in received:
                if data != _END:
                    alert = from_message(json.loads(data))
                    told.setdefault(alert.key, alert)
            if _END in received:
                return tuple(told[key] for key in sorted(told))

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()
