import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pypdf import PdfReader

from shared.adapters.pdf_bars import floating_bars
from shared.adapters.pdf_month_curve import Fall, largest_fall
from shared.domain.figures_text import NOTHING, plain_amount, signed_dollars
from shared.domain.monthly_report import ReportTrade, report_sha256
from shared.domain.session_record import Finality
from shared.domain.statement_lines import statement_lines
from shared.domain.statements import HeldReason, StatementState
from tests.monthly_reports import (
    a_monthly_report,
    a_report_in_euro,
    an_adjustment,
    an_empty_report,
)
from tests.report_pages import pages_of, render, words_of


def test_the_first_page_says_whose_month_it_is_and_how_it_went() -> None:
    page = pages_of(a_monthly_report())[0]
    for said in (
        "November 2026 FINAL Anna Bianchi",
        "Id anna \N{MIDDLE DOT} Account DU1234567 \N{MIDDLE DOT} IBAN IT\u20263456",
        "Total +$4,795.00 Realized +$5,250.00 Unrealized change $0.00 Broker fees $455.00",
        "Commission due $959.00",
        "Active days 20 10 won, 10 lost, 0 flat Win rate 50% Profit factor 4.18",
        "Sharpe ratio, yearly 9.21",
        "Average day +$239.75 70 executions, 700 contracts",
        "Best day +$687.00 Thu, Nov 5 Worst day \u2212$276.00 Tue, Nov 3",
        "Largest drawdown $302.00",
    ):
        assert said in page


def test_the_statement_goes_from_the_gross_profit_to_what_is_due() -> None:
    # Net 5250.00 - 455.00 = 4795.00, 20 % of it 959.00.
    page = pages_of(a_monthly_report())[0]
    assert (
        "Statement SP-2026-000017, issued 2026-12-01"
        " Gross realized profit 5,250.00 USD Broker fees \u2212455.00 USD Net of fees 4,795.00 USD"
        " Carried forward from earlier months 0.00 USD Commission base 4,795.00 USD Rate 20%"
        " Commission 20% of the base, to the cent 959.00 USD Due 959.00 USD"
    ) in page


def test_a_statement_in_euro_names_its_rate_and_its_adjustments() -> None:
    # Base 4795.00 - 349.50 = 4445.50, 20 % 889.10, by 1.0850 819.45 EUR, less 3.20: 816.25.
    page = pages_of(a_report_in_euro([an_adjustment()]))[0]
    for said in (
        "Carried forward from earlier months \u2212349.50 USD Commission base 4,445.50 USD",
        "Commission in EUR 1 EUR = 1.0850 USD, ECB reference rate, 2026-11-30 819.45 EUR",
        "Adjustment for October 2026 2026-11-12: the broker corrected the fees of 2026-10-14"
        " \u22123.20 EUR",
        "Due 816.25 EUR",
        "Commission due \N{EURO SIGN}816.25",
    ):
        assert said in page


def test_what_is_left_in_the_followers_favor_is_told() -> None:
    page = pages_of(a_report_in_euro([an_adjustment("-900.00")]))[0]
    assert "Due 0.00 EUR Credit for the next statement 80.55 EUR" in page


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (HeldReason.NO_TERMS, "Held: no terms are agreed for this month yet."),
        (HeldReason.NO_FX_RATE, "Held: the exchange rate of the month's end is not known yet."),
        (HeldReason.EARLIER_MONTH_NOT_FINAL, "Held: an earlier month is not final yet."),
    ],
)
def test_a_held_statement_says_why(reason: HeldReason, words: str) -> None:
    (page,) = pages_of(a_monthly_report(sessions=0, terms=None, held=reason))
    assert words in page
    assert f"Commission due {NOTHING}" in page


def test_an_amount_that_waits_for_its_rate_is_a_dash() -> None:
    waiting = a_report_in_euro()
    statement = replace(
        waiting.statement,
        fx=None,
        commission_billed=None,
        due=None,
        held_reason=HeldReason.NO_FX_RATE,
        number="",
        issued_at=None,
    )
    page = pages_of(replace(waiting, statement=statement))[0]
    assert f"Commission in EUR the rate is not known yet {NOTHING} EUR Due {NOTHING} EUR" in page


def test_a_provisional_month_says_that_it_may_change() -> None:
    page = pages_of(a_monthly_report(finality=Finality.PROVISIONAL))[0]
    assert "November 2026 PROVISIONAL" in page
    assert "Not issued yet: the figures may change until the month is final." in page
    assert "provisional" in page[-200:]


def test_a_payment_changes_no_byte() -> None:
    issued = a_monthly_report()
    paid = replace(
        issued.statement,
        state=StatementState.PAID,
        sent_on="2026-12-02",
        paid_on="2026-12-09",
        paid_by="bank",
        payment_reference="REF",
    )
    assert render(replace(issued, statement=paid)) == render(issued)


def test_every_day_has_its_row_and_the_month_its_sums() -> None:
    report = a_monthly_report()
    words = words_of(report)
    for day in report.days:
        amounts = (day.realized, day.unrealized, day.fees, day.total)
        extent = (day.high, day.low, day.drawdown, day.equity)
        row = " ".join(plain_amount(amount) for amount in (*amounts, *extent))
        on = datetime.fromisoformat(day.session_date)
        assert f"{on:%a, %b} {on.day} {day.trades} {row}" in words
    assert "Month 70 5,250.00 0.00 455.00 4,795.00" in words


