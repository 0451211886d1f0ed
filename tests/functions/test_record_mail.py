"""record_mail as deployed: framework, Firestore and Pub/Sub on sockets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.adapters.firestore.codec import decode
from shared.adapters.firestore.outbox import FirestoreOutbox
from shared.adapters.sendgrid_events import to_messages
from shared.domain.alerts import Alert, AlertType
from shared.domain.outbox import (
    MailEvent,
    MailEventKind,
    MailKind,
    OutboxRow,
    OutboxState,
    recipient_key,
)
from tests.booked_day import ROLLED_UP_AT
from tests.fakes.clock import ManualClock
from tests.functions.outside import Outside
from tests.functions.served import ServedFunction

ROW = OutboxRow(
    outbox_id="monthly-2026-11-bruno~0123456789abcdef~1f3c9a02",
    to="bruno@example.com",
    cc=("ops@example.com",),
    subject="SpreadPilot monthly report - 2026-11",
    claimed_at=ROLLED_UP_AT,
    kind=MailKind.MONTHLY_REPORT,
    about="monthly-2026-11-bruno",
    follower_id="bruno",
    period="2026-11",
)


@pytest.fixture
def function(world: Outside) -> Iterator[ServedFunction]:
    FirestoreOutbox(world.documents).claim(ROW)
    with world.function("record_mail", ManualClock(ROLLED_UP_AT)) as served:
        yield served


def event_of(kind: MailEventKind, *, to: str = ROW.to, outbox_id: str = ROW.outbox_id) -> MailEvent:
    return MailEvent(
        outbox_id=outbox_id,
        event_id=f"{kind}-{to}",
        kind=kind,
        recipient=recipient_key(to),
        occurred_at=ROLLED_UP_AT,
        message_id="abc",
        reason="550 no such user",
    )


def push(function: ServedFunction, *events: MailEvent) -> int:
    (message,) = to_messages(events)
    return function.push(message)


def stored(world: Outside) -> OutboxRow:
    found = world.documents.get(f"emails/{ROW.outbox_id}")
    assert found is not None
    return decode(OutboxRow, found.data)


def test_events_resolve_the_row_late_twice_and_in_any_order(
    world: Outside, function: ServedFunction
) -> None:
    delivered, processed = (
        event_of(kind) for kind in (MailEventKind.DELIVERED, MailEventKind.PROCESSED)
    )
    assert push(function, delivered, processed, delivered) == 204
    assert push(function, processed) == 204
    assert (stored(world).state, stored(world).message_id) == (OutboxState.DELIVERED, "abc")


def test_a_report_that_came_back_is_told_once(world: Outside, function: ServedFunction) -> None:
    assert push(function, event_of(MailEventKind.BOUNCE)) == 204
    assert push(function, event_of(MailEventKind.BOUNCE), event_of(MailEventKind.DROPPED)) == 204
    function.services.alarm.raise_alert(_marker())
    told, marker = world.published("alerts", 2)
    assert (told["alert_type"], told["follower_id"]) == ("MAIL_BOUNCED", "bruno")
    assert "550 no such user" in str(told["message"])
    assert marker["subject"] == "marker"


def test_a_copy_that_came_back_is_not_the_followers_mail(
    world: Outside, function: ServedFunction
) -> None:
    assert push(function, event_of(MailEventKind.BOUNCE, to="ops@example.com")) == 204
    assert stored(world).state is OutboxState.SENT


def test_events_of_mail_without_a_row_are_acknowledged(
    world: Outside, function: ServedFunction
) -> None:
    alert_mail = event_of(MailEventKind.DELIVERED, outbox_id="NO_MARGIN~2026-11-27~x~email_00")
    assert push(function, alert_mail, event_of(MailEventKind.DELIVERED)) == 204
    assert stored(world).state is OutboxState.DELIVERED


def test_the_tick_tells_once_of_a_mail_nobody_heard_of(
    world: Outside, function: ServedFunction
) -> None:
    function.clock.set(ROLLED_UP_AT + timedelta(minutes=29))
    assert function.push({}) == 204
    function.clock.set(ROLLED_UP_AT + timedelta(minutes=31))
    assert [function.push({}), function.push({})] == [204, 204]
    function.services.alarm.raise_alert(_marker())
    told, marker = world.published("alerts", 2)
    assert (told["alert_type"], told["subject"]) == ("MAIL_UNRESOLVED", ROW.outbox_id)
    assert "@" not in str(told["message"])
    assert marker["subject"] == "marker"
    assert stored(world).state is OutboxState.SENDING


@pytest.mark.parametrize("data", [{"events": [{"outbox_id": 1}]}, {"event": "delivered"}])
def test_a_message_that_is_none_is_acknowledged_and_changes_nothing(
    world: Outside, function: ServedFunction, data: dict[str, object]
) -> None:
    assert function.push(data) == 204
    assert stored(world) == ROW


def _marker() -> Alert:
    """The last alert of a test: what stands before it is all there was."""
    return Alert(
        alert_type=AlertType.COMPONENT_DOWN,
        subject="marker",
        message="The test ends.",
        session_date="2026-11-27",
        raised_at=ROLLED_UP_AT,
    )
