"""Files that the bank cannot have meant: refused whole, naming the place, with nothing marked."""

from __future__ import annotations

import pytest

from shared.adapters.bank_answers import BankFiles
from shared.domain.errors import InvalidInput
from shared.domain.statements import StatementState
from tests.payments import PaymentDesk, a_desk, a_statement, credited, number, report, said

SENT = StatementState.SENT

_HEADER = "reference,amount,currency,date,bank_reference"


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("", "line 1"),
        ("reference,amount", "line 1"),
        (f"{_HEADER},colour\n", "line 1"),
        (f"{_HEADER},date\n", "line 1"),
        (f"{_HEADER}\nSP-2026-011001,163.18,EUR,2026-12-09", "line 2: has more or fewer"),
        (f"{_HEADER}\nSP-2026-011001,163.18,EUR,2026-12-09,B,x,y", "line 2: has more or fewer"),
        (f"{_HEADER}\nSP-2026-011001,163.18,EUR,9.12.26,B", "line 2, date"),
        (f'{_HEADER}\nSP-2026-011001,"163,18",EUR,2026-12-09,B', "line 2: amount"),
        (f"{_HEADER}\nSP-2026-011001,-163.18,EUR,2026-12-09,B", "line 2: amount"),
        (f"{_HEADER}\nSP-2026-011001,163.18,eur,2026-12-09,B", "line 2: currency"),
        (f"{_HEADER}\nSP-2026-011001,163.18,EUR,2026-12-09, ", "line 2: bank_reference"),
        (f"{_HEADER}\n,163.18,EUR,2026-12-09,B", "line 2: reference"),
        (f'{_HEADER}\n"SP"x,163.18,EUR,2026-12-09,B', "line 2: is no CSV"),
    ],
)
def test_a_broken_table_is_refused_whole_naming_the_line(document: str, place: str) -> None:
    desk = PaymentDesk(a_statement())
    with pytest.raises(InvalidInput, match=place):
        desk.bank_says(document)


def test_one_broken_line_keeps_the_good_ones_before_it_from_being_marked() -> None:
    desk = PaymentDesk(a_statement())
    good = f"{number()},163.18,EUR,2026-12-09,B-77,"
    with pytest.raises(InvalidInput, match="line 3"):
        desk.bank_says(credited(good, good.replace("163.18", "1")))
    assert desk.state() is SENT


def test_what_is_no_text_and_no_report_is_refused() -> None:
    for document in (b"\xff\xfe\x00", b"<html></html>", b"<Document", b"<!DOCTYPE a><a/>"):
        with pytest.raises(InvalidInput, match="file"):
            BankFiles().read(document)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("pain.002.001.10", "pain.002.001.02", "file"),
        ("<OrgnlMsgNmId>pain.008.001.08", "<OrgnlMsgNmId>pain.001.001.09", "OrgnlMsgNmId"),
        ("<OrgnlMsgId>", "<OrgnlMsgId/><Other>", "file|OrgnlMsgId"),
        ("<TxSts>ACSC", "<TxSts>GOOD", "TxInfAndSts 1"),
        ("2026-12-10T07", "10.12.2026T07", "CreDtTm"),
        (f"<OrgnlEndToEndId>{number()}", "<OrgnlEndToEndId>", "TxInfAndSts 1"),
        (">163.18<", ">163.185<", "InstdAmt"),
        ("<CstmrPmtStsRpt>", "<CstmrPmtStsRpt/><CstmrPmtStsRpt>", "CstmrPmtStsRpt"),
    ],
)
def test_a_broken_report_is_refused_whole_naming_the_place(old: str, new: str, where: str) -> None:
    desk = a_desk()
    document = report(desk.batch(), said(number(), "ACSC", amount="163.18"))
    assert old in document
    with pytest.raises(InvalidInput, match=where):
        desk.bank_says(document.replace(old, new))
    assert desk.state() is SENT
