"""Our Pub/Sub adapters on the real client library, through the sandbox's gate to the emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc.aio
import pytest
from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport
from google.pubsub_v1.types import PubsubMessage

from shared.adapters.pubsub import PubsubPublisher
from shared.adapters.pubsub_pull import Doorbell
from shared.domain.errors import AdapterError, NotFound
from tests.sandbox.holds import HoldCount
from tests.sandbox.processes import free_port
from tests.sandbox.pubsub_gate import PubsubGate, Subscription


@dataclass(kw_only=True)
class World:
    """A gate with the topic "orders" and its pull subscription, and our publisher."""

    gate: PubsubGate
    holds: HoldCount
    publisher: PubsubPublisher
    rings: list[Mapping[str, object]] = field(default_factory=list)

    async def publish(
        self, data: Mapping[str, object], topic: str = "orders", ordering_key: str = ""
    ) -> str:
        return await asyncio.to_thread(
            self.publisher.publish,
            topic,
            data,
            attributes={"traceparent": "00-1"},
            ordering_key=ordering_key,
        )

    def ring(self, data: Mapping[str, object], acknowledge: Callable[[], None]) -> None:
        self.rings.append(data)
        acknowledge()

    @asynccontextmanager
    async def doorbell(self, subscription: str = "gateway-orders") -> AsyncIterator[None]:
        path = self.gate.subscription_path(subscription)
        bell = Doorbell(path, asyncio.get_running_loop(), self.ring)
        bell.open()
        try:
            yield
        finally:
            await asyncio.to_thread(bell.close)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what other processes bring about."""
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


@asynccontextmanager
async def world(
    emulator_address: str, project_id: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    holds = HoldCount()
    gate = PubsubGate(emulator_address, holds, project_id=project_id)
    await gate.start()
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", gate.address)
    publisher = PubsubPublisher(project_id, timeout_seconds=5.0)
    try:
        await gate.create_topology(["orders"], {"gateway-orders": Subscription(topic="orders")})
        yield World(gate=gate, holds=holds, publisher=publisher)
    finally:
        await asyncio.to_thread(publisher.close)
        await gate.stop()


def test_the_doorbell_rings_in_the_loop_and_its_message_is_held_until_then(
    pubsub_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with world(pubsub_address, "bell-rings", monkeypatch) as made:
            assert await made.publish({"order_id": "o-1"})
            assert made.holds.now == 1
            async with made.doorbell():
                await until(lambda: made.holds.now == 0)
            assert made.rings == [{"order_id": "o-1"}]

    asyncio.run(story())


def test_a_malformed_message_is_dropped_and_does_not_ring(
    pubsub_address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with world(pubsub_address, "bell-malformed", monkeypatch) as made:
            async with grpc.aio.insecure_channel(made.gate.address) as channel:
                transport = PublisherGrpcAsyncIOTransport(channel=channel)
                await PublisherAsyncClient(transport=transport).publish(
                    topic=made.gate.topic_path("orders"), messages=[PubsubMessage(data=b"[1]")]
                )
            async with made.doorbell():
                await until(lambda: made.holds.now == 0)
            assert made.rings == []

    asyncio.run(story())
    assert len([line for line in caplog.messages if "is not a JSON object" in line]) == 1


def test_an_unknown_topic_is_our_not_found(
    pubsub_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with world(pubsub_address, "publish-unknown", monkeypatch) as made:
            with pytest.raises(NotFound):
                await made.publish({}, topic="unheard-of")
            assert made.holds.now == 0

    asyncio.run(story())


def test_attributes_and_ordering_key_travel_with_the_message(
    pubsub_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with world(pubsub_address, "publish-attributes", monkeypatch) as made:
            message_id = await made.publish({"b": 1, "a": "é"}, ordering_key="f-1")
            async with grpc.aio.insecure_channel(made.gate.address) as channel:
                transport = SubscriberGrpcAsyncIOTransport(channel=channel)
                pulled = await SubscriberAsyncClient(transport=transport).pull(
                    subscription=made.gate.subscription_path("gateway-orders"), max_messages=1
                )
            message = pulled.received_messages[0].message
            assert message.message_id == message_id
            assert message.data == '{"a":"é","b":1}'.encode()
            assert dict(message.attributes) == {"traceparent": "00-1"}
            assert message.ordering_key == "f-1"

    asyncio.run(story())


def test_a_silent_service_is_an_error_that_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{free_port()}")
    publisher = PubsubPublisher("publish-silent", timeout_seconds=0.3)
    try:
        with pytest.raises(AdapterError) as raised:
            publisher.publish("orders", {})
        assert raised.value.retryable
    finally:
        publisher.close()


def test_the_doorbell_survives_a_broken_stream(
    pubsub_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with (
            world(pubsub_address, "bell-restart", monkeypatch) as made,
            made.doorbell(),
        ):
            await made.publish({"n": 1})
            await until(lambda: made.rings == [{"n": 1}])
            assert made.gate.drop_streams() == 1
            await made.publish({"n": 2})
            await until(lambda: made.rings[-1] == {"n": 2})

    asyncio.run(story())


def test_the_doorbell_waits_for_a_subscription_that_is_not_there_yet(
    pubsub_address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An emulator that was restarted has forgotten its subscriptions."""

    async def story() -> None:
        async with (
            world(pubsub_address, "bell-early", monkeypatch) as made,
            made.doorbell("alerts-pull"),
        ):
            await until(lambda: "ended" in caplog.text)
            await made.gate.create_topology(
                ["alerts"], {"alerts-pull": Subscription(topic="alerts")}
            )
            await made.publish({"n": 1}, topic="alerts")
            await until(lambda: made.rings == [{"n": 1}])

    asyncio.run(story())
