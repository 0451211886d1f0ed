"""The stand-in's events: what it posts to a webhook, read by the adapter over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import time

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.adapters.sendgrid import SendGridMailer
from shared.adapters.sendgrid_events import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    EventRefusal,
    ReadEvents,
    read_events,
    refusal_of,
)
from shared.domain.outbox import MailEventKind, recipient_key
from shared.ports.mail import Mail
from tests.builders import NOON
from tests.fakes.async_clock import AsyncManualClock
from tests.sandbox import sendgrid
from tests.sandbox.control import Json
from tests.sandbox.sendgrid_deliveries import Deliveries
from tests.sandbox.sendgrid_events import EventSigner, Message
from tests.sandbox.serving import serve_in_thread

MAIL = Mail(
    to="anna@example.com",
    cc=("ops@example.com",),
    subject="Your statement",
    text="Hello Anna",
    html="<p>Hello Anna</p>",
    outbox_id="monthly-2026-11-anna~0123456789abcdef~1f3c9a02",
)
SIGNER = EventSigner()


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """What a webhook was sent, and the stand-in that sends it."""

    url: str
    base_url: str
    message_id: str
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def deliver(self, *kinds: str, **more: Json) -> int:
        asked: dict[str, Json] = {
            "url": self.url,
            "outbox_id": MAIL.outbox_id,
            "events": list(kinds),
            **more,
        }
        answer = requests.post(f"{self.base_url}/_sandbox/events", json=asked, timeout=10)
        answer.raise_for_status()
        return int(answer.json()["status"])

    def read(self) -> ReadEvents:
        return read_events(self.bodies[-1])

    def refusal(self) -> EventRefusal | None:
        headers = self.headers[-1]
        return refusal_of(
            self.bodies[-1],
            signature=headers.get(SIGNATURE_HEADER.lower(), ""),
            timestamp=headers.get(TIMESTAMP_HEADER.lower(), ""),
            public_key=SIGNER.public_key,
            now=datetime.fromtimestamp(time(), tz=UTC),
            oldest=timedelta(minutes=10),
        )


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    bodies: list[bytes] = []
    headers: list[dict[str, str]] = []

    async def receive(request: Request) -> Response:
        bodies.append(await request.body())
        headers.append(dict(request.headers))
        return Response(status_code=204)

    receiver = Starlette(routes=[Route("/", receive, methods=["POST"])])
    app = sendgrid.create_app(signer=SIGNER)
    with serve_in_thread(app) as base_url, serve_in_thread(receiver) as url:
        mailer = SendGridMailer(
            api_key="SG.sandbox",
            sender_email="reports@spreadpilot.example",
            sender_name="SpreadPilot",
            base_url=base_url,
        )
        message_id = mailer.send(MAIL)
        yield Webhook(
            url=url + "/",
            base_url=base_url,
            message_id=message_id,
            bodies=bodies,
            headers=headers,
        )


def test_a_batch_is_an_array_with_our_arguments_beside_sendgrids_members(webhook: Webhook) -> None:
    assert webhook.deliver("processed", "bounce", unix_time=1_796_131_800) == 204
    batch = json.loads(webhook.bodies[-1])
    assert webhook.bodies[-1].endswith(b"]\r\n")
    assert [entry["event"] for entry in batch] == ["processed", "bounce"]
    for entry in batch:
        assert (entry["outbox_id"], entry["email"]) == (MAIL.outbox_id, "anna@example.com")
        assert entry["sg_message_id"].startswith(f"{webhook.message_id}.")
        assert {"timestamp", "smtp-id", "sg_event_id"} < set(entry)
    assert batch[1]["reason"] == "500 unknown recipient"


def test_the_adapter_reads_every_kind(webhook: Webhook) -> None:
    webhook.deliver(*MailEventKind, "open", reason="550 no such user", others=3)
    found = webhook.read()
    assert [event.kind for event in found.events] == list(MailEventKind)
    assert {event.message_id for event in found.events} == {webhook.message_id}
    assert {event.recipient for event in found.events} == {recipient_key(MAIL.to)}
    assert [event.reason for event in found.events[-2:]] == ["550 no such user"] * 2
    assert (found.ignored, found.unreadable) == (4, 0)


def test_a_copys_events_name_the_copy(webhook: Webhook) -> None:
    webhook.deliver("bounce", email=MAIL.cc[0])
    (event,) = webhook.read().events
    assert event.recipient == recipient_key("ops@example.com")


def test_events_come_twice_and_in_any_order_with_the_same_ids(webhook: Webhook) -> None:
    webhook.deliver("processed", "delivered", unix_time=1000)
    once = [event.event_id for event in webhook.read().events]
    webhook.deliver("processed", "delivered", unix_time=1000, copies=2, reversed=True)
    assert [event.event_id for event in webhook.read().events] == list(reversed(once)) * 2


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({}, None),
        ({"signature": "wrong"}, EventRefusal.FORGED),
        ({"signature": "none"}, EventRefusal.UNSIGNED),
        ({"age_seconds": 3600}, EventRefusal.STALE),
    ],
    ids=str,
)
def test_signatures_are_right_wrong_missing_or_old(
    webhook: Webhook, told: dict[str, Json], refusal: EventRefusal | None
) -> None:
    webhook.deliver("delivered", **told)
    assert webhook.refusal() is refusal


def test_mail_that_was_never_accepted_has_no_events(webhook: Webhook) -> None:
    with pytest.raises(requests.HTTPError):
        webhook.deliver("delivered", outbox_id="no-such-mail")


def test_in_the_sandbox_mail_is_delivered_half_a_minute_of_market_time_later(
    webhook: Webhook,
) -> None:
    message: Message = {
        "message_id": "abc",
        "body": {
            "personalizations": [{"to": [{"email": MAIL.to}]}],
            "custom_args": {"outbox_id": MAIL.outbox_id},
        },
    }

    async def play() -> None:
        clock = AsyncManualClock(NOON)
        Deliveries(clock, SIGNER, webhook.url).accepted(message)
        await clock.advance(29)
        assert webhook.bodies == []
        await clock.advance(1)
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    asyncio.run(play())
    assert webhook.refusal() is None
    assert [(event.kind, event.occurred_at) for event in webhook.read().events] == [
        (MailEventKind.PROCESSED, NOON),
        (MailEventKind.DELIVERED, NOON + timedelta(seconds=1)),
    ]
