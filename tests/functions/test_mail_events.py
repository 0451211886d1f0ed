"""mail_events as deployed: served over HTTP, SendGrid's stand-in posting signed batches to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from time import time

import pytest
import requests
from google.cloud.pubsub_v1 import SubscriberClient

from shared.adapters.sendgrid_events import LARGEST_BODY_BYTES, from_message
from shared.domain.errors import AdapterError
from shared.domain.outbox import MailEventKind
from tests.booked_day import ROLLED_UP_AT
from tests.fakes.clock import ManualClock
from tests.functions.outside import EVENT_SIGNER, Outside
from tests.functions.served import ServedFunction
from tests.functions.webhooks import over_http, post_events
from tests.sandbox.control import Json

OUTBOX_ID = "monthly-2026-11-bruno~0123456789abcdef~1f3c9a02"
MAIL: dict[str, Json] = {
    "personalizations": [{"to": [{"email": "bruno@example.com"}]}],
    "from": {"email": "reports@spreadpilot.example"},
    "subject": "SpreadPilot monthly report - 2026-11",
    "content": [{"type": "text/plain", "value": "Hello"}],
    "custom_args": {"outbox_id": OUTBOX_ID},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """The function behind a socket, and the world around it."""

    world: Outside
    function: ServedFunction
    url: str

    def deliver(self, *kinds: str, **more: Json) -> int:
        """Let SendGrid post a batch about the mail; the status it gets."""
        return post_events(self.world, self.url, OUTBOX_ID, *kinds, **more)

    def post(self, body: bytes) -> int:
        """Post any body, signed."""
        headers = EVENT_SIGNER.headers(body, int(time()))
        return requests.post(self.url, data=body, headers=headers, timeout=30).status_code

    def published_nothing(self) -> bool:
        with SubscriberClient() as subscriber:
            path = subscriber.subscription_path(self.world.project, "mail-events-test")
            request = {"subscription": path, "max_messages": 10, "return_immediately": True}
            with pytest.warns(DeprecationWarning, match="return_immediately"):
                return not subscriber.pull(request=request, timeout=10).received_messages


@pytest.fixture
def webhook(world: Outside) -> Iterator[Webhook]:
    sent = requests.post(
        f"{world.urls['sendgrid']}/v3/mail/send",
        json=MAIL,
        headers={"Authorization": "Bearer SG.sandbox"},
        timeout=10,
    )
    assert sent.status_code == 202
    clock = ManualClock(ROLLED_UP_AT)
    with world.function("mail_events", clock) as function, over_http(function) as url:
        yield Webhook(world=world, function=function, url=url)


def test_signed_events_of_our_mail_are_published(webhook: Webhook) -> None:
    assert webhook.deliver("processed", "delivered", "open", others=2) == 204
    (message,) = webhook.world.published("mail-events", 1)
    events = from_message(message)
    assert [event.kind for event in events] == [MailEventKind.PROCESSED, MailEventKind.DELIVERED]
    assert {event.outbox_id for event in events} == {OUTBOX_ID}
    assert "bruno@example.com" not in json.dumps(message)


def test_a_large_batch_is_published_in_parts(webhook: Webhook) -> None:
    assert webhook.deliver("processed", copies=250) == 204
    messages = webhook.world.published("mail-events", 3)
    assert sorted(len(from_message(message)) for message in messages) == [50, 100, 100]


@pytest.mark.parametrize(
    ("told", "status"),
    [({"signature": "wrong"}, 403), ({"signature": "none"}, 401), ({"age_seconds": 3600}, 403)],
    ids=str,
)
def test_a_batch_that_is_not_sendgrids_publishes_nothing_and_logs_nothing_of_it(
    webhook: Webhook, told: dict[str, Json], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert webhook.deliver("delivered", **told) == status
    assert webhook.published_nothing()
    logged = capsys.readouterr().out
    assert "mail_events_refused" in logged
    assert "bruno" not in logged


def test_a_batch_without_our_mail_is_acknowledged(webhook: Webhook) -> None:
    assert webhook.deliver(others=3) == 204
    assert webhook.published_nothing()


@pytest.mark.parametrize("body", [b"{}", b"not json", b'"bruno@example.com"'])
def test_a_signed_body_that_is_no_batch_is_refused_without_its_words(
    webhook: Webhook, body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert webhook.post(body) == 400
    assert webhook.published_nothing()
    assert "bruno" not in capsys.readouterr().out


def test_one_unreadable_event_holds_up_no_other(
    webhook: Webhook, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {
        "outbox_id": OUTBOX_ID,
        "email": "bruno@example.com",
        "timestamp": 1_796_131_800,
        "event": "delivered",
        "sg_event_id": "1",
    }
    assert webhook.post(json.dumps([{**good, "outbox_id": "a/b"}, good]).encode()) == 204
    assert len(from_message(webhook.world.published("mail-events", 1)[0])) == 1
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["severity"], line["unreadable"]) == ("ERROR", 1)


def test_a_body_that_is_too_large_is_refused_unread(webhook: Webhook) -> None:
    body = bytes(LARGEST_BODY_BYTES + 1)
    headers = EVENT_SIGNER.headers(body, int(time()))
    assert webhook.function.client.post("/", data=body, headers=headers).status_code == 413


def test_a_body_of_unknown_size_is_refused(webhook: Webhook) -> None:
    # requests sends what is no bytes in chunks, without a length.
    assert requests.post(webhook.url, data=iter([b"[]"]), timeout=10).status_code == 411


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_refused(webhook: Webhook, method: str) -> None:
    answer = requests.request(method, webhook.url, timeout=10)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_what_cannot_be_published_is_not_acknowledged(
    webhook: Webhook, capsys: pytest.CaptureFixture[str]
) -> None:
    class Down:
        def publish(self, *_args: object, **_more: object) -> str:
            raise AdapterError("pubsub", "unavailable", retryable=True)

    webhook.function.services.publisher = Down()
    assert webhook.deliver("delivered") == 503
    assert "bruno" not in capsys.readouterr().out


def test_a_key_that_is_none_lets_sendgrid_try_again_and_is_not_logged(
    webhook: Webhook, capsys: pytest.CaptureFixture[str]
) -> None:
    class WrongSecrets:
        def read(self, name: str) -> str:
            return f"no key at all for {name}"

    webhook.function.services.secrets = WrongSecrets()
    assert webhook.deliver("delivered") == 503
    assert webhook.published_nothing()
    logged = capsys.readouterr().out
    assert "store the verification key" in logged
    assert "no key at all" not in logged
