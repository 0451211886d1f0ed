"""Checks of the files: opened by readers that know nothing of how they were made."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal
from urllib.parse import urlsplit

import openpyxl
import pypdf
import requests

from shared.domain.reports import Report
from tests.sandbox.checks import Check
from tests.sandbox.month.expectation import ExpectedMonth
from tests.sandbox.month.ledger import Draw
from tests.sandbox.month.readings import Left, SentMail
from tests.sandbox.month.stack import MonthStack

_SECONDS = 30
_CENT = Decimal("0.01")


def open_link(stack: MonthStack, token: str) -> tuple[int, bytes]:
    """Do what a follower does with a link: post its token, follow the answer; status and bytes."""
    url = stack.addresses.function_url("report_link")
    answer = requests.post(url, data={"token": token}, timeout=_SECONDS, allow_redirects=False)
    if answer.status_code != 303:
        return answer.status_code, b""
    file = requests.get(answer.headers["Location"], timeout=_SECONDS)
    return file.status_code, file.content


def check_papers(
    drawn: Draw, months: Mapping[str, ExpectedMonth], left: Left, stack: MonthStack
) -> Iterator[Check]:
    """Open every report by the links that were mailed, and compare the figures."""
    opened: dict[str, list[bytes]] = {}
    faults: list[str] = []
    for mail in _with_links(left):
        who = str(left.outbox[mail.outbox_id].follower_id)
        report = left.reports[who]
        opened[who] = list(_opened(stack, mail, who, report, faults))
    yield Check(name="each link opens its own follower's file", faults=tuple(faults))
    wrong = [
        fault
        for who, files in opened.items()
        for fault in _figures(who, files, months[who], _others(drawn, who))
    ]
    yield Check(name="PDF and Excel show the same figures, and nobody else's", faults=tuple(wrong))
    yield Check(name="every month has its report in the bucket", faults=tuple(_stored(left, stack)))


def _with_links(left: Left) -> list[SentMail]:
    return [one for one in left.mails if one.tokens and one.outbox_id in left.outbox]


def _opened(
    stack: MonthStack, mail: SentMail, who: str, report: Report, faults: list[str]
) -> Iterator[bytes]:
    if len(set(mail.tokens)) != len(report.files):
        faults.append(f"{who}: {len(set(mail.tokens))} links for {len(report.files)} files")
    known = {file.sha256 for file in report.files}
    for token in dict.fromkeys(mail.tokens):
        status, data = open_link(stack, token)
        if status != 200 or hashlib.sha256(data).hexdigest() not in known:
            faults.append(f"{who}: a link answers {status} with {len(data)} bytes of another file")
        yield data


def _others(drawn: Draw, who: str) -> list[str]:
    return [one.account_id for one in drawn.people if one.follower_id != who]


def _figures(
    who: str, files: list[bytes], wanted: ExpectedMonth, others: list[str]
) -> Iterator[str]:
    for data in files:
        text = _pdf_text(data) if data.startswith(b"%PDF") else ""
        if text:
            missing = [one for one in _amounts(wanted) if one not in text]
        else:
            sheets = _sheets(data)
            missing = list(_missing_in_sheets(sheets, wanted))
            text = " ".join(str(cell) for rows in sheets.values() for row in rows for cell in row)
        if missing:
            yield f"{who}: {', '.join(missing)} cannot be found"
        yield from (f"{who}: {one} of somebody else" for one in others if one in text)


def _amounts(wanted: ExpectedMonth) -> list[str]:
    amounts = [wanted.net, wanted.base, wanted.due]
    return [f"{abs(one).quantize(_CENT):,.2f}" for one in amounts if one is not None]


def _pdf_text(data: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return "\n".join(page.extract_text() for page in pages)


def _sheets(data: bytes) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def _missing_in_sheets(
    sheets: Mapping[str, list[tuple[object, ...]]], wanted: ExpectedMonth
) -> Iterator[str]:
    found = {str(row[0]): row[1] for row in sheets["Commission"] if row and row[0]}
    lines = {
        "Gross realized profit": wanted.gross,
        "Commission base": wanted.base,
        "Due": wanted.due,
    }
    for label, amount in lines.items():
        shown = found.get(label)
        if shown is None or _cents(shown) != _cents(amount):
            yield f"{label} {amount} (it says {shown})"


def _cents(amount: object) -> Decimal:
    return Decimal(str(amount)).quantize(_CENT)


def _stored(left: Left, stack: MonthStack) -> Iterator[str]:
    names = {str(one["name"]) for one in stack.ask("storage", "objects")}
    for who in left.months:
        report = left.reports.get(who)
        if report is None:
            yield f"{who} has no report"
            continue
        for file in report.files:
            if file.name not in names:
                yield f"{who}: {urlsplit(file.name).path} is not in the bucket"
