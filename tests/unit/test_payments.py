"""Payments: which there are, which can be collected, and how bank details are read."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.bank_details import RegisteredBankDetails, sepa_text
from shared.domain.creditor import is_creditor_id
from shared.domain.errors import InvalidInput, InvariantBroken
from shared.domain.payees import Payee, masked_iban
from shared.domain.payments import Debit, LeftOut, NotDebited, debit_of, is_bic_of_iban, payable
from shared.domain.payments_csv import COLUMNS, payments_csv
from shared.domain.statements import Statement, StatementState
from shared.domain.terms import BillingCurrency
from tests.payments import (
    BIC,
    CREDITOR,
    DUTCH_BIC,
    DUTCH_IBAN,
    IBAN,
    a_mandate,
    a_payee,
    a_statement,
    with_mandate,
)

_DETAILS = RegisteredBankDetails()
_TODAY = "2026-12-03"


def _decided(payee: Payee | None, statement: Statement | None = None) -> Debit | LeftOut:
    (payment,) = payable([statement or a_statement()], payment_days=14)
    mandate = None if payee is None else payee.mandate
    facts = _DETAILS.facts(
        iban="" if payee is None else payee.iban,
        bic="" if mandate is None else mandate.bic,
        holder="" if mandate is None else mandate.holder,
    )
    return debit_of(payment, payee, facts, _TODAY)


def test_a_payment_quotes_its_statement_and_is_due_two_weeks_after_issue() -> None:
    (payment,) = payable([a_statement()], payment_days=14)
    assert payment.reference == payment.statement_number == "SP-2026-011001"
    assert payment.amount == Decimal("163.18")
    # Issued at 00:10 New York on 2026-12-02.
    assert payment.due_date == "2026-12-16"


@pytest.mark.parametrize("state", list(StatementState))
def test_only_issued_and_sent_statements_ask_for_money(state: StatementState) -> None:
    found = payable([a_statement(state=state)], payment_days=14)
    assert len(found) == (state in (StatementState.ISSUED, StatementState.SENT))


def test_a_statement_of_nothing_asks_for_nothing() -> None:
    assert payable([a_statement(due="0.00")], payment_days=14) == ()


def test_payments_stand_in_order_of_their_numbers() -> None:
    numbers = [one.statement_number for one in payable(map(a_statement, (3, 1, 2)), payment_days=1)]
    assert numbers == sorted(numbers)


def test_an_issued_statement_without_a_number_is_a_broken_book() -> None:
    with pytest.raises(InvariantBroken):
        payable([replace(a_statement(), number="")], payment_days=14)


def test_a_good_account_under_a_good_mandate_is_debited() -> None:
    debit = _decided(a_payee(iban="de89 3704 0044 0532 0130 00"))
    assert isinstance(debit, Debit)
    assert (debit.iban, debit.bic, debit.holder) == (IBAN, BIC, "Anna Berg")


def test_a_name_that_sepa_refuses_is_written_in_its_letters() -> None:
    debit = _decided(a_payee(mandate=a_mandate(holder="Søren Müller-Łuczak & Søn")))
    assert isinstance(debit, Debit)
    assert debit.holder == "Soren Muller-Luczak + Son"


_MANDATE = a_mandate()


@pytest.mark.parametrize(
    ("payee", "reason", "words"),
    [
        (None, NotDebited.NO_IBAN, "no IBAN on record"),
        (a_payee(iban=" "), NotDebited.NO_IBAN, "no IBAN on record"),
        (a_payee(iban=IBAN[:-1]), NotDebited.IBAN_WRONG, "length"),
        (a_payee(iban="DE88" + IBAN[4:]), NotDebited.IBAN_WRONG, "check digits"),
        (a_payee(iban="XX" + IBAN[2:]), NotDebited.IBAN_WRONG, "country"),
        (a_payee(iban="DE89-37040044053201300"), NotDebited.IBAN_WRONG, "DE"),
        (a_payee(iban="TR330006100519786457841326"), NotDebited.NOT_SEPA, "in TR"),
        (with_mandate(a_payee(), None), NotDebited.NO_MANDATE, "no direct-debit mandate"),
        (a_payee(mandate=a_mandate(mandate_id="")), NotDebited.MANDATE_INCOMPLETE, "mandate_id"),
        (a_payee(mandate=a_mandate(signed_on="")), NotDebited.MANDATE_INCOMPLETE, "signed_on"),
        (a_payee(mandate=a_mandate(holder="")), NotDebited.MANDATE_INCOMPLETE, "holder"),
        (a_payee(mandate=a_mandate(bic=" ")), NotDebited.MANDATE_INCOMPLETE, "bic"),
        (a_payee(mandate=a_mandate(holder="…")), NotDebited.MANDATE_INCOMPLETE, "holder"),
        (a_payee(mandate=a_mandate(mandate_id="M" * 36)), NotDebited.MANDATE_WRONG, "35 at most"),
        (a_payee(mandate=a_mandate(mandate_id="Ü-1")), NotDebited.MANDATE_WRONG, "characters"),
        (a_payee(mandate=a_mandate(mandate_id="/M1")), NotDebited.MANDATE_WRONG, "characters"),
        (a_payee(mandate=a_mandate(mandate_id="M//1")), NotDebited.MANDATE_WRONG, "characters"),
        (a_payee(mandate=a_mandate(signed_on="15.1.26")), NotDebited.MANDATE_WRONG, "no date"),
        (a_payee(mandate=a_mandate(signed_on="2026-12-04")), NotDebited.MANDATE_WRONG, "future"),
        (a_payee(mandate=a_mandate(bic="COBADE")), NotDebited.BIC_WRONG, "no BIC"),
        (a_payee(mandate=a_mandate(bic=DUTCH_BIC)), NotDebited.BIC_ELSEWHERE, "bank in NL"),
    ],
)
def test_what_cannot_be_debited_says_why_and_never_the_iban(
    payee: Payee | None, reason: NotDebited, words: str
) -> None:
    left_out = _decided(payee)
    assert isinstance(left_out, LeftOut)
    assert left_out.reason is reason
    assert words in left_out.words
    if payee is not None and payee.iban.strip():
        assert payee.iban not in repr(left_out)
        assert payee.iban[4:-4] not in repr(left_out)


def test_dollars_are_never_debited() -> None:
    left_out = _decided(a_payee(), a_statement(currency=BillingCurrency.USD))
    assert isinstance(left_out, LeftOut)
    assert left_out.reason is NotDebited.NOT_EUR


def test_a_bank_in_jersey_keeps_british_accounts() -> None:
    assert is_bic_of_iban("JE", "GB")
    assert is_bic_of_iban("RE", "FR")
    assert not is_bic_of_iban("GB", "FR")


@given(st.text(max_size=40))
def test_no_wrong_iban_ever_shows(text: str) -> None:
    facts = _DETAILS.facts(iban=text, bic=text, holder=text)
    if not facts.iban:
        assert facts.iban_fault
        assert len(text) < 9 or text not in facts.iban_fault


@given(st.text(max_size=200))
def test_any_text_becomes_one_that_every_bank_accepts(text: str) -> None:
    written = sepa_text(text, longest=70)
    assert len(written) <= 70
    assert written == written.strip()
    assert all(one.isascii() and (one.isalnum() or one in "/-?:().,'+ ") for one in written)
    assert sepa_text(written, longest=70) == written


def test_greek_and_cyrillic_names_stay_readable() -> None:
    assert sepa_text("Γεωργία Παπαδάκη", longest=70) == "Georgia Papadake"
    assert sepa_text("Иван Петров", longest=70) == "Ivan Petrov"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("DE98ZZZ09999999999", True),  # the Bundesbank's example
        ("de98 zzz 09999999999", True),
        ("DE98ABC09999999999", True),  # the business code is outside the check
        ("NL98ZZZ999999990000", False),
        ("DE97ZZZ09999999999", False),
        ("DE98ZZZ", False),
        ("", False),
    ],
)
def test_a_creditor_id_is_known_by_its_check_digits(text: str, good: bool) -> None:
    assert is_creditor_id(text) is good


@pytest.mark.parametrize(
    ("payment_days", "notice_days", "field"),
    [(0, 5, "payment_days"), (91, 5, "payment_days"), (14, 4, "notice_days"), (14, 31, "notice")],
)
def test_terms_that_nobody_can_keep_are_refused(
    payment_days: int, notice_days: int, field: str
) -> None:
    with pytest.raises(InvalidInput, match=field):
        replace(CREDITOR, payment_days=payment_days, notice_days=notice_days)


def _rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def test_the_table_has_one_row_per_payment_with_every_column() -> None:
    payments = payable(
        [
            a_statement(1, name='Anna "A" Berg, Köln'),
            a_statement(2, "2000.5", currency=BillingCurrency.USD),
        ],
        payment_days=14,
    )
    first = a_payee(1, iban="nl91 abna 0417 1643 00")
    data = payments_csv(payments, {first.follower_id: first})
    assert data.startswith(b"\xef\xbb\xbfstatement_number,follower_id,")
    assert data.count(b"\r\n") == data.count(b"\n") == 3
    assert _rows(data) == [
        list(COLUMNS),
        [
            *("SP-2026-011001", "f-0001", 'Anna "A" Berg, Köln', "2026-11", "EUR", "163.18"),
            *(DUTCH_IBAN, "SPM-0001", "2026-12-16", "SP-2026-011001"),
        ],
        [
            *("SP-2026-011002", "f-0002", "Anna Berg", "2026-11", "USD", "2000.50"),
            *("", "", "2026-12-16", "SP-2026-011002"),
        ],
    ]


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "+49 30",
        "-Anna",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        "  =cmd|'/c calc'!A0",
        "\N{FULLWIDTH EQUALS SIGN}1",
    ],
)
def test_no_name_becomes_a_formula(name: str) -> None:
    (payment,) = payable([a_statement(name=name)], payment_days=14)
    assert _rows(payments_csv([payment], {}))[1][2] == f"'{name}"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=5))
def test_any_name_comes_back_out_of_the_table(names: list[str]) -> None:
    statements = [a_statement(count, name=name) for count, name in enumerate(names, start=1)]
    rows = _rows(payments_csv(payable(statements, payment_days=14), {}))
    assert [row[2].removeprefix("'") for row in rows[1:]] == [
        name.removeprefix("'") for name in names
    ]
    assert not any(cell.lstrip(" ")[:1] in set("=+-@\t\r\n") - {""} for row in rows for cell in row)


def test_a_masked_iban_shows_country_and_end() -> None:
    assert masked_iban("nl91 abna 0417 1643 00") == "NL…4300"
