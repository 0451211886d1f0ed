"""Exporting payments: the batch, its file against its schema, and who is left out."""

from __future__ import annotations

import traceback
from dataclasses import replace
from decimal import Decimal

import pytest
import xmlschema
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.bank_details import RegisteredBankDetails
from shared.adapters.sepa import SCHEMA, SCHEMA_FILE, SepaDirectDebits
from shared.domain.creditor import CreditorSettings
from shared.domain.errors import AdapterError, Conflict, InvalidInput
from shared.domain.months import Month
from shared.domain.payment_batches import BatchId, BatchState, LineState, SequenceType, decided
from shared.domain.payments import Debit, NotDebited, debit_of, payable
from shared.domain.terms import BillingCurrency
from shared.use_cases.cancel_payment_batch import cancel_payment_batch
from shared.use_cases.export_payments import ExportPorts, export_batch_again, export_table
from tests.payments import (
    BIC,
    CREDITOR,
    DUTCH_BIC,
    DUTCH_IBAN,
    IBAN,
    NOVEMBER,
    PaymentDesk,
    a_desk,
    a_mandate,
    a_payee,
    a_statement,
    number,
    report,
    said,
)

DECEMBER = Month("2026-12")
_NS = {"p": f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"}
_SCHEMA = xmlschema.XMLSchema(str(SCHEMA_FILE))


def _a_debit() -> Debit:
    (payment,) = payable([a_statement()], payment_days=14)
    facts = RegisteredBankDetails().facts(iban=IBAN, bic=BIC, holder="Anna Berg")
    debit = debit_of(payment, a_payee(), facts, "2026-12-03")
    assert isinstance(debit, Debit)
    return debit


def _texts(data: bytes, path: str) -> list[str | None]:
    steps = "/".join(f"p:{step}" for step in path.split("/"))
    return [one.text for one in fromstring(data).findall(f".//{steps}", _NS)]


def test_the_file_is_valid_and_says_what_is_collected_from_whom() -> None:
    desk = a_desk(2)
    desk.put_payees(
        a_payee(2, iban=DUTCH_IBAN, mandate=a_mandate(2, bic=DUTCH_BIC, holder="Søren Müller"))
    )
    data = desk.export().data
    _SCHEMA.validate(data.decode())
    assert SCHEMA == "pain.008.001.08"
    assert _texts(data, "PmtId/EndToEndId") == [number(1), number(2)]
    assert _texts(data, "InstdAmt") == ["163.18", "163.18"]
    assert _texts(data, "Dbtr/Nm") == ["Anna Berg", "Soren Muller"]
    assert _texts(data, "DbtrAcct/Id/IBAN") == [IBAN, DUTCH_IBAN]
    assert _texts(data, "MndtRltdInf/MndtId") == ["SPM-0001", "SPM-0002"]
    assert _texts(data, "CdtrSchmeId/Id/PrvtId/Othr/Id") == ["DE98ZZZ09999999999"]
    assert _texts(data, "GrpHdr/CtrlSum") == ["326.36"]
    assert _texts(data, "GrpHdr/NbOfTxs") == ["2"]


def test_ids_and_times_of_the_file_are_ours() -> None:
    exported = a_desk().export()
    assert exported.batch is not None
    assert _texts(exported.data, "GrpHdr/MsgId") == [exported.batch.batch_id]
    assert _texts(exported.data, "PmtInf/PmtInfId") == [f"{exported.batch.batch_id}-FRST"]
    assert _texts(exported.data, "GrpHdr/CreDtTm") == ["2026-12-03T09:00:00Z"]
    assert len(f"{exported.batch.batch_id}-FRST") <= 35


@pytest.mark.parametrize(
    ("day", "collected_on"),
    [
        ("2026-12-03", "2026-12-08"),  # five days ahead is a Tuesday
        ("2026-12-01", "2026-12-07"),  # a Sunday; Monday instead
        ("2026-12-20", "2026-12-28"),  # Christmas Day is a Friday, its second day a Saturday
        ("2027-03-21", "2027-03-30"),  # Good Friday and Easter Monday are 26 and 29 March
    ],
)
def test_the_money_is_asked_for_on_an_open_day_at_least_five_ahead(
    day: str, collected_on: str
) -> None:
    desk = a_desk()
    desk.clock.set(desk.clock.now().fromisoformat(f"{day}T09:00:00+00:00"))
    data = desk.export().data
    assert _texts(data, "PmtInf/ReqdColltnDt") == [collected_on]


def test_the_same_again_is_the_same_batch_byte_for_byte() -> None:
    desk = a_desk(3)
    first = desk.export()
    desk.clock.advance(86_400)
    again = desk.export()
    assert first.is_new
    assert not again.is_new
    assert (again.data, again.batch, again.left_out) == (first.data, first.batch, ())
    assert len(desk.payment_batches.book().batches) == 1
    # On another machine, from the same books.
    assert a_desk(3).export().data == first.data


def test_what_is_in_an_open_batch_is_left_out_of_the_next_one() -> None:
    desk = a_desk(1)
    first = desk.batch()
    desk.put_statement(a_statement(2))
    desk.put_payees(a_payee(2))
    second = desk.export()
    assert second.batch is not None
    assert [line.statement_number for line in second.batch.lines] == [number(2)]
    (left_out,) = second.left_out
    assert (left_out.reason, left_out.payment.statement_number) == (NotDebited.IN_BATCH, number(1))
    assert first.batch_id in left_out.words


def test_where_everything_is_on_its_way_in_several_batches_nothing_is_exported() -> None:
    desk = a_desk(1)
    desk.batch()
    desk.put_statement(a_statement(2))
    desk.put_payees(a_payee(2))
    second = desk.export()
    third = desk.export()
    assert (third.data, third.batch, third.payments) == (b"", None, 0)
    assert [one.reason for one in third.left_out] == [NotDebited.IN_BATCH] * 2
    assert second.batch is not None
    again = export_batch_again(ExportPorts.of(desk), second.batch.batch_id)
    assert again.data == second.data


def test_a_batch_whose_bank_details_changed_is_not_written_again() -> None:
    desk = a_desk()
    batch = desk.batch()
    desk.put_payees(a_payee(iban="DE02120300000000202051"))
    with pytest.raises(InvalidInput, match="changed since"):
        export_batch_again(ExportPorts.of(desk), batch.batch_id)
    assert desk.export().left_out[0].reason is NotDebited.IN_BATCH


def test_an_unknown_batch_is_not_written_again() -> None:
    with pytest.raises(InvalidInput, match="no open batch"):
        export_batch_again(ExportPorts.of(a_desk()), BatchId("SPDD-0"))


def test_a_canceled_batch_frees_its_statements_under_another_id() -> None:
    desk = a_desk(2)
    first = desk.batch()
    cancel_payment_batch(
        desk.payment_batches, batch_id=first.batch_id, by="Ada", reason="wrong account"
    )
    second = desk.export()
    assert second.is_new
    assert second.batch is not None
    assert second.batch.batch_id != first.batch_id
    assert second.payments == 2
    assert desk.export().batch == second.batch
    # Nothing was ever collected under these mandates.
    assert {line.sequence for line in second.batch.lines} == {SequenceType.FIRST}


def test_canceling_needs_a_person_a_reason_and_a_batch_without_money() -> None:
    desk = a_desk()
    batches, batch = desk.payment_batches, desk.batch()
    with pytest.raises(InvalidInput, match="both needed"):
        cancel_payment_batch(batches, batch_id=batch.batch_id, by=" ", reason="x")
    with pytest.raises(InvalidInput, match="no batch"):
        cancel_payment_batch(batches, batch_id=BatchId("SPDD-0"), by="Ada", reason="x")
    once = cancel_payment_batch(batches, batch_id=batch.batch_id, by="Ada", reason="x")
    again = cancel_payment_batch(batches, batch_id=batch.batch_id, by="Bob", reason="y")
    assert (once.state, again) == (BatchState.CANCELED, once)


def test_what_the_bank_collected_cannot_be_canceled() -> None:
    desk = a_desk(2)
    batch = desk.batch()
    desk.bank_says(report(batch, said(number(1), "ACSC")))
    with pytest.raises(InvalidInput, match="collected 1"):
        cancel_payment_batch(
            desk.payment_batches, batch_id=batch.batch_id, by="Ada", reason="too late"
        )


def test_the_first_collection_of_a_mandate_is_said_so_and_the_next_recurs() -> None:
    desk = a_desk(2)
    november = desk.batch()
    assert {line.sequence for line in november.lines} == {SequenceType.FIRST}
    desk.bank_says(report(november, said(number(1), "ACSC"), said(number(2), "RJCT", code="AC04")))
    for count in (1, 2):
        desk.put_statement(a_statement(count, month=DECEMBER))
    december = desk.export(DECEMBER)
    assert december.batch is not None
    # The second mandate's first collection failed: it is still to come.
    assert [line.sequence for line in december.batch.lines] == ["RCUR", "FRST"]
    _SCHEMA.validate(december.data.decode())
    assert sorted(map(str, _texts(december.data, "PmtTpInf/SeqTp"))) == ["FRST", "RCUR"]
    assert _texts(december.data, "GrpHdr/CtrlSum") == ["326.36"]


def test_a_mandate_of_two_followers_debits_neither() -> None:
    desk = a_desk(2)
    desk.put_payees(a_payee(2, mandate=a_mandate(1)))
    assert [one.reason for one in desk.export().left_out] == [NotDebited.MANDATE_SHARED] * 2


def test_paid_statements_and_other_months_are_nobodys_business() -> None:
    desk = a_desk(2)
    desk.put_statement(a_statement(1, month=DECEMBER))
    desk.mark()
    batch = desk.batch()
    assert [line.statement_number for line in batch.lines] == [number(2)]


def test_a_table_makes_no_batch_and_holds_what_cannot_be_debited() -> None:
    desk = PaymentDesk(a_statement(1), a_statement(2, currency=BillingCurrency.USD), creditor=None)
    exported = export_table(ExportPorts.of(desk), NOVEMBER)
    assert exported.payments == 2
    assert desk.payment_batches.book().batches == ()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (replace(CREDITOR, name=""), "name is missing"),
        (replace(CREDITOR, iban="DE88370400440532013000"), "check digits"),
        (replace(CREDITOR, iban="TR330006100519786457841326"), "outside of SEPA"),
        (replace(CREDITOR, bic="COBA"), "bic is no BIC"),
        (replace(CREDITOR, bic=DUTCH_BIC), "different countries"),
        (replace(CREDITOR, creditor_id="DE97ZZZ09999999999"), "creditor_id"),
    ],
)
def test_nobody_collects_with_wrong_settings(wrong: CreditorSettings, words: str) -> None:
    desk = PaymentDesk(a_statement(), creditor=wrong)
    with pytest.raises(InvalidInput, match=words) as caught:
        desk.export()
    assert caught.value.field == "settings/billing"
    assert "370400440532013000" not in str(caught.value)


