"""Outbox rows and alert deliveries: the same over documents in memory and over Firestore."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.adapters.firestore.alert_deliveries import FirestoreAlertDeliveries
from shared.adapters.firestore.alerts import FirestoreAlertLog
from shared.adapters.firestore.codec import decode
from shared.adapters.firestore.outbox import FirestoreOutbox
from shared.domain.alerts import Alert, AlertKey, AlertType
from shared.domain.errors import NotFound
from shared.ports.documents import Documents
from shared.ports.outbox import OutboxRow, OutboxState

NOW = datetime(2026, 11, 27, 21, 31, tzinfo=UTC)
ROW = OutboxRow(
    outbox_id="daily-2026-11-27~0123456789abcdef~1f3c9a02",
    to="ada@example.com",
    subject="SpreadPilot 2026-11-27",
    claimed_at=NOW,
)
ALERT = Alert(
    alert_type=AlertType.SIGNAL_INVALID,
    subject="D7 (Qty_Per_Leg)",
    message="Not a number.",
    session_date="2026-11-27",
    raised_at=NOW,
)


def stored(documents: Documents) -> OutboxRow:
    found = documents.get(f"emails/{ROW.outbox_id}")
    assert found is not None
    return decode(OutboxRow, found.data)


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
