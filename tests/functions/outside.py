"""The outside world of functions and jobs: Firestore, Pub/Sub, and stand-ins on loopback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

import requests
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from shared.adapters.cloud_storage import CloudStorageFiles
from shared.adapters.firestore.clients import firestore_client
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.pubsub_data import JsonObject, decode_object
from shared.adapters.secret_manager import GoogleSecretStore
from shared.adapters.telegram import TelegramMessenger
from tests.contract.stores import project_of
from tests.fakes.clock import ManualClock
from tests.functions.served import ServedFunction, served
from tests.sandbox import cloud_storage, iam_credentials, sendgrid, telegram
from tests.sandbox.control import Json
from tests.sandbox.iam_credentials import SANDBOX_ACCOUNT, SigningKeys
from tests.sandbox.rpc import serve_rpc
from tests.sandbox.secret_manager import SecretManager
from tests.sandbox.sendgrid_events import EventSigner
from tests.sandbox.serving import serve_in_thread

LINK_KEY = "a key of at least thirty-two bytes"
EVENT_SIGNER = EventSigner()
"""Signs the events of the SendGrid stand-in."""
TOPICS = ("alerts", "mail-events", "reports")
_SECONDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """What functions and jobs run on in one test.

    Attributes:
        project: A project of the test's own.
        documents: Its database.
        environment: The settings that lead there.
        urls: Base URLs of the stand-ins by name.
    """

    project: str
    documents: FirestoreDocuments
    environment: Mapping[str, str]
    urls: Mapping[str, str]

    @contextmanager
    def function(self, name: str, clock: ManualClock) -> Iterator[ServedFunction]:
        """Serve a function; what it has built is closed at the end."""
        with served(name, self.environment, clock) as function:
            yield function
            for built in vars(function.services).values():
                if isinstance(built, CloudStorageFiles | GoogleSecretStore | TelegramMessenger):
                    built.close()

    def tell(self, name: str, method: str, path: str, document: Json = None) -> None:
        """Tell a stand-in something."""
        url = f"{self.urls[name]}/_sandbox/{path}"
        requests.request(method, url, json=document, timeout=_SECONDS).raise_for_status()

    def messages(self, name: str) -> list[dict[str, Json]]:
        """What SendGrid or Telegram was given."""
        found: list[dict[str, Json]] = requests.get(
            f"{self.urls[name]}/_sandbox/messages", timeout=_SECONDS
        ).json()
        return found

    def published(self, topic: str, count: int) -> list[JsonObject]:
        """Take messages of a topic; as many as there must be."""
        read: list[JsonObject] = []
        with SubscriberClient() as subscriber:
            path = subscriber.subscription_path(self.project, f"{topic}-test")
            while len(read) < count:
                pulled = subscriber.pull(
                    request={"subscription": path, "max_messages": 100}, timeout=_SECONDS
                ).received_messages
                ids = [one.ack_id for one in pulled]
                subscriber.acknowledge(request={"subscription": path, "ack_ids": ids})
                read += filter(None, (decode_object(one.message.data) for one in pulled))
        return read


@contextmanager
def stand_ins() -> Iterator[Mapping[str, str]]:
    """Serve SendGrid, Telegram, Cloud Storage and IAM; their base URLs by name."""
    keys = SigningKeys()
    apps = {
        "sendgrid": sendgrid.create_app(signer=EVENT_SIGNER),
        "telegram": telegram.create_app(),
        "storage": cloud_storage.create_app(public_keys=keys.public_keys, utc_now=_utc_now),
        "iam": iam_credentials.create_app(keys),
    }
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve_in_thread(app)) for name, app in apps.items()}


@contextmanager
def outside(
    test_id: str, urls: Mapping[str, str], *, firestore_address: str, pubsub_address: str
) -> Iterator[Outside]:
    """Put an outside world together for one test: a new project, and stand-ins that are empty."""
    for url in urls.values():
        requests.post(f"{url}/_sandbox/reset", timeout=_SECONDS).raise_for_status()
    project = project_of(test_id)
    _create_topics(project)
    documents = FirestoreDocuments(firestore_client(project, emulator_host=firestore_address))
    with _serve_secrets(_secrets(project)) as secrets_address:
        try:
            yield Outside(
                project=project,
                documents=documents,
                urls=urls,
                environment=_environment(urls)
                | {
                    "GOOGLE_CLOUD_PROJECT": project,
                    "FIRESTORE_EMULATOR_HOST": firestore_address,
                    "PUBSUB_EMULATOR_HOST": pubsub_address,
                    "SECRET_MANAGER_ADDRESS": secrets_address,
                },
            )
        finally:
            documents.close()


def _environment(urls: Mapping[str, str]) -> dict[str, str]:
    return {
        "ENVIRONMENT": "sandbox",
        "SANDBOX_TOKEN": "sandbox-token",
        "MARKET_CLOCK": "",
        "TELEGRAM_BASE_URL": urls["telegram"],
        "SENDGRID_BASE_URL": urls["sendgrid"],
        "MAIL_FROM": "desk@spreadpilot.example",
        "DASHBOARD_BASE_URL": "https://dash.spreadpilot.example",
        "REPORTS_BUCKET": "spreadpilot-reports",
        "STORAGE_BASE_URL": urls["storage"],
        "IAM_CREDENTIALS_BASE_URL": urls["iam"],
        "SIGNING_ACCOUNT": SANDBOX_ACCOUNT,
        "LINK_BASE_URL": "https://app.spreadpilot.example/r",
    }


def _secrets(project: str) -> SecretManager:
    secrets = SecretManager(project, _utc_now)
    secrets.put("telegram-bot-token", next(iter(telegram.SANDBOX_BOT_TOKENS)))
    secrets.put("sendgrid-api-key", next(iter(sendgrid.SANDBOX_API_KEYS)))
    secrets.put("sendgrid-event-key", EVENT_SIGNER.public_key)
    secrets.put("report-link-key", LINK_KEY)
    return secrets


def _create_topics(project: str) -> None:
    publisher = PublisherClient()
    with SubscriberClient() as subscriber:
        for topic in TOPICS:
            path = publisher.topic_path(project, topic)
            publisher.create_topic(request={"name": path})
            name = subscriber.subscription_path(project, f"{topic}-test")
            subscriber.create_subscription(request={"name": name, "topic": path})
    publisher.stop()
    publisher.transport.close()


@contextmanager
def _serve_secrets(secrets: SecretManager) -> Iterator[str]:
    """Serve Secret Manager in a thread with an event loop of its own."""
    ready, ended = threading.Event(), threading.Event()
    addresses: list[str] = []

    async def serve() -> None:
        address, shutdown = await serve_rpc(secrets.service())
        addresses.append(address)
        ready.set()
        await asyncio.to_thread(ended.wait)
        await shutdown()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    if not ready.wait(timeout=_SECONDS):
        raise TimeoutError("the Secret Manager stand-in did not start")
    try:
        yield addresses[0]
    finally:
        ended.set()
        thread.join(timeout=_SECONDS)


def _utc_now() -> datetime:
    return datetime.fromtimestamp(time(), tz=UTC)
