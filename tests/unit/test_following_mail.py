"""What people are told of mail: that it came back, and that nobody knows; each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.firestore.outbox import FirestoreOutbox
from shared.domain.alerts import Alert, AlertType
from shared.domain.errors import AdapterError
from shared.domain.outbox import MailEvent, MailEventKind, MailKind, OutboxRow, recipient_key
from shared.use_cases.record_mail_event import MailEventPorts, record_mail_event
from shared.use_cases.tell_unresolved_mail import tell_unresolved_mail
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments

# 23:50 in New York on the 30th; half an hour later it is December there as well.
CLAIMED_AT = datetime(2026, 12, 1, 4, 50, tzinfo=UTC)
ROW = OutboxRow(
    outbox_id="monthly-2026-11-bruno~0123456789abcdef~1f3c9a02",
    to="bruno@example.com",
    subject="SpreadPilot monthly report - 2026-11",
    claimed_at=CLAIMED_AT,
    kind=MailKind.MONTHLY_REPORT,
    about="monthly-2026-11-bruno",
    follower_id="bruno",
    period="2026-11",
)


class Alarm:
    """Keeps alerts; fails as often as it is told."""

    def __init__(self) -> None:
        self.raised: list[Alert] = []
        self.failures = 0

    def raise_alert(self, alert: Alert) -> None:
        if self.failures:
            self.failures -= 1
            raise AdapterError("pubsub", "unavailable", retryable=True)
        self.raised.append(alert)


class Desk:
    def __init__(self, row: OutboxRow = ROW) -> None:
        self.outbox = FirestoreOutbox(InMemoryDocuments())
        self.outbox.claim(row)
        self.alarm = Alarm()
        self.clock = ManualClock(CLAIMED_AT)
        self.ports = MailEventPorts(clock=self.clock, outbox=self.outbox, alarm=self.alarm)

    def event(self, kind: MailEventKind, *, outbox_id: str = ROW.outbox_id) -> MailEvent:
        return MailEvent(
            outbox_id=outbox_id,
            event_id=f"id-{kind}",
            kind=kind,
            recipient=recipient_key(ROW.to),
            occurred_at=CLAIMED_AT,
            reason="550 no such user",
        )


def test_mail_that_came_back_is_told_once_with_whose_it_is_and_why() -> None:
    desk = Desk()
    for kind in (MailEventKind.BOUNCE, MailEventKind.BOUNCE, MailEventKind.DROPPED):
        record_mail_event(desk.event(kind), desk.ports)
    (alert,) = desk.alarm.raised
    assert alert.alert_type is AlertType.MAIL_BOUNCED
    assert (alert.follower_id, alert.subject) == ("bruno", "bruno monthly-2026-11-bruno")
    assert "did not reach bruno: 550 no such user" in alert.message
    assert "@" not in alert.message


def test_mail_that_arrived_is_told_to_nobody() -> None:
    desk = Desk()
    record_mail_event(desk.event(MailEventKind.DELIVERED), desk.ports)
    assert desk.alarm.raised == []


def test_an_alarm_that_failed_is_raised_by_the_repeat() -> None:
    desk = Desk()
    desk.alarm.failures = 1
    with pytest.raises(AdapterError):
        record_mail_event(desk.event(MailEventKind.BOUNCE), desk.ports)
    record_mail_event(desk.event(MailEventKind.BOUNCE), desk.ports)
    assert len(desk.alarm.raised) == 1


def test_an_event_of_mail_without_a_row_changes_nothing() -> None:
    desk = Desk()
    event = desk.event(MailEventKind.BOUNCE, outbox_id="NO_MARGIN~2026-11-27~bruno~email_00c0ffee")
    assert record_mail_event(event, desk.ports) is None
    assert desk.alarm.raised == []


@pytest.mark.parametrize(("minutes", "told"), [(29, 0), (30, 0), (31, 1)])
def test_half_an_hour_is_waited_for(minutes: int, told: int) -> None:
    desk = Desk()
    desk.clock.set(CLAIMED_AT + timedelta(minutes=minutes))
    assert len(tell_unresolved_mail(desk.ports)) == told


def test_a_mail_nobody_heard_of_is_told_once_under_a_key_that_does_not_change() -> None:
    desk = Desk()
    desk.clock.advance(3600)
    desk.alarm.failures = 1
    with pytest.raises(AdapterError):
        tell_unresolved_mail(desk.ports)
    desk.clock.advance(24 * 3600)
    assert tell_unresolved_mail(desk.ports) == (ROW.outbox_id,)
    assert tell_unresolved_mail(desk.ports) == ()
    (alert,) = desk.alarm.raised
    assert alert.key == f"MAIL_UNRESOLVED~2026-11-30~{ROW.outbox_id}"
    assert "@" not in alert.message


@pytest.mark.parametrize("kind", list(MailEventKind))
def test_any_event_settles_that_a_mail_went_out(kind: MailEventKind) -> None:
    desk = Desk()
    record_mail_event(desk.event(kind), desk.ports)
    desk.clock.advance(3600)
    assert tell_unresolved_mail(desk.ports) == ()
