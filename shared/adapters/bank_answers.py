"""The bank's files: a status report (pain.002), or a CSV of what was credited.

The CSV is UTF-8 with commas, quotes as in RFC 4180, and a line of names first:

| column | what |
|---|---|
| reference | the statement's number, `SP-2026-000017` |
| amount | what was credited, with a point and two decimals |
| currency | EUR or USD |
| date | of the credit, `2026-12-15` |
| bank_reference | the bank's reference of that credit, at most 140 characters |
| batch | optional: the batch that collected it; empty for a transfer |
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from shared.adapters.pain002 import read_report
from shared.domain.bank_lines import BankLine, Verdict
from shared.domain.errors import InvalidInput
from shared.domain.sessions import as_session_date

REQUIRED = ("reference", "amount", "currency", "date", "bank_reference")
OPTIONAL = ("batch",)

_AMOUNT = re.compile(r"[0-9]{1,9}\.[0-9]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_LONGEST_REFERENCE = 140


class BankFiles:
    """`BankAnswers` in files; which format it is, the file itself says."""

    def read(self, document: bytes) -> tuple[BankLine, ...]:
        """Read a whole file, in its order.

        Raises:
            InvalidInput: It is neither, or a line cannot be read, naming the line.
        """
        if document.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
            return read_report(document)
        try:
            text = document.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidInput("file", "is neither XML nor UTF-8 text") from error
        return tuple(_credits(text))


def _credits(text: str) -> Iterator[BankLine]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _check_names(tuple(reader.fieldnames or ()))
        for row in reader:
            yield _credit(row, f"line {reader.line_num}")
    except csv.Error as error:
        raise InvalidInput(f"line {reader.line_num + 1}", f"is no CSV: {error}") from error


def _check_names(names: tuple[str, ...]) -> None:
    if set(names) - set(OPTIONAL) != set(REQUIRED) or len(set(names)) < len(names):
        raise InvalidInput(
            "line 1", f"names the columns {', '.join(REQUIRED)}, and {', '.join(OPTIONAL)} or not"
        )


def _credit(row: Mapping[str | None, str | None], where: str) -> BankLine:
    if None in row or None in row.values():
        raise InvalidInput(where, "has more or fewer cells than the first line")
    cells = {str(name): str(value).strip() for name, value in row.items()}
    if not _AMOUNT.fullmatch(cells["amount"]):
        raise InvalidInput(where, "amount is written like 163.18: a point and two decimals")
    if not _CURRENCY.fullmatch(cells["currency"]):
        raise InvalidInput(where, "currency is three capital letters")
    if not 1 <= len(cells["bank_reference"]) <= _LONGEST_REFERENCE:
        raise InvalidInput(where, f"bank_reference has 1 to {_LONGEST_REFERENCE} characters")
    if not cells["reference"]:
        raise InvalidInput(where, "reference is missing")
    return BankLine(
        where=where,
        verdict=Verdict.PAID,
        reference=cells["reference"],
        batch_id=cells.get("batch", ""),
        amount=Decimal(cells["amount"]),
        currency=cells["currency"],
        on=as_session_date(cells["date"], field=f"{where}, date"),
        bank_reference=cells["bank_reference"],
    )
