"""The sandbox's Pub/Sub: real clients, real emulator, the gate between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from google.api_core.exceptions import InvalidArgument, NotFound
from google.pubsub_v1.types import PubsubMessage, StreamingPullRequest

from tests.contract.pubsub_world import World, in_world, until
from tests.sandbox.pubsub_conformance import ROWS
from tests.sandbox.pubsub_gate import Subscription


def test_push_endpoints_answers_mean_what_they_mean_to_pubsub(pubsub_address: str) -> None:
    """Every row of the conformance table, all at once."""

    async def story(world: World) -> None:
        subscriptions = {
            f"row-{n}": Subscription(
                topic=f"topic-{n}",
                push_url=f"{world.function_url}/row-{n}",
                dead_letter_topic="graveyard" if row.has_dead_letter_topic else None,
            )
            for n, row in enumerate(ROWS)
        }
        subscriptions["dead-letters"] = Subscription(topic="graveyard", is_counted=False)
        world.function.statuses = {f"row-{n}": row.statuses for n, row in enumerate(ROWS)}
        await world.gate.create_topology([f"topic-{n}" for n in range(len(ROWS))], subscriptions)
        for n in range(len(ROWS)):
            await world.publish(f"topic-{n}")
        await world.quiet()
        for n, row in enumerate(ROWS):
            calls = world.function.received[f"row-{n}"]
            assert len(calls) == row.deliveries, row.name
            assert tuple(call.get("deliveryAttempt") for call in calls) == row.attempts_told
            buried = [
                letter
                for letter in world.gate.dead_letters
                if letter.parcel.subscription.endswith(f"/row-{n}")
            ]
            assert len(buried) == row.dead_letters, row.name
        assert world.holds.total == len(ROWS)

    in_world(pubsub_address, "gate-conformance", story)


def test_a_message_is_held_from_publication_to_its_functions_answer(pubsub_address: str) -> None:
    async def story(world: World) -> None:
        world.function.gate = asyncio.Event()
        push = Subscription(topic="orders", push_url=f"{world.function_url}/orders")
        await world.gate.create_topology(["orders"], {"orders-push": push})
        await world.publish("orders")
        assert world.holds.now == 1
        await until(lambda: len(world.function.received["orders"]) == 1)
        assert world.holds.now == 1
        world.function.gate.set()
        await world.quiet()
        assert world.gate.in_flight == 0

    in_world(pubsub_address, "gate-hold", story)


def test_every_counted_subscription_holds_a_message_of_its_own(pubsub_address: str) -> None:
    async def story(world: World) -> None:
        world.function.gate = asyncio.Event()
        url = world.function_url
        await world.gate.create_topology(
            ["alerts"],
            {
                "first": Subscription(topic="alerts", push_url=f"{url}/first"),
                "second": Subscription(topic="alerts", push_url=f"{url}/second"),
                "archive": Subscription(topic="alerts", is_counted=False),
            },
        )
        await world.publish("alerts", messages=3)
        assert world.holds.now == 6
        world.function.gate.set()
        await world.quiet()
        assert world.holds.total == 6

    in_world(pubsub_address, "gate-fan-out", story)


def test_a_refused_publication_holds_nothing(pubsub_address: str) -> None:
    async def story(world: World) -> None:
        push = Subscription(topic="orders", push_url=f"{world.function_url}/orders")
        await world.gate.create_topology(["orders"], {"orders-push": push})
        with pytest.raises(NotFound):
            await world.publish("unheard-of")
        with pytest.raises(InvalidArgument):
            await world.publisher.publish(
                topic=world.gate.topic_path("orders"), messages=[PubsubMessage()]
            )
        assert world.holds.total == 1
        assert world.holds.now == 0

    in_world(pubsub_address, "gate-refused", story)


def test_a_delivery_reaches_the_function_as_pubsub_words_it(pubsub_address: str) -> None:
    async def story(world: World) -> None:
        push = Subscription(topic="orders", push_url=f"{world.function_url}/orders")
        await world.gate.create_topology(["orders"], {"orders-push": push})
        (message_id,) = await world.publish(
            "orders", attributes={"traceparent": "00-1"}, ordering_key="follower-1"
        )
        await world.quiet()
        (body,) = world.function.received["orders"]
        message = body["message"]
        assert isinstance(message, dict)
        assert body["subscription"] == world.gate.subscription_path("orders-push")
        assert message["messageId"] == message_id
        assert message["data"] == "eyJuIjoxfQ=="
        assert message["attributes"] == {"traceparent": "00-1"}
        assert message["publishTime"] == "2026-03-02T14:27:00.000Z"
        assert message["orderingKey"] == "follower-1"

    in_world(pubsub_address, "gate-body", story)


def test_a_dead_letter_tells_where_it_comes_from(pubsub_address: str) -> None:
    async def story(world: World) -> None:
        await world.gate.create_topology(
            ["orders"],
            {
                "orders-push": Subscription(
                    topic="orders", push_url="http://127.0.0.1:9/", dead_letter_topic="graveyard"
                ),
                "dead-letters": Subscription(topic="graveyard", is_counted=False),
            },
        )
        await world.publish("orders", attributes={"kind": "open"})
        await until(lambda: len(world.gate.dead_letters) == 1)
        await world.quiet()
        pulled = await world.subscriber.pull(
            subscription=world.gate.subscription_path("dead-letters"), max_messages=10
        )
        (received,) = pulled.received_messages
        attributes = dict(received.message.attributes)
        assert received.message.data == b'{"n":1}'
        assert attributes == {
            "kind": "open",
            "CloudPubSubDeadLetterSourceDeliveryCount": "5",
            "CloudPubSubDeadLetterSourceSubscription": "orders-push",
            "CloudPubSubDeadLetterSourceSubscriptionProject": "gate-dead-letter",
            "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-03-02T14:27:00+00:00",
        }

    in_world(pubsub_address, "gate-dead-letter", story)


def test_deliveries_of_one_subscription_run_side_by_side(pubsub_address: str) -> None:
    async def story(world: World) -> None:
        world.function.gate = asyncio.Event()
        push = Subscription(topic="orders", push_url=f"{world.function_url}/orders")
        await world.gate.create_topology(["orders"], {"orders-push": push})
        await world.publish("orders", messages=64)
        await until(lambda: world.function.at_once == 64)
        world.function.gate.set()
        await world.quiet()

    in_world(pubsub_address, "gate-parallel", story)


@pytest.mark.parametrize("by_stream", [True, False], ids=["in the stream", "by a call"])
def test_a_pulled_message_is_held_until_it_is_acknowledged(
    pubsub_address: str, by_stream: bool
) -> None:
    async def story(world: World) -> None:
        await world.gate.create_topology(["orders"], {"orders-pull": Subscription(topic="orders")})
        path = world.gate.subscription_path("orders-pull")
        told: asyncio.Queue[StreamingPullRequest | None] = asyncio.Queue()
        told.put_nowait(StreamingPullRequest(subscription=path, stream_ack_deadline_seconds=10))
        stream = await world.subscriber.streaming_pull(requests=_until_none(told))
        await world.publish("orders")
        (received,) = (await anext(aiter(stream))).received_messages
        assert world.holds.now == 1
        if by_stream:
            told.put_nowait(StreamingPullRequest(ack_ids=[received.ack_id]))
        else:
            await world.subscriber.acknowledge(subscription=path, ack_ids=[received.ack_id])
        await world.quiet()
        told.put_nowait(None)

    in_world(pubsub_address, f"gate-pull-{by_stream}".lower(), story)


async def _until_none(
    queue: asyncio.Queue[StreamingPullRequest | None],
) -> AsyncIterator[StreamingPullRequest]:
    while (request := await queue.get()) is not None:
        yield request


def test_a_subscription_allows_five_to_a_hundred_attempts() -> None:
    with pytest.raises(ValueError, match="between 5 and 100"):
        Subscription(topic="orders", push_url="http://127.0.0.1:9/", max_delivery_attempts=4)
