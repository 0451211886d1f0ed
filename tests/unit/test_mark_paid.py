"""Marking by hand: once, with a name, and never beside a direct debit that is on its way."""

from __future__ import annotations

import pytest

from shared.domain.errors import InvalidInput
from shared.domain.payment_batches import LineState
from shared.domain.statements import StatementState
from shared.use_cases.import_payments import Outcome
from tests.payments import PaymentDesk, a_desk, a_statement, report

PAID = StatementState.PAID


def test_a_person_marks_a_transfer_and_the_same_again_changes_nothing() -> None:
    desk = PaymentDesk(a_statement())
    marked = desk.mark(by="  Ada   Byron ")
    assert (marked.state, marked.paid_by, marked.payment_reference) == (PAID, "Ada Byron", "B-77")
    assert desk.mark(by="Bob") == marked
    with pytest.raises(InvalidInput, match="is paid already"):
        desk.mark(reference="B-78")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"reference": " "}, "reference"),
        ({"reference": "x" * 141}, "reference"),
        ({"by": ""}, "by"),
        ({"on": "2026-12-04"}, "date: .* future"),
        ({"on": "2026-12-01"}, "date: .* before"),
        ({"on": "3.12.2026"}, "date"),
    ],
)
def test_an_impossible_mark_names_its_field(wrong: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        PaymentDesk(a_statement()).mark(**wrong)


def test_nobody_marks_what_is_not_there_or_asks_for_nothing() -> None:
    with pytest.raises(InvalidInput, match="has no statement of 2026-11"):
        PaymentDesk().mark()
    with pytest.raises(InvalidInput, match="nothing is due"):
        PaymentDesk(a_statement(due="0.00")).mark()


def test_what_is_on_its_way_is_marked_under_its_batch_alone() -> None:
    desk = a_desk()
    batch = desk.batch()
    with pytest.raises(InvalidInput, match=batch.batch_id):
        desk.mark()
    assert desk.mark(reference=batch.batch_id).state is PAID
    stored = desk.payment_batches.get(batch.batch_id)
    assert stored is not None
    assert stored.lines[0].state is LineState.COLLECTED
    # And the bank's own answer then finds its work done.
    (line,) = desk.bank_says(report(batch, group="ACSC"))
    assert line.outcome is Outcome.ALREADY
