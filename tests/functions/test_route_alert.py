"""route_alert as deployed: framework, Firestore, Secret Manager, Telegram, SendGrid on sockets."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping

import pytest

from shared.adapters.alert_message import to_message
from shared.adapters.firestore.alert_deliveries import FirestoreAlertDeliveries
from shared.domain.alerts import Alert, AlertType
from tests.booked_day import OPEN_AT, put_recipients
from tests.fakes.clock import ManualClock
from tests.functions.outside import Outside
from tests.functions.served import ServedFunction

ALERT = Alert(
    alert_type=AlertType.SIGNAL_INVALID,
    subject="D7 (Qty_Per_Leg)",
    message="Cell D7 holds <ten> & not a number. Mend it before 09:40 New York.",
    session_date="2026-11-27",
    raised_at=OPEN_AT,
)


@pytest.fixture
def function(world: Outside) -> Iterator[ServedFunction]:
    world.tell("telegram", "PUT", "chats/-100", {"type": "group", "title": "Operators"})
    put_recipients(world.documents, chats=("-100",), emails=("ada@spreadpilot.example",))
    with world.function("route_alert", ManualClock(OPEN_AT)) as served:
        yield served


def push(function: ServedFunction, data: Mapping[str, object], *, attempt: int = 1) -> int:
    message = {
        "data": base64.b64encode(json.dumps(data).encode()).decode(),
        "attributes": {},
        "messageId": "7",
        "publishTime": "2026-11-27T14:30:00Z",
    }
    body = {"message": message, "subscription": "projects/p/subscriptions/s"}
    return function.post(json.dumps({**body, "deliveryAttempt": attempt}).encode())


def test_an_alert_reaches_telegram_and_mail(world: Outside, function: ServedFunction) -> None:
    assert push(function, to_message(ALERT)) == 204
    (chat,) = world.messages("telegram")
    assert chat["parse_mode"] == "HTML"
    assert str(chat["text"]).split("\n") == [
        "\N{LARGE RED CIRCLE} The signal cannot be read",
        "CRITICAL \N{MIDDLE DOT} D7 (Qty_Per_Leg)",
        "",
        "Cell D7 holds <ten> & not a number. Mend it before 09:40 New York.",
        "",
        "Session 2026-11-27 \N{MIDDLE DOT} 09:30:00 New York",
        "Open in the dashboard",
    ]
    (mail,) = world.messages("sendgrid")
    assert "ada@spreadpilot.example" in json.dumps(mail)
    assert set(FirestoreAlertDeliveries(world.documents).of(ALERT.key).values()) == {""}


def test_the_same_fact_again_tells_nobody(world: Outside, function: ServedFunction) -> None:
    assert [push(function, to_message(ALERT)) for _ in range(3)] == [204, 204, 204]
    assert push(function, to_message(ALERT), attempt=2) == 204
    assert len(world.messages("telegram")) == len(world.messages("sendgrid")) == 1


def test_a_telegram_outage_is_covered_by_mail(world: Outside, function: ServedFunction) -> None:
    world.tell("telegram", "POST", "reset")
    assert push(function, to_message(ALERT)) == 204
    assert world.messages("telegram") == []
    assert len(world.messages("sendgrid")) == 1


def test_where_nobody_can_be_told_the_push_comes_back_and_then_tells(
    world: Outside, function: ServedFunction
) -> None:
    world.tell("telegram", "POST", "reset")
    put_recipients(world.documents, chats=("-100",))
    assert push(function, to_message(ALERT)) == 503
    world.tell("telegram", "PUT", "chats/-100", {"type": "group", "title": "Operators"})
    assert push(function, to_message(ALERT), attempt=2) == 204
    assert len(world.messages("telegram")) == 1


@pytest.mark.parametrize(
    "data",
    [{}, {**to_message(ALERT), "alert_type": "NOT_IN_THE_CATALOG"}, {"type": "something"}],
)
def test_a_message_that_is_no_alert_is_acknowledged_and_dropped(
    world: Outside, function: ServedFunction, data: dict[str, object]
) -> None:
    assert push(function, data) == 204
    assert world.messages("telegram") == []


def test_a_body_that_is_no_push_is_acknowledged(function: ServedFunction) -> None:
    assert function.post(b"\xff not json") == 204
