"""How our mails read, and that no name can break a header, the layout or the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.mail_texts import LONGEST_SUBJECT, TEXT_COLUMNS, JinjaMailTexts, one_line
from shared.domain.errors import InvalidInput
from shared.domain.mail_fields import (
    DaySummaryFields,
    FileLink,
    MailFields,
    MailText,
    MonthlyReportFields,
    OpenStatement,
    WeeklyCommissionFields,
)
from shared.domain.months import Month
from shared.domain.outbox import MailKind
from shared.domain.session_record import Finality
from tests.summaries import summary_of

TEXTS = JinjaMailTexts()
LINKS = (
    FileLink(label="PDF", address="https://app.example.com/r#a.b&c"),
    FileLink(label="Excel", address="https://app.example.com/r#d.e"),
)
MONTHLY = MonthlyReportFields(
    month=Month("2026-11"),
    name="Bruno Conti",
    result=Decimal("1234.5"),
    commission_due=Decimal("212.4"),
    currency="EUR",
    statement_number="2026-0007",
    finality=Finality.FINAL,
    as_of=datetime(2026, 12, 1, 13, 30, tzinfo=UTC),
    links=LINKS,
    link_hours=168,
    contact="desk@spreadpilot.example",
)
WEEKLY = WeeklyCommissionFields(
    name="Bruno Conti",
    on="2026-12-04",
    statements=(
        OpenStatement(
            number="2026-0003", month=Month("2026-10"), amount=Decimal("12.35"), currency="EUR"
        ),
        OpenStatement(
            number="2026-0007", month=Month("2026-11"), amount=Decimal("1000"), currency="EUR"
        ),
        OpenStatement(
            number="2026-0009", month=Month("2026-11"), amount=Decimal("-5"), currency="USD"
        ),
    ),
    iban="IT60 X054 2811 1010 0000 0123 456",
    due_text="Paid by direct debit on December 9; there is nothing to do.",
    contact="desk@spreadpilot.example",
)
DAILY = DaySummaryFields(summary=summary_of(), links=LINKS, link_hours=24)
EVERY: tuple[tuple[MailKind, MailFields], ...] = (
    (MailKind.MONTHLY_REPORT, MONTHLY),
    (MailKind.WEEKLY_COMMISSION, WEEKLY),
    (MailKind.DAY_SUMMARY, DAILY),
)


class _Page(HTMLParser):
    """Tags that were opened, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_data(self, data: str) -> None:
        self.words += data


def monthly(fields: MonthlyReportFields = MONTHLY) -> MailText:
    return TEXTS.compose(MailKind.MONTHLY_REPORT, fields)


def test_a_monthly_report_says_everything_in_both_versions() -> None:
    mail = monthly()
    assert mail.subject == "SpreadPilot monthly report - 2026-11"
    page = _Page(mail.html)
    text = " ".join(mail.text.split())
    for said in (
        "November 2026",
        "Bruno Conti",
        "+$1,234.50",
        "212.40 EUR",
        "2026-0007",
        "Each link works for 168 hours",
        "Do not forward this mail",
        "For a new link, write to desk@spreadpilot.example.",
        "Figures are final, as of 2026-12-01 08:30:00 New York.",
    ):
        assert said in text
        assert said in page.words
    assert page.links == [link.address for link in LINKS]
    assert all(f"{link.label}: {link.address}" in mail.text for link in LINKS)


def test_figures_stand_below_each_other_in_the_text() -> None:
    lines = monthly().text.splitlines()
    assert "Result              +$1,234.50" in lines
    assert "Commission due      212.40 EUR" in lines


def test_a_month_without_a_statement_names_none_and_is_provisional() -> None:
    provisional = replace(
        MONTHLY, statement_number="", finality=Finality.PROVISIONAL, commission_due=Decimal(0)
    )
    mail = monthly(provisional)
    assert "Statement" not in mail.text + mail.html
    assert "Figures are provisional" in mail.text
    assert "0.00 EUR" in mail.html


@pytest.mark.parametrize(("result", "color"), [("5", "#067647"), ("-5", "#b42318")])
def test_a_loss_is_red(result: str, color: str) -> None:
    assert color in monthly(replace(MONTHLY, result=Decimal(result))).html


