import asyncio
import hashlib
import io
import re
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from shared.adapters.monthly_report_sheets import (
    DATE_FORMAT,
    EUR_FORMAT,
    PERCENT_FORMAT,
    TIME_FORMAT,
    USD_FORMAT,
)
from shared.adapters.monthly_report_xlsx import XlsxMonthlyReport
from shared.domain.brand import BrandSettings
from shared.domain.monthly_report import MonthlyReport, report_sha256
from shared.domain.sessions import NEW_YORK
from shared.domain.statement_lines import statement_lines
from shared.domain.statements import HeldReason
from tests.monthly_reports import (
    a_monthly_report,
    a_report_in_euro,
    an_adjustment,
    an_empty_report,
)
from tests.report_pages import output_of

REPORT = a_monthly_report()


def render(report: MonthlyReport) -> bytes:
    return XlsxMonthlyReport().render(
        report, figures_sha256=report_sha256(report), brand=BrandSettings(), logo=None
    )


def sheets_of(report: MonthlyReport, *, computed: bool = False) -> dict[str, Worksheet]:
    workbook = openpyxl.load_workbook(io.BytesIO(render(report)), data_only=computed)
    return {sheet.title: sheet for sheet in workbook.worksheets}


def values_of(sheet: Worksheet, row: int) -> list[object]:
    return [cell.value for cell in sheet[row]]


def number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def summary_of(report: MonthlyReport) -> dict[object, object]:
    rows = sheets_of(report)["Summary"].iter_rows(min_row=2, max_col=2, values_only=True)
    return {row[0]: row[1] for row in rows}


def test_the_workbook_has_its_four_sheets() -> None:
    assert list(sheets_of(REPORT)) == ["Summary", "Daily", "Trades", "Commission"]


def test_the_summary_holds_every_figure_as_a_number() -> None:
    cells, pnl = summary_of(REPORT), REPORT.pnl
    expected = {
        "Total USD": number(pnl.total),
        "Realized USD": number(pnl.realized),
        "Unrealized change USD": number(pnl.unrealized),
        "Broker fees USD": number(pnl.fees),
        "Commission due": 959,
        "Credit for next statement": 0,
        "Leg executions": 70,
        "Contracts": 700,
        "Active days": 20,
        "Winning days": 10,
        "Losing days": 10,
        "Flat days": 0,
        "Win rate": 0.5,
        "Profit factor": 4.1755,
        "Sharpe ratio, yearly": 9.2138,
        "Average day USD": 239.75,
        "Best day USD": 687,
        "Best day on": datetime.fromisoformat("2026-11-05"),
        "Worst day USD": -276,
        "Worst day on": datetime.fromisoformat("2026-11-03"),
        "Largest drawdown USD": 302,
    }
    assert {label: cells[label] for label in expected} == expected


def test_the_summary_says_whose_figures_they_are_and_which() -> None:
    cells = summary_of(REPORT)
    assert [cells[label] for label in ("Follower", "Id", "Account", "IBAN")] == [
        *("Anna Bianchi", "anna", "DU1234567"),
        "IT\N{HORIZONTAL ELLIPSIS}3456",
    ]
    assert cells["State of the figures"] == "final"
    assert cells["Commission statement"] == "Statement SP-2026-000017, issued 2026-12-01"
    assert cells["As of"] == "2026-12-01 08:05:00 New York"
    assert cells["Figures SHA-256"] == report_sha256(REPORT)


def test_every_day_is_a_row_of_numbers_under_a_real_date() -> None:
    sheet = sheets_of(REPORT)["Daily"]
    for row, day in enumerate(REPORT.days, 2):
        assert values_of(sheet, row) == [
            datetime.fromisoformat(day.session_date),
            day.trades,
            *(number(one) for one in (day.realized, day.unrealized, day.fees, day.total)),
            *(number(one) for one in (day.high, day.low, day.drawdown, day.equity)),
        ]
        assert sheet[f"A{row}"].number_format == DATE_FORMAT
        assert {sheet[f"{column}{row}"].number_format for column in "CDEFGHIJ"} == {USD_FORMAT}


