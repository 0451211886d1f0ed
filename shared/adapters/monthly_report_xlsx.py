"""A follower's month as an Excel workbook; the same figures give the same bytes.

Amounts are numbers with a number format, never text; cells show cents and hold what was
computed. Excel keeps fifteen digits, so micros of USD are exact up to a billion.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.marker import DataPoint
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from shared.adapters.monthly_report_sheets import (
    BOLD,
    COUNT_FORMAT,
    DATE_FORMAT,
    DOLLAR_FORMAT,
    EUR_FORMAT,
    PERCENT_FORMAT,
    RATIO_FORMAT,
    TEXT_FORMAT,
    USD_FORMAT,
    daily_table,
    set_up_print,
    trades_table,
    write_statement,
    write_table,
)
from shared.adapters.xlsx_file import MEDIA_TYPE, Value, cell_text, workbook_bytes
from shared.domain.brand import BrandSettings
from shared.domain.figures_text import new_york_stamp
from shared.domain.money import ZERO
from shared.domain.monthly_report import MonthlyReport
from shared.domain.months import month_name
from shared.domain.statement_lines import statement_standing
from shared.domain.terms import BillingCurrency

_TOTAL_COLUMN, _EQUITY_COLUMN = 6, 10
_GREEN, _RED, _BLUE = "067647", "B42318", "1F5A96"
_CURVE_WIDTH = 22_000
"""In EMU, 12,700 to the point: ECMA-376 part 1, 20.1.2.3."""


class XlsxMonthlyReport:
    """`MonthlyReportRenderer` for Excel; a workbook carries no logo."""

    extension = "xlsx"
    content_type = MEDIA_TYPE

    def render(
        self,
        report: MonthlyReport,
        *,
        figures_sha256: str,
        brand: BrandSettings,
        logo: bytes | None,
    ) -> bytes:
        """Render the report: sheets Summary, Daily, Trades and Commission."""
        del logo
        workbook = Workbook()
        first = workbook.active
        if not isinstance(first, Worksheet):
            raise TypeError("a new workbook has one worksheet")
        fill = PatternFill("solid", fgColor=f"FF{brand.accent[1:].upper()}")
        _write_summary(first, report, figures_sha256, brand)
        daily, trades, commission = (
            workbook.create_sheet(title) for title in ("Daily", "Trades", "Commission")
        )
        results = {
            "Daily": write_table(daily, daily_table(report), fill=fill),
            "Trades": write_table(trades, trades_table(report), fill=fill),
            "Commission": write_statement(commission, report, fill=fill),
        }
        if report.days:
            _add_charts(first, daily, report)
        workbook.properties.creator = brand.name
        workbook.properties.title = f"{month_name(report.month)} {report.follower_id}"
        workbook.properties.language = "en-US"
        return workbook_bytes(workbook, results=results)


def _write_summary(
    sheet: Worksheet, report: MonthlyReport, digest: str, brand: BrandSettings
) -> None:
    sheet.title = "Summary"
    sheet["A1"].value = month_name(report.month)
    sheet["A1"].font = Font(name="Calibri", size=18, bold=True, color=f"FF{brand.accent[1:]}")
    lines = [*_whose(report, brand), *_figures(report), *_measures(report)]
    lines += [
        ("As of", new_york_stamp(report.as_of), TEXT_FORMAT),
        ("Figures SHA-256", digest, TEXT_FORMAT),
    ]
    for row, (label, value, number_format) in enumerate(lines, 2):
        sheet.cell(row=row, column=1, value=label)
        cell = sheet.cell(row=row, column=2)
        cell.value = cell_text(value) if isinstance(value, str) else value
        if isinstance(value, str):
            cell.data_type = "s"
        cell.number_format = number_format
        is_text = number_format == TEXT_FORMAT
        cell.alignment = Alignment(
            horizontal="left" if is_text else "right", vertical="top", wrap_text=is_text
        )
    for row in (2, 8):
        sheet.cell(row=row, column=2).font = BOLD
    sheet.column_dimensions["A"].width = 26
    sheet.column_dimensions["B"].width = 40
    set_up_print(sheet)


_Lines = Sequence[tuple[str, Value, str]]


def _whose(report: MonthlyReport, brand: BrandSettings) -> _Lines:
    return [
        ("Follower", report.name, TEXT_FORMAT),
        ("Id", report.follower_id, TEXT_FORMAT),
        ("Account", report.account_id or None, TEXT_FORMAT),
        ("IBAN", report.iban_shown or None, TEXT_FORMAT),
        ("State of the figures", str(report.pnl.finality), TEXT_FORMAT),
        ("Reported by", f"{brand.name} {brand.contact}".strip(), TEXT_FORMAT),
    ]


def _figures(report: MonthlyReport) -> _Lines:
    pnl, statement = report.pnl, report.statement
    is_euro = statement.currency is BillingCurrency.EUR
    money = EUR_FORMAT if is_euro else DOLLAR_FORMAT
    return [
        ("Total USD", pnl.total, USD_FORMAT),
        ("Realized USD", pnl.realized, USD_FORMAT),
        ("Unrealized change USD", pnl.unrealized, USD_FORMAT),
        ("Broker fees USD", pnl.fees, USD_FORMAT),
        ("Commission due", statement.due, money),
        ("Credit for next statement", statement.credit, money),
        ("Commission statement", statement_standing(statement), TEXT_FORMAT),
    ]


def _measures(report: MonthlyReport) -> _Lines:
    pnl = report.pnl
    return [
        ("Leg executions", pnl.trades, COUNT_FORMAT),
        ("Contracts", pnl.volume, COUNT_FORMAT),
        ("Active days", pnl.active_days, COUNT_FORMAT),
        ("Winning days", pnl.winning_days, COUNT_FORMAT),
        ("Losing days", pnl.losing_days, COUNT_FORMAT),
        ("Flat days", pnl.flat_days, COUNT_FORMAT),
        ("Win rate", pnl.win_rate_ratio, PERCENT_FORMAT),
        ("Profit factor", pnl.profit_factor_ratio, RATIO_FORMAT),
        ("Sharpe ratio, yearly", pnl.sharpe_ratio, RATIO_FORMAT),
        ("Average day USD", pnl.average_day, USD_FORMAT),
        ("Best day USD", pnl.best_day, USD_FORMAT),
        ("Best day on", _date(pnl.best_day_on), DATE_FORMAT),
        ("Worst day USD", pnl.worst_day, USD_FORMAT),
        ("Worst day on", _date(pnl.worst_day_on), DATE_FORMAT),
        ("Largest drawdown USD", pnl.drawdown, USD_FORMAT),
    ]


def _date(iso_date: str) -> Value:
    return date.fromisoformat(iso_date) if iso_date else None


def _add_charts(summary: Worksheet, daily: Worksheet, report: MonthlyReport) -> None:
    days, month = len(report.days), month_name(report.month)
    line, bars = LineChart(), BarChart()
    line.add_data(_column(daily, _EQUITY_COLUMN, days), titles_from_data=True)
    bars.add_data(_column(daily, _TOTAL_COLUMN, days), titles_from_data=True)
    line.title = f"Equity curve, USD by day of {month}"
    bars.title = f"Daily results, USD by day of {month}"
    for chart, place in ((line, "D2"), (bars, "D19")):
        chart.set_categories(Reference(daily, min_col=1, min_row=2, max_row=days + 1))
        chart.legend = None
        chart.width, chart.height = 20, 8
        chart.x_axis.number_format = "d"
        chart.y_axis.number_format = "#,##0"
        # Otherwise days would be written across the plot where amounts are negative.
        chart.x_axis.tickLblPos = "low"
        # openpyxl leaves axes out that nobody asks for.
        chart.x_axis.delete = chart.y_axis.delete = False
        summary.add_chart(chart, place)
    _color(line, bars, [number for number, day in enumerate(report.days) if day.total < ZERO])


def _color(line: LineChart, bars: BarChart, lost: Sequence[int]) -> None:
    """Gains are full and green, losses hollow and red: they differ without their colors too."""
    curve, results = line.series[0], bars.series[0]
    curve.graphicalProperties.line.solidFill = _BLUE
    curve.graphicalProperties.line.width = _CURVE_WIDTH
    curve.smooth = False
    results.graphicalProperties.solidFill = _GREEN
    results.invertIfNegative = False
    bars.gapWidth = 60
    for number in lost:
        point = DataPoint(idx=number, invertIfNegative=False)
        point.graphicalProperties.solidFill = "FFFFFF"
        point.graphicalProperties.line.solidFill = _RED
        results.dPt.append(point)


def _column(daily: Worksheet, column: int, days: int) -> Reference:
    return Reference(daily, min_col=column, min_row=1, max_row=days + 1)
