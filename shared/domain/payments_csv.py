"""Payments as a table for a spreadsheet or for bookkeeping.

RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180): commas, CRLF, quotes where needed. UTF-8 with a
byte order mark, without which Excel takes names for Windows-1252. One row per payment:

| column | what |
|---|---|
| statement_number | `SP-2026-000017` |
| follower_id | ours |
| name | of the follower, as on the statement |
| month | billed month, `2026-11` |
| currency | EUR or USD |
| amount | with a point and two decimals, no thousands |
| iban | as on record, compact; empty where there is none |
| mandate_id | of his direct-debit mandate; empty where there is none |
| due_date | `2026-12-15` |
| reference | what a transfer has to quote |

A text that a spreadsheet would take for a formula begins with an apostrophe
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from shared.domain.followers import FollowerId
from shared.domain.payees import Payee
from shared.domain.payments import Payment

COLUMNS = (
    "statement_number",
    "follower_id",
    "name",
    "month",
    "currency",
    "amount",
    "iban",
    "mandate_id",
    "due_date",
    "reference",
)
# The second row: the full-width forms, which spreadsheets of East Asian locales take alike.
_FORMULA_STARTS = (
    *("=", "+", "-", "@", "\t", "\r", "\n"),
    *("\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}"),
    *("\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}"),
)


def payments_csv(payments: Iterable[Payment], payees: Mapping[FollowerId, Payee]) -> bytes:
    """Write payments, in the order given."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(one, payees.get(one.follower_id)) for one in payments)
    return text.getvalue().encode("utf-8-sig")


def _row(payment: Payment, payee: Payee | None) -> tuple[str, ...]:
    mandate = None if payee is None else payee.mandate
    cells = (
        payment.statement_number,
        payment.follower_id,
        payment.name,
        payment.month,
        payment.currency.value,
        f"{payment.amount:.2f}",
        "" if payee is None else "".join(payee.iban.split()).upper(),
        "" if mandate is None else mandate.mandate_id,
        payment.due_date,
        payment.reference,
    )
    return tuple(_harmless(cell) for cell in cells)


def _harmless(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text