def test_every_trade_is_a_row_with_both_times() -> None:
    sheet = sheets_of(REPORT)["Trades"]
    for row, trade in enumerate(REPORT.trades, 2):
        assert values_of(sheet, row) == [
            datetime.fromisoformat(trade.session_date),
            trade.at.astimezone(NEW_YORK).replace(tzinfo=None),
            trade.at.replace(tzinfo=None),
            *(trade.contract, trade.side, trade.quantity),
            *(number(one) for one in (trade.price, trade.fee, trade.cash)),
            trade.exec_id,
        ]
    assert sheet["B2"].value == sheet["C2"].value - timedelta(hours=5)
    assert [sheet[f"{column}2"].number_format for column in "BC"] == [TIME_FORMAT] * 2


def test_a_fee_that_is_not_known_yet_is_a_blank_cell() -> None:
    waiting = replace(REPORT.trades[0], fee=None)
    sheet = sheets_of(replace(REPORT, trades=(waiting, *REPORT.trades[1:])))["Trades"]
    assert sheet["H2"].value is None
    assert sheet["H3"].number_format == USD_FORMAT


@pytest.mark.parametrize(
    ("title", "row", "columns"), [("Daily", 22, "BCDEF"), ("Trades", 72, "FHI")]
)
def test_sums_are_formulas_that_hold_what_the_rows_come_to(
    title: str, row: int, columns: str
) -> None:
    sheet, computed = sheets_of(REPORT)[title], sheets_of(REPORT, computed=True)[title]
    for column in columns:
        assert sheet[f"{column}{row}"].value == f"=SUM({column}2:{column}{row - 1})"
        cells = [sheet[f"{column}{line}"].value for line in range(2, row)]
        assert computed[f"{column}{row}"].value == pytest.approx(sum(cells))
    assert sheet[f"A{row}"].value == "Sum"


def test_the_sums_are_those_of_the_month() -> None:
    computed = sheets_of(REPORT, computed=True)
    pnl = REPORT.pnl
    assert [computed["Daily"][f"{column}22"].value for column in "BCDEF"] == [
        pnl.trades,
        *(number(one) for one in (pnl.realized, pnl.unrealized, pnl.fees, pnl.total)),
    ]


@pytest.mark.parametrize(
    "report",
    [
        REPORT,
        a_report_in_euro([an_adjustment()]),
        a_report_in_euro([an_adjustment("-900.00")]),
        a_monthly_report(mirrored=True),
    ],
)
def test_the_commission_sheet_is_the_statement_line_by_line(report: MonthlyReport) -> None:
    sheet = sheets_of(report, computed=True)["Commission"]
    for row, line in enumerate(statement_lines(report.statement), 2):
        shown = line.amount if line.ratio is None else line.ratio
        currency = line.currency if line.ratio is None else None
        assert values_of(sheet, row) == [line.label, number(shown), currency, line.detail or None]
    assert sheet["B7"].number_format == PERCENT_FORMAT


def test_the_net_is_a_formula() -> None:
    sheet = sheets_of(REPORT)["Commission"]
    assert (sheet["A4"].value, sheet["B4"].value) == ("Net of fees", "=B2+B3")


def test_only_results_are_bold_on_the_commission_sheet() -> None:
    sheet = sheets_of(REPORT)["Commission"]
    bold = {sheet[f"A{row}"].value for row in range(2, 10) if sheet[f"A{row}"].font.bold}
    assert bold == {"Net of fees", "Commission base", "Commission", "Due"}


def test_a_held_statement_leaves_the_amounts_blank() -> None:
    held = a_monthly_report(terms=None, held=HeldReason.NO_TERMS)
    assert summary_of(held)["Commission due"] is None
    assert str(summary_of(held)["Commission statement"]).startswith("Held: no terms")
    assert sheets_of(held)["Commission"].max_row == 1


def test_amounts_in_euro_carry_their_sign() -> None:
    sheet = sheets_of(a_report_in_euro())["Summary"]
    due = next(row[1] for row in sheet.iter_rows(max_col=2) if row[0].value == "Commission due")
    assert due.number_format == EUR_FORMAT


