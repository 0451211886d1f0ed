"""Outbox rows and alert deliveries: the same over documents in memory and over Firestore."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from shared.adapters.firestore.alert_deliveries import FirestoreAlertDeliveries
from shared.adapters.firestore.alerts import FirestoreAlertLog
from shared.adapters.firestore.codec import decode
from shared.adapters.firestore.outbox import FirestoreOutbox
from shared.domain.alerts import Alert, AlertKey, AlertType
from shared.domain.errors import NotFound
from shared.domain.outbox import (
    MailEvent,
    MailEventKind,
    MailKind,
    OutboxRow,
    OutboxState,
    ResolvedBy,
    recipient_key,
)
from shared.ports.documents import Create, Documents

NOW = datetime(2026, 11, 27, 21, 31, tzinfo=UTC)
ROW = OutboxRow(
    outbox_id="daily-2026-11-27~0123456789abcdef~1f3c9a02",
    to="ada@example.com",
    subject="SpreadPilot 2026-11-27",
    claimed_at=NOW,
    cc=("ops@example.com",),
    kind=MailKind.DAY_SUMMARY,
    about="daily-2026-11-27",
    period="2026-11-27",
)
ALERT = Alert(
    alert_type=AlertType.SIGNAL_INVALID,
    subject="D7 (Qty_Per_Leg)",
    message="Not a number.",
    session_date="2026-11-27",
    raised_at=NOW,
)


def stored(documents: Documents, outbox_id: str = ROW.outbox_id) -> OutboxRow:
    found = documents.get(f"emails/{outbox_id}")
    assert found is not None
    return decode(OutboxRow, found.data)


def event_of(kind: MailEventKind, *, seconds: int = 0) -> MailEvent:
    return MailEvent(
        outbox_id=ROW.outbox_id,
        event_id=f"{kind}-{seconds}",
        kind=kind,
        recipient=recipient_key(ROW.to),
        occurred_at=NOW + timedelta(seconds=seconds),
        message_id="abc",
        reason="550 no such user" if kind is MailEventKind.BOUNCE else "",
    )


def test_a_row_is_claimed_once(documents: Documents) -> None:
    outbox = FirestoreOutbox(documents)
    assert [outbox.claim(ROW), outbox.claim(ROW)] == [True, False]
    assert stored(documents) == ROW


def test_a_sent_row_keeps_the_providers_id_and_is_never_claimed_again(
    documents: Documents,
) -> None:
    outbox = FirestoreOutbox(documents)
    outbox.claim(ROW)
    outbox.sent(ROW.outbox_id, message_id="abc")
    assert not outbox.claim(ROW)
    assert (stored(documents).state, stored(documents).message_id) == (OutboxState.SENT, "abc")


def test_a_refused_row_may_be_claimed_again(documents: Documents) -> None:
    outbox = FirestoreOutbox(documents)
    outbox.claim(ROW)
    outbox.refused(ROW.outbox_id, error="429: slow down")
    assert (stored(documents).state, stored(documents).error) == (
        OutboxState.REFUSED,
        "429: slow down",
    )
    assert outbox.claim(ROW)
    assert stored(documents) == ROW


def test_a_row_that_was_never_made_cannot_be_noted(documents: Documents) -> None:
    with pytest.raises(NotFound):
        FirestoreOutbox(documents).sent("no-such-row", message_id="abc")


def test_a_row_of_before_mails_had_a_kind_can_be_read_and_resolved(documents: Documents) -> None:
    old = {
        "outbox_id": ROW.outbox_id,
        "to": ROW.to,
        "subject": ROW.subject,
        "claimed_at": NOW,
        "state": "sending",
        "message_id": "",
        "error": "",
    }
    documents.commit([Create(path=f"emails/{ROW.outbox_id}", data=old)])
    assert stored(documents).kind is MailKind.UNKNOWN
    outbox = FirestoreOutbox(documents)
    assert not outbox.claim(ROW)
    assert [row.outbox_id for row in outbox.left_sending(NOW + timedelta(1))] == [ROW.outbox_id]
    outbox.resolve(ROW.outbox_id, event_of(MailEventKind.DELIVERED))
    assert stored(documents).state is OutboxState.DELIVERED


def test_events_leave_the_same_row_in_any_order_and_twice(documents: Documents) -> None:
    outbox = FirestoreOutbox(documents)
    story = [
        event_of(MailEventKind.PROCESSED),
        event_of(MailEventKind.DELIVERED, seconds=1),
        event_of(MailEventKind.BOUNCE, seconds=2),
    ]
    ends = set()
    for number, order in enumerate(permutations(story)):
        outbox_id = f"{ROW.outbox_id}-{number}"
        outbox.claim(replace(ROW, outbox_id=outbox_id))
        for event in [*order, *order]:
            outbox.resolve(outbox_id, event)
        ends.add(replace(stored(documents, outbox_id), outbox_id=""))
    (end,) = ends
    assert (end.state, end.error) == (OutboxState.BOUNCED, "550 no such user")
    assert (end.resolved_by, end.event_id) == (ResolvedBy.EVENT, "bounce-2")


def test_resolving_gives_the_row_as_it_now_is(documents: Documents) -> None:
    outbox = FirestoreOutbox(documents)
    outbox.claim(ROW)
    assert outbox.resolve(ROW.outbox_id, event_of(MailEventKind.DELIVERED)) == stored(documents)
    before = documents.get(f"emails/{ROW.outbox_id}")
    assert outbox.resolve(ROW.outbox_id, event_of(MailEventKind.PROCESSED)) == stored(documents)
    assert documents.get(f"emails/{ROW.outbox_id}") == before


def test_an_event_of_a_mail_without_a_row_makes_none(documents: Documents) -> None:
    event = replace(event_of(MailEventKind.DELIVERED), outbox_id="no-such-row")
    assert FirestoreOutbox(documents).resolve("no-such-row", event) is None
    assert documents.get("emails/no-such-row") is None


def test_an_answer_after_the_event_takes_nothing_back(documents: Documents) -> None:
    outbox = FirestoreOutbox(documents)
    outbox.claim(ROW)
    outbox.resolve(ROW.outbox_id, event_of(MailEventKind.BOUNCE))
    outbox.sent(ROW.outbox_id, message_id="abc")
    outbox.refused(ROW.outbox_id, error="500")
    assert stored(documents).state is OutboxState.BOUNCED
    assert not outbox.claim(ROW)


def test_an_answer_and_events_at_once_are_all_kept(documents: Documents) -> None:
    outbox = FirestoreOutbox(documents)
    outbox.claim(ROW)
    kinds = [MailEventKind.PROCESSED, MailEventKind.DELIVERED, MailEventKind.DEFERRED]
    with ThreadPoolExecutor(max_workers=4) as pool:
        told = [pool.submit(outbox.resolve, ROW.outbox_id, event_of(kind)) for kind in kinds]
        pool.submit(outbox.sent, ROW.outbox_id, message_id="abc").result()
        assert all(one.result() for one in told)
    end = stored(documents)
    assert (end.state, end.message_id) == (OutboxState.DELIVERED, "abc")


def test_only_rows_on_their_way_since_before_are_left_sending(documents: Documents) -> None:
    outbox = FirestoreOutbox(documents)
    for minutes, name in ((0, "old"), (10, "young"), (0, "sent"), (0, "told")):
        claimed_at = NOW + timedelta(minutes=minutes)
        outbox.claim(replace(ROW, outbox_id=name, claimed_at=claimed_at))
    outbox.sent("sent", message_id="abc")
    outbox.told_unresolved("told", at=NOW)
    left = outbox.left_sending(NOW + timedelta(minutes=10))
    assert [(row.outbox_id, row.unresolved_told_at) for row in left] == [
        ("old", None),
        ("told", NOW),
    ]


def test_what_people_were_told_is_noted_beside_the_state(documents: Documents) -> None:
    outbox = FirestoreOutbox(documents)
    outbox.claim(ROW)
    outbox.told_unresolved(ROW.outbox_id, at=NOW)
    outbox.resolve(ROW.outbox_id, event_of(MailEventKind.BOUNCE))
    outbox.told_bounced(ROW.outbox_id, at=NOW)
    end = stored(documents)
    assert (end.unresolved_told_at, end.bounce_told_at) == (NOW, NOW)
    assert end.state is OutboxState.BOUNCED


def test_deliveries_are_read_as_they_were_last_recorded(documents: Documents) -> None:
    log, deliveries = FirestoreAlertLog(documents), FirestoreAlertDeliveries(documents)
    log.record(ALERT)
    assert deliveries.of(ALERT.key) == {}
    log.delivered(ALERT.key, "telegram_1f3c9a02", error="chat not found", at=NOW)
    log.delivered(ALERT.key, "email_00c0ffee", error="", at=NOW)
    log.delivered(ALERT.key, "telegram_1f3c9a02", error="", at=NOW)
    assert deliveries.of(ALERT.key) == {"email_00c0ffee": "", "telegram_1f3c9a02": ""}


def test_an_alert_nobody_recorded_has_no_deliveries(documents: Documents) -> None:
    assert FirestoreAlertDeliveries(documents).of(AlertKey("no-such-alert")) == {}