def test_missing_settings_are_all_told_at_once() -> None:
    with pytest.raises(InvalidInput, match=r"name.*creditor_id.*iban.*bic"):
        PaymentDesk(a_statement(), creditor=None).export()


def test_two_exports_at_once_make_one_batch() -> None:
    desk = a_desk(2)
    seen = desk.payment_batches.book().made
    first = desk.batch()
    with pytest.raises(Conflict, match="export again"):
        desk.payment_batches.open(replace(first, batch_id=BatchId("SPDD-OTHER")), seen=seen)
    assert len(desk.payment_batches.book().batches) == 1


def test_what_the_schema_refuses_is_not_written_and_no_error_shows_bank_details() -> None:
    desk = a_desk()
    batch = desk.batch()
    long = replace(batch, lines=(replace(batch.lines[0], mandate_id="M" * 36),))
    with pytest.raises(AdapterError, match=r"not be valid at .*MndtId") as caught:
        SepaDirectDebits().render(long, [_a_debit()], CREDITOR)
    assert IBAN not in "".join(traceback.format_exception(caught.value))


def test_half_a_cent_is_never_collected() -> None:
    desk = PaymentDesk(a_statement(due="1.005"))
    desk.put_payees(a_payee())
    with pytest.raises(AdapterError, match="not to the cent"):
        desk.export()
    assert desk.payment_batches.book().batches == ()