def test_a_month_without_trades_makes_a_workbook() -> None:
    sheets = sheets_of(an_empty_report())
    assert [sheets[title].max_row for title in ("Daily", "Trades")] == [1, 1]
    assert summary_of(an_empty_report())["Win rate"] is None


@pytest.mark.parametrize("title", ["Daily", "Trades", "Commission"])
def test_headings_stay_in_sight_and_on_every_printed_page(title: str) -> None:
    sheet = sheets_of(REPORT)[title]
    assert sheet.freeze_panes == "A2"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr is not None
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.oddFooter is not None
    assert sheet.oddFooter.center is not None
    assert sheet.oddFooter.center.text == "Page &P of &N"


def test_the_filter_spans_the_rows_and_not_their_sums() -> None:
    sheets = sheets_of(REPORT)
    assert sheets["Daily"].auto_filter.ref == "A1:J21"
    assert sheets["Trades"].auto_filter.ref == "A1:J71"


def test_the_summary_has_a_native_line_and_bar_chart_of_the_days() -> None:
    with zipfile.ZipFile(io.BytesIO(render(REPORT))) as archive:
        charts = [archive.read(f"xl/charts/chart{number}.xml").decode() for number in (1, 2)]
    line, bars = charts
    assert "lineChart" in line
    assert "barChart" in bars
    assert re.findall(r"<f>([^<]*)</f>", line) == [
        *("'Daily'!J1", "'Daily'!$A$2:$A$21", "'Daily'!$J$2:$J$21"),
    ]
    assert "'Daily'!$F$2:$F$21" in bars


def test_losses_are_hollow_in_the_bar_chart() -> None:
    with zipfile.ZipFile(io.BytesIO(render(REPORT))) as archive:
        bars = archive.read("xl/charts/chart2.xml").decode()
    lost = [number for number, day in enumerate(REPORT.days) if day.total < 0]
    found = re.findall(r'<(?:\w+:)?dPt><(?:\w+:)?idx val="(\d+)"', bars)
    assert [int(one) for one in found] == lost


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("x")'])
def test_a_name_is_never_a_formula(name: str) -> None:
    report = a_monthly_report(sessions=1)
    trades = tuple(replace(trade, contract=name) for trade in report.trades)
    sheets = sheets_of(replace(report, name=name, trades=trades))
    cells = [sheets["Summary"]["B2"], sheets["Trades"]["D2"], sheets["Trades"]["D3"]]
    assert [(cell.data_type, cell.value) for cell in cells] == [("s", name)] * 3


def test_an_adjustments_reason_is_never_a_formula() -> None:
    sheet = sheets_of(a_report_in_euro([an_adjustment(reason="=1")]))["Commission"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows(min_row=5) for cell in row)


@pytest.mark.parametrize(
    "name",
    ["<b>&", "\u0645\u062d\u0645\u062f", "\u738b", "\U0001f600", "a\u200bb", "x" * 200, "a\nb"],
)
def test_any_name_is_kept_as_it_is_written(name: str) -> None:
    assert summary_of(a_monthly_report(sessions=0, name=name))["Follower"] == name


def test_control_characters_do_not_stop_the_report() -> None:
    assert summary_of(a_monthly_report(sessions=0, name="a\x0bb"))["Follower"] == "a b"


def test_the_archive_knows_no_time() -> None:
    with zipfile.ZipFile(io.BytesIO(render(REPORT))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        assert archive.namelist()[0] == "[Content_Types].xml"
        core = archive.read("docProps/core.xml").decode()
    assert re.findall(r">(\d{4}-[^<]*)<", core) == ["2000-01-01T00:00:00Z"] * 2


def test_another_process_at_another_time_gives_the_same_bytes() -> None:
    program = (
        "import hashlib, sys\n"
        "from tests.unit.test_monthly_report_xlsx import REPORT, render\n"
        "sys.stdout.write(hashlib.sha256(render(REPORT)).hexdigest())\n"
    )
    here = hashlib.sha256(render(REPORT)).hexdigest()
    assert asyncio.run(output_of(program)) == here
