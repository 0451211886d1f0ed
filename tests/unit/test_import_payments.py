"""What the bank says of payments, and marking by hand: paid once and in full, or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.payment_batches import LineState
from shared.domain.statements import Statement, StatementState, paid
from shared.use_cases.cancel_payment_batch import cancel_payment_batch
from shared.use_cases.import_payments import Outcome
from tests.payments import (
    IBAN,
    PaymentDesk,
    a_desk,
    a_statement,
    credited,
    number,
    report,
    said,
)

PAID, SENT = StatementState.PAID, StatementState.SENT


def _credit(
    count: int = 1,
    amount: str = "163.18",
    *,
    currency: str = "EUR",
    on: str = "2026-12-09",
    bank_reference: str = "B-77",
    batch: str = "",
) -> str:
    return f"{number(count)},{amount},{currency},{on},{bank_reference},{batch}"


def _outcomes(desk: PaymentDesk, document: str) -> list[Outcome]:
    return [line.outcome for line in desk.bank_says(document)]


@pytest.mark.parametrize("status", ["ACSC", "ACCC"])
@pytest.mark.parametrize("version", ["001.03", "001.10"])
def test_what_the_bank_settled_is_paid(status: str, version: str) -> None:
    desk = a_desk()
    batch = desk.batch()
    (line,) = desk.bank_says(
        report(batch, said(number(), status, amount="163.18"), version=version)
    )
    assert (line.reference, line.outcome, line.words) == (number(), Outcome.MARKED, "")
    statement = desk.statement()
    assert (statement.state, statement.paid_on) == (PAID, "2026-12-10")
    assert (statement.payment_reference, statement.paid_by) == (batch.batch_id, "bank")
    stored = desk.payment_batches.get(batch.batch_id)
    assert stored is not None
    assert stored.lines[0].state is LineState.COLLECTED


@pytest.mark.parametrize("status", ["ACSP", "ACCP", "ACTC", "PDNG", "RCVD"])
def test_what_is_being_settled_is_no_money_yet(status: str) -> None:
    desk = a_desk()
    (line,) = desk.bank_says(report(desk.batch(), said(number(), status)))
    assert line.outcome is Outcome.PENDING
    assert status in line.words
    assert desk.state() is SENT


def test_a_rejection_says_why_and_leaves_the_statement_open() -> None:
    desk = a_desk()
    (line,) = desk.bank_says(report(desk.batch(), said(number(), "RJCT", code="AC04")))
    assert (line.outcome, line.words) == (Outcome.REJECTED, "AC04: account closed")
    assert desk.state() is SENT


def test_the_same_report_again_changes_nothing() -> None:
    desk = a_desk(2)
    document = report(desk.batch(), said(number(1), "ACSC"), said(number(2), "RJCT", code="AM04"))
    desk.bank_says(document)
    before = desk.statement(1), desk.payment_batches.book()
    assert _outcomes(desk, document) == [Outcome.ALREADY, Outcome.REJECTED]
    assert (desk.statement(1), desk.payment_batches.book()) == before


def test_a_status_of_the_whole_group_counts_for_every_line() -> None:
    desk = a_desk(3)
    assert _outcomes(desk, report(desk.batch(), group="ACSC")) == [Outcome.MARKED] * 3
    assert [desk.state(count) for count in (1, 2, 3)] == [PAID] * 3


def test_what_is_said_of_one_payment_outweighs_what_is_said_of_all() -> None:
    desk = a_desk(3)
    document = report(
        desk.batch(), said(number(2), "RJCT", code="MD01"), group="PART", parts={"FRST": "ACSC"}
    )
    lines = {line.reference: line.outcome for line in desk.bank_says(document)}
    assert lines == {
        number(1): Outcome.MARKED,
        number(2): Outcome.REJECTED,
        number(3): Outcome.MARKED,
    }


def test_what_is_said_of_a_kind_of_collections_outweighs_what_is_said_of_the_group() -> None:
    desk = a_desk(2)
    document = report(desk.batch(), group="ACSP", parts={"FRST": "ACSC"})
    assert _outcomes(desk, document) == [Outcome.MARKED] * 2


def test_a_status_of_the_recurring_collections_is_not_one_of_the_first() -> None:
    desk = a_desk(2)
    assert _outcomes(desk, report(desk.batch(), parts={"RCUR": "RJCT"})) == []


def test_a_collection_given_back_is_left_to_a_person() -> None:
    desk = a_desk()
    batch = desk.batch()
    desk.bank_says(report(batch, said(number(), "ACSC")))
    (line,) = desk.bank_says(report(batch, said(number(), "RJCT", code="MD06")))
    assert line.outcome is Outcome.REFUSED
    assert "gives it back (MD06" in line.words
    assert desk.state() is PAID


def test_money_of_a_canceled_batch_is_left_to_a_person() -> None:
    desk = a_desk()
    batch = desk.batch()
    cancel_payment_batch(desk.payment_batches, batch_id=batch.batch_id, by="Ada", reason="x")
    (line,) = desk.bank_says(report(batch, said(number(), "ACSC")))
    assert (line.outcome, desk.state()) == (Outcome.REFUSED, SENT)
    assert "canceled" in line.words


def test_a_rejected_line_that_is_then_settled_is_left_to_a_person() -> None:
    desk = a_desk()
    batch = desk.batch()
    desk.bank_says(report(batch, said(number(), "RJCT", code="AM04")))
    (line,) = desk.bank_says(report(batch, said(number(), "ACSC")))
    assert (line.outcome, desk.state()) == (Outcome.REFUSED, SENT)


def test_a_report_on_a_batch_or_a_payment_that_is_not_ours_is_refused() -> None:
    desk = a_desk()
    batch = desk.batch()
    stranger = replace(batch, batch_id=type(batch.batch_id)("SPDD-OTHER"))
    for document in (
        report(stranger, said(number(), "ACSC")),
        report(batch, said("SP-2026-999999", "ACSC")),
        report(batch, said(IBAN, "ACSC")),
    ):
        (line,) = desk.bank_says(document)
        assert line.outcome is Outcome.REFUSED
        assert IBAN not in repr(line)
    assert desk.state() is SENT


@pytest.mark.parametrize(
    ("amount", "words"),
    [("100.00", "partial payment: 100.00 of 163.18 EUR"), ("163.19", "over-payment: 163.19 for")],
)
def test_partial_payments_and_over_payments_mark_nothing(amount: str, words: str) -> None:
    desk = a_desk()
    batch = desk.batch()
    (line,) = desk.bank_says(report(batch, said(number(), "ACSC", amount=amount)))
    assert line.outcome is Outcome.REFUSED
    assert words in line.words
    transfers = PaymentDesk(a_statement())
    (line,) = transfers.bank_says(credited(_credit(amount=amount)))
    assert line.outcome is Outcome.REFUSED
    assert words in line.words
    assert (desk.state(), transfers.state()) == (SENT, SENT)


def test_a_transfer_is_marked_under_the_banks_reference_once() -> None:
    desk = PaymentDesk(a_statement(1), a_statement(2))
    document = credited(_credit(1), _credit(2, bank_reference="B-78"))
    assert _outcomes(desk, document) == [Outcome.MARKED] * 2
    assert (desk.statement(2).payment_reference, desk.statement(2).paid_on) == (
        "B-78",
        "2026-12-09",
    )
    assert _outcomes(desk, document) == [Outcome.ALREADY] * 2


def test_a_second_transfer_for_one_statement_is_refused() -> None:
    desk = PaymentDesk(a_statement())
    lines = desk.bank_says(credited(_credit(), _credit(bank_reference="B-99")))
    assert [line.outcome for line in lines] == [Outcome.MARKED, Outcome.REFUSED]
    assert "is paid already, on 2026-12-09 under 'B-77'" in lines[1].words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (_credit(currency="USD"), "paid in USD, and is due in EUR"),
        (_credit(on="2026-12-11"), "in the future"),
        (_credit(on="2026-12-01"), "before the statement was issued"),
        (_credit(batch="SPDD-OTHER"), "no batch of ours"),
        (f"{IBAN},163.18,EUR,2026-12-09,B-77,", "no statement of ours"),
    ],
)
def test_a_credit_that_does_not_fit_is_refused_with_words(line: str, words: str) -> None:
    desk = PaymentDesk(a_statement())
    (answer,) = desk.bank_says(credited(line))
    assert answer.outcome is Outcome.REFUSED
    assert words in answer.words
    assert IBAN not in repr(answer)
    assert desk.state() is SENT


@pytest.mark.parametrize(
    "state", [StatementState.PROVISIONAL, StatementState.HELD, StatementState.PAID]
)
def test_only_what_asks_for_money_is_marked(state: StatementState) -> None:
    desk = PaymentDesk(replace(a_statement(state=state), paid_on="2026-12-03"))
    assert _outcomes(desk, credited(_credit())) == [Outcome.REFUSED]
    assert desk.state() is state


def test_a_transfer_beside_a_direct_debit_needs_a_decision() -> None:
    desk = a_desk(2)
    batch = desk.batch()
    (line,) = desk.bank_says(credited(_credit(1)))
    assert line.outcome is Outcome.REFUSED
    assert batch.batch_id in line.words
    assert _outcomes(desk, credited(_credit(1, batch=batch.batch_id))) == [Outcome.MARKED]
    stored = desk.payment_batches.get(batch.batch_id)
    assert stored is not None
    assert [one.state for one in stored.lines] == [LineState.COLLECTED, LineState.UNDECIDED]


def test_what_was_interrupted_between_statement_and_batch_is_completed_by_the_next_import() -> None:
    desk = a_desk()
    batch = desk.batch()
    document = report(batch, group="ACSC")

    desk.statements.replace(
        paid(desk.statement(), on="2026-12-10", reference=batch.batch_id, by="bank"),
        before=desk.statement(),
    )
    assert desk.export().payments == 0  # paid: in no batch again
    assert _outcomes(desk, document) == [Outcome.ALREADY]
    stored = desk.payment_batches.get(batch.batch_id)
    assert stored is not None
    assert stored.lines[0].state is LineState.COLLECTED


@settings(max_examples=20)
@given(st.integers(1, 8), st.sets(st.integers(1, 8)), st.booleans())
def test_an_exports_acceptance_marks_every_statement_exactly_once(
    followers: int, rejected: set[int], is_wide: bool
) -> None:
    desk = a_desk(followers)
    batch = desk.batch()
    counts = range(1, followers + 1)
    good = [count for count in counts if count not in rejected]
    answers = [
        said(
            number(count),
            "RJCT" if count in rejected else "ACSC",
            code="AM04" * (count in rejected),
        )
        for count in counts
        if count in rejected or not is_wide
    ]
    parts = {"FRST": "ACSC"} if is_wide else None
    document = report(batch, *answers, group="PART", parts=parts)
    first = desk.bank_says(document)
    assert sorted(line.reference for line in first if line.outcome is Outcome.MARKED) == [
        number(count) for count in good
    ]
    marked = {count: desk.statement(count) for count in counts}
    assert {line.outcome for line in desk.bank_says(document)} <= {
        Outcome.ALREADY,
        Outcome.REJECTED,
    }
    assert {count: desk.statement(count) for count in counts} == marked
    assert [count for count, one in marked.items() if _is_paid(one)] == good


def _is_paid(statement: Statement) -> bool:
    return statement.state is PAID