def test_open_statements_are_added_up_by_currency() -> None:
    mail = TEXTS.compose(MailKind.WEEKLY_COMMISSION, WEEKLY)
    assert mail.subject == "SpreadPilot commission statements - 2026-12-04"
    page = _Page(mail.html)
    # 12.35 + 1000.00 EUR; the credit in USD stands by itself.
    for said in ("2026-0003", "October 2026", "1,012.35 EUR", "\u22125.00 USD", "direct debit"):
        assert said in mail.text
        assert said in page.words
    assert page.tags.count("tr") == 1 + 3 + 2


def test_an_iban_is_only_ever_shown_masked() -> None:
    mail = TEXTS.compose(MailKind.WEEKLY_COMMISSION, WEEKLY)
    for shown in (mail.text, mail.html, repr(WEEKLY)):
        assert "0542811101" not in "".join(shown.split())
    assert "Account IT\N{HORIZONTAL ELLIPSIS}3456" in mail.text
    without = TEXTS.compose(MailKind.WEEKLY_COMMISSION, replace(WEEKLY, iban=""))
    assert "Account" not in without.text + without.html


def test_the_daily_summary_reads_as_it_always_did() -> None:
    mail = TEXTS.compose(MailKind.DAY_SUMMARY, DAILY)
    assert mail.subject == "SpreadPilot 2026-11-27: +$986.20 (provisional)"
    lines = mail.text.splitlines()
    assert lines[:4] == [
        "Daily summary, Friday, November 27, 2026",
        "QQQ bull put 585/590",
        "",
        "Total                     +$986.20",
    ]
    assert mail.html.startswith('<!doctype html>\n<html lang="en">')
    assert "SpreadPilot daily summary, provisional" in _Page(mail.html).words


@pytest.mark.parametrize("name", ["Anna Bianchi", "ענת כהן", "أحمد", "Zoë O\u2019Neil"])
def test_a_name_is_written_as_people_write_it(name: str) -> None:
    mail = monthly(replace(MONTHLY, name=name))
    assert f"For {name}" in mail.text
    assert f"<bdi>{name}</bdi>" in mail.html


HOSTILE = st.text(max_size=60) | st.sampled_from(
    [
        "</p><script>alert(1)</script>",
        "{{ fields.iban }}{% raw %}",
        "Anna\r\nBcc: eve@example.com",
        "\u202egnp.exe",
        "a\u2028b\x85c\x00d",
        '" onmouseover="x',
        "x" * 500,
        "",
    ]
)


@given(HOSTILE)
def test_a_hostile_name_changes_nothing_but_its_own_place(name: str) -> None:
    plain, mail = (monthly(replace(MONTHLY, name=one)) for one in ("Anna", name))
    assert mail.subject == plain.subject
    assert _Page(mail.html).tags == _Page(plain.html).tags
    # A long name takes more lines of its own; those before and behind stay the same.
    before, behind = plain.text.split("For Anna")
    assert mail.text.startswith(before)
    assert mail.text.endswith(behind)
    assert not set("\r\x00\u202e\u2028") & set(mail.text + mail.html)


@given(st.text(max_size=400))
def test_nothing_gets_a_line_break_into_a_subject(text: str) -> None:
    mail = monthly(replace(MONTHLY, name=text, statement_number=text))
    weekly = TEXTS.compose(MailKind.WEEKLY_COMMISSION, replace(WEEKLY, name=text))
    for subject in (mail.subject, weekly.subject, one_line(text)):
        assert len(subject.splitlines()) <= 1
        assert not {"\r", "\n", "\x00"} & set(subject)
    assert len(weekly.subject) <= LONGEST_SUBJECT


@pytest.mark.parametrize(("kind", "fields"), EVERY)
def test_the_text_fits_a_phone(kind: MailKind, fields: MailFields) -> None:
    lines = TEXTS.compose(kind, fields).text.splitlines()
    assert [line for line in lines if len(line) > TEXT_COLUMNS and "://" not in line] == []
    assert lines[0]
    assert lines[-1]


@pytest.mark.parametrize(("kind", "fields"), EVERY)
def test_fields_of_another_kind_are_refused(kind: MailKind, fields: MailFields) -> None:
    for other in set(MailKind) - {kind}:
        with pytest.raises(InvalidInput, match="are those of"):
            TEXTS.compose(other, fields)