@settings(max_examples=20)
@given(
    st.lists(st.integers(1, 99_999_999), min_size=1, max_size=12),
    st.sets(st.integers(1, 12)),
)
def test_the_control_sum_is_the_sum_of_the_payments_to_the_cent(
    cents: list[int], without_mandate: set[int]
) -> None:
    desk = PaymentDesk(
        *(
            a_statement(count, str(Decimal(amount).scaleb(-2)))
            for count, amount in enumerate(cents, start=1)
        )
    )
    debited = [count for count in range(1, len(cents) + 1) if count not in without_mandate]
    desk.put_payees(*(a_payee(count) for count in debited))
    exported = desk.export()
    owed = sum((Decimal(cents[count - 1]).scaleb(-2) for count in debited), Decimal(0))
    assert len(exported.left_out) + exported.payments == len(cents)
    if not debited:
        assert exported.data == b""
        return
    assert exported.batch is not None
    assert exported.batch.total == owed
    assert _texts(exported.data, "GrpHdr/CtrlSum") == [f"{owed:.2f}"]
    assert sum(Decimal(str(one)) for one in _texts(exported.data, "InstdAmt")) == owed


def test_a_rejected_line_is_debited_again_and_a_collected_one_is_not() -> None:
    desk = a_desk(2)
    batch = desk.batch()
    desk.bank_says(report(batch, said(number(1), "RJCT", code="AM04"), said(number(2), "ACCC")))
    stored = desk.payment_batches.get(batch.batch_id)
    assert stored == decided(
        decided(batch, number(1), LineState.REJECTED, reason="AM04: not enough money"),
        number(2),
        LineState.COLLECTED,
    )
    again = desk.batch()
    assert [line.statement_number for line in again.lines] == [number(1)]
