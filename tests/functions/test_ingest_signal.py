"""ingest_signal and open_session as deployed: framework, Firestore, Pub/Sub, Sheets on sockets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from shared.adapters.alert_message import from_message
from shared.adapters.firestore.clients import firestore_client
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.signals import FirestoreSignals
from shared.adapters.pubsub import PubsubPublisher
from shared.adapters.pubsub_data import JsonObject, decode_object
from shared.domain.alerts import Alert, AlertType
from shared.domain.sessions import at_new_york
from shared.domain.signals import SignalState
from shared.ports.documents import Create
from tests.builders import SESSION_DATE, a_follower
from tests.contract.stores import project_of
from tests.fakes.clock import ManualClock
from tests.functions.served import ServedFunction, served
from tests.sandbox import sheets
from tests.sandbox.serving import serve_in_thread
from tests.sheets import Sheet, a_row, a_sheet

TICK = {"type": "tick"}
_END: JsonObject = {"type": "end"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cloud:
    """What the functions run on in one test."""

    project: str
    firestore_address: str
    sheets_url: str
    clock: ManualClock
    documents: FirestoreDocuments

    @property
    def environment(self) -> dict[str, str]:
        return {
            "ENVIRONMENT": "sandbox",
            "GOOGLE_CLOUD_PROJECT": self.project,
            "FIRESTORE_EMULATOR_HOST": self.firestore_address,
            "SANDBOX_TOKEN": "sandbox-token",
            "SHEET_ID": "leader",
            "SHEETS_BASE_URL": self.sheets_url,
            "MARKET_CLOCK": "",
        }

    def show(self, values: Sheet) -> None:
        told = {"title": "Leader", "sheets": [{"title": "Sheet1", "values": values}]}
        requests.put(
            f"{self.sheets_url}/_sandbox/spreadsheets/leader", json=told, timeout=5
        ).raise_for_status()

    def tick(self, function: ServedFunction, at: str) -> int:
        self.clock.set(at_new_york(SESSION_DATE, at))
        return function.push(TICK)

    def messages(self, topic: str) -> list[JsonObject]:
        """Everything published to a topic that nobody has read yet."""
        publisher = PubsubPublisher(self.project)
        publisher.publish(topic, _END)
        publisher.close()
        read: list[JsonObject] = []
        with SubscriberClient() as subscriber:
            path = subscriber.subscription_path(self.project, f"{topic}-test")
            while _END not in read:
                pulled = subscriber.pull(
                    request={"subscription": path, "max_messages": 100}, timeout=10
                ).received_messages
                ids = [one.ack_id for one in pulled]
                subscriber.acknowledge(request={"subscription": path, "ack_ids": ids})
                read += filter(None, (decode_object(one.message.data) for one in pulled))
        return [message for message in read if message != _END]

    def alerts(self) -> list[Alert]:
        return [from_message(message) for message in self.messages("alerts")]


@pytest.fixture(scope="module")
def sheets_url() -> Iterator[str]:
    with serve_in_thread(sheets.create_app()) as base_url:
        yield base_url


@pytest.fixture
def cloud(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    firestore_address: str,
    pubsub_address: str,
    sheets_url: str,
) -> Iterator[Cloud]:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_address)
    requests.post(f"{sheets_url}/_sandbox/reset", timeout=5).raise_for_status()
    project = project_of(request.node.nodeid)
    _create_topics(project)
    documents = FirestoreDocuments(firestore_client(project, emulator_host=firestore_address))
    for name in ("anna", "bert"):
        follower = encode(a_follower(name))
        documents.commit([Create(path=f"followers/{name}", data=follower)])
    yield Cloud(
        project=project,
        firestore_address=firestore_address,
        sheets_url=sheets_url,
        clock=ManualClock(at_new_york(SESSION_DATE, "09:27")),
        documents=documents,
    )
    documents.close()


def _create_topics(project: str) -> None:
    publisher = PublisherClient()
    with SubscriberClient() as subscriber:
        for topic in ("orders", "alerts"):
            path = publisher.topic_path(project, topic)
            publisher.create_topic(request={"name": path})
            name = subscriber.subscription_path(project, f"{topic}-test")
            subscriber.create_subscription(request={"name": name, "topic": path})
    publisher.stop()
    publisher.transport.close()


@contextmanager
def ingesting(cloud: Cloud) -> Iterator[ServedFunction]:
    with served("ingest_signal", cloud.environment, cloud.clock) as function:
        yield function


def test_a_morning_from_empty_sheet_to_planned_orders(cloud: Cloud) -> None:
    cloud.show(a_sheet())
    with ingesting(cloud) as function:
        assert cloud.tick(function, "09:26") == 204
        assert FirestoreSessions(cloud.documents).read(SESSION_DATE) is None
        cloud.show(a_sheet(a_row()))
        assert cloud.tick(function, "09:28") == 204
        assert cloud.tick(function, "09:29") == 204
    signal = FirestoreSignals(cloud.documents).active(SESSION_DATE, "QQQ")
    assert signal is not None
    assert signal.read_at == at_new_york(SESSION_DATE, "09:28")
    assert signal.verified_at == at_new_york(SESSION_DATE, "09:29")
    orders = FirestorePlannedOrders(cloud.documents).of_session(SESSION_DATE)
    assert [order.follower_id for order in orders] == ["anna", "bert"]
    assert {message["signal_id"] for message in cloud.messages("orders")} == {signal.signal_id}
    assert cloud.alerts() == []


def test_a_wrong_cell_is_an_alert_on_the_topic_and_no_order(cloud: Cloud) -> None:
    cloud.show(a_sheet(a_row(quantity="ten")))
    with ingesting(cloud) as function:
        assert cloud.tick(function, "09:27") == 204
    (alert,) = cloud.alerts()
    assert (alert.alert_type, alert.subject) == (AlertType.SIGNAL_INVALID, "D4")
    assert FirestorePlannedOrders(cloud.documents).of_session(SESSION_DATE) == ()
    assert cloud.messages("orders") == []


def test_an_edit_after_ingestion_is_an_alert_and_withdraws_the_signal(cloud: Cloud) -> None:
    cloud.show(a_sheet(a_row()))
    with ingesting(cloud) as function:
        cloud.tick(function, "09:27")
        cloud.show(a_sheet(a_row(short_strike="591")))
        assert cloud.tick(function, "09:29") == 204
    (alert,) = cloud.alerts()
    assert (alert.alert_type, alert.subject) == (AlertType.SIGNAL_CHANGED, "F4")
    signal = FirestoreSignals(cloud.documents).active(SESSION_DATE, "QQQ")
    assert signal is not None
    assert signal.state is SignalState.CHANGED


def test_a_whole_tick_without_a_row_stays_within_the_quota(cloud: Cloud) -> None:
    cloud.show(a_sheet())
    with ingesting(cloud) as function:
        assert cloud.tick(function, "09:27") == 204
    assert cloud.clock.now() == at_new_york(SESSION_DATE, "09:27:49")
    assert cloud.alerts() == []


def test_an_unknown_spreadsheet_is_told_in_the_adapters_words(cloud: Cloud) -> None:
    with ingesting(cloud) as function:
        assert cloud.tick(function, "09:27") == 204
    (alert,) = cloud.alerts()
    assert alert.alert_type is AlertType.SHEET_UNREADABLE
    assert "no spreadsheet leader: check the id in the settings" in alert.message


def test_a_body_that_is_no_push_is_acknowledged_and_does_nothing(cloud: Cloud) -> None:
    with ingesting(cloud) as function:
        assert function.post(b"{}") == 204
    assert FirestoreSessions(cloud.documents).read(SESSION_DATE) is None


def test_open_session_opens_once_at_nine(cloud: Cloud) -> None:
    with served("open_session", cloud.environment, cloud.clock) as function:
        assert cloud.tick(function, "08:59") == 204
        assert FirestoreSessions(cloud.documents).read(SESSION_DATE) is None
        assert cloud.tick(function, "09:00") == 204
        first = cloud.documents.get(f"sessions/{SESSION_DATE}")
        assert first is not None
        assert cloud.tick(function, "09:01") == 204
        assert cloud.documents.get(f"sessions/{SESSION_DATE}") == first
