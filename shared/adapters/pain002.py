"""The bank's status report on our direct debits: ISO 20022 pain.002, versions 001.03 and 001.10.

https://www.iso20022.org/catalogue-messages/iso-20022-messages-archive?search=pain.002; statuses are
those of the external code set ExternalPaymentTransactionStatus1Code
(https://www.iso20022.org/catalogue-messages/additional-content-messages/external-code-sets).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from shared.domain.bank_lines import BankLine, Verdict
from shared.domain.errors import InvalidInput

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

VERSIONS = ("pain.002.001.03", "pain.002.001.10")

_VERDICTS = {
    # The account of the debtor, of the creditor: only then is there money.
    **dict.fromkeys(("ACSC", "ACCC"), Verdict.PAID),
    **dict.fromkeys(("RJCT", "CANC"), Verdict.REJECTED),
    **dict.fromkeys(
        ("RCVD", "PDNG", "ACTC", "ACFC", "ACCP", "ACWC", "ACSP", "PART", "PATC"), Verdict.PENDING
    ),
}
# "Guidance on reason codes for SEPA direct debit R-transactions", EPC173-14:
# https://www.europeanpaymentscouncil.eu/document-library/guidance-documents/guidance-reason-codes-sepa-direct-debit-r-transactions
_REASONS = {
    "AC01": "account number wrong",
    "AC04": "account closed",
    "AC06": "account blocked",
    "AC13": "account of a consumer",
    "AG01": "no direct debits on this account",
    "AG02": "operation code wrong",
    "AM04": "not enough money",
    "AM05": "collected twice",
    "BE05": "creditor identifier wrong",
    "CNOR": "creditor's bank not registered",
    "DNOR": "debtor's bank not registered",
    "MD01": "no valid mandate",
    "MD06": "disputed by the debtor",
    "MD07": "debtor deceased",
    "MS02": "refused by the debtor",
    "MS03": "reason not told",
    "RC01": "BIC wrong",
    "SL01": "service of the debtor's bank",
}
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
_ROOT = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:(pain\.002\.001\.[0-9]{2})\}Document")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Report:
    """One report: its namespace, and what all of its lines have in common."""

    prefix: str
    common: BankLine

    def text(self, element: Element, path: str) -> str:
        return (element.findtext(self._path(path)) or "").strip()

    def parts(self, element: Element, path: str) -> list[Element]:
        return element.findall(self._path(path))

    def _path(self, path: str) -> str:
        return "/".join(self.prefix + step for step in path.split("/"))


def read_report(document: bytes) -> tuple[BankLine, ...]:
    """Read a status report.

    Raises:
        InvalidInput: It is no report on direct debits of a known version, or a status, date or
            amount in it cannot be read, naming the place.
    """
    try:
        root = fromstring(document)
    except (ParseError, DefusedXmlException) as error:
        raise InvalidInput("file", f"is no readable XML ({type(error).__name__})") from error
    version = _ROOT.fullmatch(root.tag)
    if version is None or version[1] not in VERSIONS:
        raise InvalidInput("file", f"is no {' or '.join(VERSIONS)}: its root is {root.tag[:80]!r}")
    prefix = root.tag.removesuffix("Document")
    bare = BankLine(where="", verdict=Verdict.PENDING, on="")
    report = _Report(prefix=prefix, common=bare)
    bodies = report.parts(root, "CstmrPmtStsRpt")
    if len(bodies) != 1:
        raise InvalidInput("CstmrPmtStsRpt", f"is there {len(bodies)} times, not once")
    return tuple(_lines(_with_common(report, bodies[0]), bodies[0]))


def _with_common(report: _Report, body: Element) -> _Report:
    answered = report.text(body, "OrgnlGrpInfAndSts/OrgnlMsgNmId")
    if not answered.startswith("pain.008"):
        raise InvalidInput("OrgnlMsgNmId", f"{answered[:35]!r} is no direct debit (pain.008)")
    batch_id = report.text(body, "OrgnlGrpInfAndSts/OrgnlMsgId")
    if not batch_id:
        raise InvalidInput("OrgnlMsgId", "is missing: nobody knows which batch this answers")
    on = _date(report.text(body, "GrpHdr/CreDtTm"), "GrpHdr/CreDtTm")
    return replace(report, common=replace(report.common, batch_id=batch_id, on=on))


def _lines(report: _Report, body: Element) -> Iterator[BankLine]:
    for group in report.parts(body, "OrgnlGrpInfAndSts"):
        yield from _wide(report, group, "GrpSts")
    for number, part in enumerate(report.parts(body, "OrgnlPmtInfAndSts"), start=1):
        where = f"OrgnlPmtInfAndSts {number}"
        part_id = report.text(part, "OrgnlPmtInfId")
        batch_id, _, sequence = part_id.rpartition("-")
        for line in _wide(report, part, "PmtInfSts"):
            if batch_id != report.common.batch_id:
                raise InvalidInput(where, f"OrgnlPmtInfId {part_id[:35]!r} is none of the batch")
            yield replace(line, where=where, sequence=sequence)
        for count, payment in enumerate(report.parts(part, "TxInfAndSts"), start=1):
            yield _single(report, payment, f"{where}, TxInfAndSts {count}")


def _wide(report: _Report, element: Element, name: str) -> Iterator[BankLine]:
    """A status of many payments; PART says only that each has its own."""
    status = report.text(element, name)
    if status and status != "PART":
        yield replace(
            report.common,
            where=name,
            verdict=_verdict(status, name),
            reason=_reason(report, element) or status,
        )


def _single(report: _Report, payment: Element, where: str) -> BankLine:
    reference = report.text(payment, "OrgnlEndToEndId")
    if not reference:
        raise InvalidInput(where, "OrgnlEndToEndId is missing")
    status = report.text(payment, "TxSts")
    accepted = report.text(payment, "AccptncDtTm")
    amount, currency = _amount(report, payment, where)
    return replace(
        report.common,
        where=where,
        reference=reference,
        verdict=_verdict(status, where),
        on=_date(accepted, where) if accepted else report.common.on,
        amount=amount,
        currency=currency,
        bank_reference=report.text(payment, "AcctSvcrRef"),
        reason=_reason(report, payment) or status,
    )


def _amount(report: _Report, payment: Element, where: str) -> tuple[Decimal | None, str]:
    found = report.parts(payment, "OrgnlTxRef/Amt/InstdAmt")
    if not found:
        return None, ""
    text = (found[0].text or "").strip()
    if not _AMOUNT.fullmatch(text):
        raise InvalidInput(where, "InstdAmt is no amount with at most two decimals")
    return Decimal(text), found[0].get("Ccy", "")


def _verdict(status: str, where: str) -> Verdict:
    verdict = _VERDICTS.get(status)
    if verdict is None:
        raise InvalidInput(where, f"status {status[:35]!r} is none of {', '.join(_VERDICTS)}")
    return verdict


def _reason(report: _Report, element: Element) -> str:
    """The code and what it means; the bank's own words may hold an IBAN and are left out."""
    code = report.text(element, "StsRsnInf/Rsn/Cd") or report.text(element, "StsRsnInf/Rsn/Prtry")
    return f"{code}: {_REASONS[code]}" if code in _REASONS else code[:35]


def _date(text: str, where: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError as error:
        raise InvalidInput(where, f"{text[:35]!r} begins with no date") from error
