"""SEPA direct debits as ISO 20022 pain.008.001.08, written with sepaxml.

The scheme's rules for the message:
https://www.europeanpaymentscouncil.eu/document-library/implementation-guidelines/sepa-direct-debit-core-customer-psp-implementation-guidelines
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import tostring

import sepaxml
import xmlschema
from defusedxml.ElementTree import fromstring

from shared.adapters.bank_details import sepa_text
from shared.domain.creditor import CreditorSettings
from shared.domain.errors import AdapterError
from shared.domain.payment_batches import BatchLine, PaymentBatch
from shared.domain.payments import Debit

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SCHEMA = "pain.008.001.08"
SCHEMA_FILE = Path(sepaxml.__file__).parent / "schemas" / f"{SCHEMA}.xsd"

_LONGEST_NAME, _LONGEST_TEXT = 70, 140
_NAMESPACE = f"{{urn:iso:std:iso:20022:tech:xsd:{SCHEMA}}}"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


class SepaDirectDebits:
    """`DirectDebitFile` as SEPA core direct debits, booked as one sum per kind of collection."""

    def render(
        self, batch: PaymentBatch, debits: Sequence[Debit], creditor: CreditorSettings
    ) -> bytes:
        """Write a batch; the same batch gives the same bytes.

        Raises:
            AdapterError: The file would not be valid against its schema.
        """
        written = fromstring(_written(batch, debits, creditor))
        _name(written, batch)
        document: bytes = _DECLARATION + tostring(written, encoding="utf-8")
        try:
            _schema().validate(document.decode())
        except xmlschema.XMLSchemaValidationError as error:
            # Its message quotes the element, and with it bank details.
            raise _invalid(error.path or "somewhere") from None
        return document


@cache
def _schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SCHEMA_FILE))


def _written(batch: PaymentBatch, debits: Sequence[Debit], creditor: CreditorSettings) -> bytes:
    order = sepaxml.SepaDD(
        {
            "name": sepa_text(creditor.name, longest=_LONGEST_NAME),
            "IBAN": creditor.iban,
            "BIC": creditor.bic,
            "batch": True,
            "creditor_id": creditor.creditor_id,
            "currency": "EUR",
            "instrument": "CORE",
        },
        schema=SCHEMA,
        clean=False,
    )
    with warnings.catch_warnings():
        # sepaxml asks elements for their truth, of which Python 3.12 and later warn.
        warnings.filterwarnings("ignore", "Testing an element's truth value", DeprecationWarning)
        for line, debit in zip(batch.lines, debits, strict=True):
            order.add_payment(_payment(batch, line, debit))
        document: bytes = order.export(validate=False)
    return document


def _payment(batch: PaymentBatch, line: BatchLine, debit: Debit) -> dict[str, object]:
    return {
        "name": debit.holder,
        "IBAN": debit.iban,
        "BIC": debit.bic,
        "amount": _cents(line),
        "type": str(line.sequence),
        "collection_date": date.fromisoformat(batch.collection_date),
        "mandate_id": line.mandate_id,
        "mandate_date": date.fromisoformat(debit.signed_on),
        "description": sepa_text(
            f"Commission {line.month} {line.statement_number}", longest=_LONGEST_TEXT
        ),
        "endtoend_id": line.statement_number,
    }


def _cents(line: BatchLine) -> int:
    cents = line.amount.scaleb(2)
    if cents != cents.to_integral_value():
        raise AdapterError("sepa", f"{line.statement_number} is not to the cent", retryable=False)
    return int(cents)


def _name(document: Element, batch: PaymentBatch) -> None:
    """Put our ids and our time in place of those that the library draws at random."""
    for path, text in (
        ("GrpHdr/MsgId", str(batch.batch_id)),
        ("GrpHdr/CreDtTm", f"{batch.made_at:%Y-%m-%dT%H:%M:%SZ}"),
    ):
        _one(document, path).text = text
    for part in document.iterfind(f"{_NAMESPACE}CstmrDrctDbtInitn/{_NAMESPACE}PmtInf"):
        sequence = part.findtext(f"{_NAMESPACE}PmtTpInf/{_NAMESPACE}SeqTp", "")
        for number in part.iterfind(f"{_NAMESPACE}PmtInfId"):
            number.text = f"{batch.batch_id}-{sequence}"


def _one(document: Element, path: str) -> Element:
    steps = "/".join(f"{_NAMESPACE}{step}" for step in ("CstmrDrctDbtInitn", *path.split("/")))
    found = document.find(steps)
    if found is None:
        raise _invalid(path)
    return found


def _invalid(where: str) -> AdapterError:
    return AdapterError("sepa", f"the file would not be valid at {where}", retryable=False)
