from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.fx import FxRate, RateSource
from shared.domain.money import ZERO
from shared.domain.statement_lines import (
    LineKind,
    amount_in,
    decimal_text,
    rate_words,
    short_date,
    statement_lines,
    statement_standing,
)
from shared.domain.statements import HeldReason
from shared.domain.terms import BillingCurrency
from tests.monthly_reports import a_monthly_report, a_report_in_euro, an_adjustment


def test_what_is_due_is_the_commission_and_its_adjustments() -> None:
    lines = statement_lines(a_report_in_euro([an_adjustment(), an_adjustment("1.00")]).statement)
    euro = [line for line in lines if line.currency == "EUR"]
    # 819.45 - 3.20 + 1.00
    assert [line.amount for line in euro[:-1]] == [
        *(Decimal("819.45"), Decimal("-3.20"), Decimal("1.00")),
    ]
    assert (euro[-1].kind, euro[-1].amount) == (LineKind.RESULT, Decimal("817.25"))


@given(st.integers(min_value=-200_000, max_value=200_000))
def test_steps_add_up_to_what_is_due_or_left_over(cents: int) -> None:
    report = a_report_in_euro([an_adjustment(str(Decimal(cents) / 100))])
    lines = statement_lines(report.statement)
    billed = next(line.amount for line in lines if line.label == "Commission in EUR")
    steps = [line.amount for line in lines if line.label.startswith("Adjustment")]
    due, credit = report.statement.due, report.statement.credit
    assert due is not None
    assert billed is not None
    assert billed + sum((step or ZERO for step in steps), ZERO) == due - credit


def test_without_terms_only_adjustments_are_there() -> None:
    held = a_monthly_report(terms=None, held=HeldReason.NO_TERMS, adjustments=[an_adjustment()])
    (line,) = statement_lines(held.statement)
    assert line.label == "Adjustment for October 2026"


def test_a_statement_in_usd_has_no_line_for_a_rate_of_exchange() -> None:
    lines = statement_lines(a_monthly_report().statement)
    assert {line.currency for line in lines} == {"USD"}


def test_the_day_of_issue_is_new_yorks() -> None:
    statement = a_monthly_report().statement
    assert statement.issued_at is not None
    late = replace(statement, issued_at=statement.issued_at.replace(hour=3))
    assert statement_standing(late) == "Statement SP-2026-000017, issued 2026-11-30"


def test_a_rate_that_persons_entered_says_so() -> None:
    rate = FxRate(
        rate_date="2026-11-30",
        usd_per_eur_ratio=Decimal("1.0850"),
        source=RateSource.PERSONS,
        entered_by="a",
        confirmed_by="b",
    )
    assert rate_words(rate) == "1 EUR = 1.0850 USD, rate entered by two persons, 2026-11-30"


@pytest.mark.parametrize(
    ("value", "text"),
    [("1.005", "1.01"), ("-0.3", "\u22120.30"), ("-0.004", "0.00"), ("1234.5", "1,234.50")],
)
def test_plain_numbers_are_rounded_half_up_with_the_typographic_minus(
    value: str, text: str
) -> None:
    assert decimal_text(Decimal(value)) == text


def test_amounts_carry_the_sign_of_their_currency() -> None:
    assert amount_in(Decimal("-1234.5"), BillingCurrency.EUR) == "\u2212\N{EURO SIGN}1,234.50"
    assert amount_in(Decimal("12"), BillingCurrency.USD) == "$12.00"


def test_a_date_is_short() -> None:
    assert short_date("2026-11-02") == "Mon, Nov 2"
