"""Private data, billing settings, numbers and batches, over memory and over Firestore."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.adapters.firestore.billing import FirestoreBilling
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.payees import FirestorePayees
from shared.adapters.firestore.payment_batches import FirestorePaymentBatches
from shared.adapters.firestore.statement_numbers import FirestoreStatementNumbers
from shared.domain.creditor import CreditorSettings
from shared.domain.errors import Conflict, InvalidInput, InvariantBroken
from shared.domain.followers import FollowerId
from shared.domain.payees import Payee
from shared.domain.payment_batches import (
    BatchId,
    BatchLine,
    LineState,
    PaymentBatch,
    SequenceType,
    decided,
)
from shared.ports.documents import Documents, Replace
from tests.payments import CREDITOR, IBAN, NOVEMBER, a_payee, a_statement, number

ANNA = FollowerId("f-0001")
BATCH = PaymentBatch(
    batch_id=BatchId("SPDD-0000000000000000000A"),
    made_at=datetime(2026, 12, 3, 9, 0, tzinfo=UTC),
    collection_date="2026-12-08",
    lines=(
        BatchLine(
            statement_number=number(),
            month=NOVEMBER,
            follower_id=ANNA,
            mandate_id="SPM-0001",
            amount=Decimal("163.18"),
            sequence=SequenceType.FIRST,
        ),
    ),
)
LATER = replace(
    BATCH, batch_id=BatchId("SPDD-00000000000000000001"), made_at=datetime(2026, 12, 4, tzinfo=UTC)
)


def _put(documents: Documents, path: str, data: dict[str, object]) -> None:
    documents.commit([Replace(path=path, data=data)])


def test_private_data_come_back_as_they_were_written(documents: Documents) -> None:
    payees = FirestorePayees(documents)
    assert payees.get(ANNA) is None
    second = Payee(follower_id=FollowerId("f-0002"), email="b@followers.example")
    for one in (second, a_payee()):
        _put(documents, f"followers_private/{one.follower_id}", encode(one))
    assert payees.get(ANNA) == a_payee()
    assert payees.all() == (a_payee(), second)


def test_private_data_that_cannot_be_read_hold_up_nobody_else_and_stay_private(
    documents: Documents, capsys: pytest.CaptureFixture[str]
) -> None:
    payees = FirestorePayees(documents)
    _put(documents, "followers_private/f-0001", {"follower_id": "f-0001", "iban": [IBAN]})
    _put(documents, "followers_private/f-0002", encode(a_payee(2)))
    assert payees.all() == (a_payee(2),)
    shown = capsys.readouterr().out
    assert "followers_private/f-0001" in shown
    assert IBAN not in shown
    with pytest.raises(InvalidInput) as caught:
        payees.get(ANNA)
    assert IBAN not in str(caught.value)


def test_billing_settings_have_defaults(documents: Documents) -> None:
    billing = FirestoreBilling(documents)
    assert billing.creditor() == CreditorSettings()
    _put(documents, "settings/billing", encode(CREDITOR))
    assert billing.creditor() == CREDITOR


def test_a_statement_is_found_by_its_number(documents: Documents) -> None:
    numbers = FirestoreStatementNumbers(documents)
    draft = replace(a_statement(2), number="")
    for one in (a_statement(), draft):
        _put(documents, f"commission_monthly/{one.statement_id}", encode(one))
    assert numbers.numbered(number()) == a_statement()
    assert numbers.numbered("SP-2026-999999") is None
    assert numbers.numbered("") is None
    _put(documents, "commission_monthly/2026-12~f-0001", encode(a_statement()))
    with pytest.raises(InvariantBroken, match="two statements"):
        numbers.numbered(number())


def test_batches_are_read_in_the_order_of_their_making(documents: Documents) -> None:
    batches = FirestorePaymentBatches(documents)
    assert batches.book().batches == ()
    batches.open(BATCH, seen=0)
    batches.open(LATER, seen=1)
    assert (batches.book().batches, batches.book().made) == ((BATCH, LATER), 2)
    assert batches.get(BATCH.batch_id) == BATCH
    assert batches.get(BatchId("SPDD-1")) is None


def test_a_batch_is_made_only_on_the_newest_book(documents: Documents) -> None:
    batches = FirestorePaymentBatches(documents)
    batches.open(BATCH, seen=0)
    with pytest.raises(Conflict, match="export again"):
        batches.open(LATER, seen=0)
    with pytest.raises(Conflict):
        batches.open(BATCH, seen=1)
    assert (batches.book().batches, batches.book().made) == ((BATCH,), 1)


def test_a_batch_is_moved_on_only_from_what_was_read(documents: Documents) -> None:
    batches = FirestorePaymentBatches(documents)
    batches.open(BATCH, seen=0)
    rejected = decided(BATCH, number(), LineState.REJECTED, reason="AC04: account closed")
    batches.replace(rejected, before=BATCH)
    with pytest.raises(Conflict, match="changed meanwhile"):
        batches.replace(decided(BATCH, number(), LineState.COLLECTED), before=BATCH)
    assert batches.get(BATCH.batch_id) == rejected
    with pytest.raises(Conflict):
        batches.replace(LATER, before=LATER)