def trade_row(trade: ReportTrade) -> str:
    fee = NOTHING if trade.fee is None else plain_amount(trade.fee)
    at = f"{trade.at.astimezone(UTC).hour - 5:02}{trade.at:%M%S}"
    clock = f"{at[:2]}:{at[2:4]}:{at[4:]}"
    return (
        f"{trade.session_date} {clock} {trade.contract} {trade.side} {trade.quantity}"
        f" {trade.price} {fee} {plain_amount(trade.cash)} {trade.exec_id}"
    )


def test_every_trade_has_its_row() -> None:
    report = a_monthly_report()
    words = words_of(report)
    assert all(trade_row(trade) in words for trade in report.trades)
    assert "Sum 455.00 5,250.00" in words


def test_figures_without_room_become_smaller_and_are_never_cut() -> None:
    report = a_monthly_report(sessions=2)
    times = 1_000_000
    days = [replace(day, drawdown=day.drawdown * times) for day in report.days]
    pnl = replace(report.pnl, realized=report.pnl.realized * times)
    words = words_of(replace(report, days=tuple(days), pnl=pnl))
    assert "20,000,000.00" in words
    assert "Realized +$350,000,000.00" in words


def test_a_fee_that_is_not_known_yet_is_a_dash() -> None:
    report = a_monthly_report()
    waiting = replace(report.trades[0], fee=None)
    assert trade_row(waiting) in words_of(replace(report, trades=(waiting, *report.trades[1:])))


def test_two_thousand_trades_fill_pages_that_each_repeat_the_heading() -> None:
    report = a_monthly_report(parts=29)
    with PdfReader(io.BytesIO(render(report))) as reader:
        middle, last = (reader.pages[number].extract_text() for number in (20, -1))
        count = len(reader.pages)
    assert f"Page 21 of {count}" in middle
    assert all("Execution" in page for page in (middle, last))
    shown = re.findall(r"0000e0d5\.\S+", last)
    assert shown == [trade.exec_id for trade in report.trades][-len(shown) :]
    assert len(report.trades) == 2030


def test_every_page_says_as_of_when_by_which_hash_and_which_page_it_is() -> None:
    report = a_monthly_report()
    pages = pages_of(report)
    assert len(pages) == 3
    for number, page in enumerate(pages, 1):
        assert page.endswith(
            f"As of 2026-12-01 08:05:00 New York \N{MIDDLE DOT} final"
            f" Figures SHA-256 {report_sha256(report)}"
            f" Page {number} of 3 reports@spreadpilot.test"
        )


def test_the_curve_names_its_end_and_its_largest_fall() -> None:
    page = pages_of(a_monthly_report())[0]
    assert "Largest drawdown $302.00: from the peak of 2026-11-02 to 2026-11-04" in page
    assert "End of month +$4,795.00" in page
    lost = pages_of(a_monthly_report(mirrored=True))[0]
    assert "Largest drawdown $5,705.00: from the start to 2026-11-30" in lost


def test_gains_and_losses_differ_without_their_colors_and_are_explained() -> None:
    assert "Gain Loss" in pages_of(a_monthly_report())[0]


def test_a_month_of_losses_owes_nothing() -> None:
    report = a_monthly_report(mirrored=True)
    page = pages_of(report)[0]
    assert f"Total {signed_dollars(report.pnl.total)}" in page
    assert "Commission base 0.00 USD" in page
    assert "Due 0.00 USD" in page


def test_a_month_without_trades_says_so_on_one_page() -> None:
    (page,) = pages_of(an_empty_report())
    assert "No session was traded in November 2026." in page
    assert f"Win rate {NOTHING} Profit factor {NOTHING} Sharpe ratio, yearly {NOTHING}" in page
    assert f"Average day {NOTHING}" in page
    assert "Equity curve" not in page


@pytest.mark.parametrize("sessions", [1, 2])
def test_a_month_of_hardly_any_sessions_has_its_charts(sessions: int) -> None:
    assert "Daily results, USD" in words_of(a_monthly_report(sessions=sessions))


def test_the_largest_fall_is_found_between_its_peak_and_its_trough() -> None:
    curve = [Decimal(point) for point in (0, 5, 2, 7, 1, 4, 1)]
    assert largest_fall(curve) == Fall(peak=3, trough=4, amount=Decimal(6))
    assert largest_fall([Decimal(0), Decimal(1)]) is None


def test_the_steps_of_the_waterfall_hang_on_each_other() -> None:
    bars = floating_bars(statement_lines(a_report_in_euro([an_adjustment()]).statement))
    ends = [(bar.start, bar.end) for bar in bars if bar]
    assert ends == [
        (0, Decimal("5250.00")),
        (Decimal("5250.00"), Decimal("4795.00")),
        (0, Decimal("4795.00")),
        (Decimal("4795.00"), Decimal("4445.50")),
        (0, Decimal("4445.50")),
    ]
