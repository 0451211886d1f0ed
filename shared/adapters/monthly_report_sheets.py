"""The sheets of a monthly report's workbook: their columns, rows, sums and print setup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import Decimal
from typing import Any

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from shared.adapters.xlsx_file import Value, cell_text
from shared.domain.monthly_report import MonthlyReport
from shared.domain.sessions import NEW_YORK
from shared.domain.statement_lines import LineKind, StatementLine, statement_lines

USD_FORMAT = "#,##0.00;[Red]-#,##0.00"
EUR_FORMAT = '"\N{EURO SIGN}"#,##0.00;[Red]-"\N{EURO SIGN}"#,##0.00'
DOLLAR_FORMAT = '"$"#,##0.00;[Red]-"$"#,##0.00'
PRICE_FORMAT = "0.00##"
COUNT_FORMAT = "#,##0"
PERCENT_FORMAT = "0.00%"
RATIO_FORMAT = "0.00;[Red]-0.00"
DATE_FORMAT = "yyyy-mm-dd"
TIME_FORMAT = "yyyy-mm-dd hh:mm:ss"
TEXT_FORMAT = "@"

_STYLE = "_style"
_FIRST_ROW = 2

INK = "FF1D2939"
BOLD = Font(name="Calibri", size=11, bold=True)
_TOP_LINE = Border(top=Side(style="thin", color=INK))
_HEAD_FONT = Font(name="Calibri", size=11, bold=True, color="FFFFFFFF")
_LEFT = Alignment(horizontal="left", indent=1)
_RIGHT = Alignment(horizontal="right")
_WRAPPED = Alignment(horizontal="left", vertical="top", wrap_text=True, indent=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetColumn:
    """One column: its heading, width in characters and number format."""

    heading: str
    width: int
    number_format: str = USD_FORMAT


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetTable:
    """What a sheet shows.

    Attributes:
        columns: From the left.
        rows: A value per column.
        sums: Results of the sums below the rows, by the column's number from 1.
    """

    columns: Sequence[SheetColumn]
    rows: Sequence[Sequence[Value]]
    sums: Mapping[int, Decimal | int] = field(default_factory=dict)


_DAILY = (
    SheetColumn(heading="Session", width=12, number_format=DATE_FORMAT),
    SheetColumn(heading="Trades", width=9, number_format=COUNT_FORMAT),
    SheetColumn(heading="Realized USD", width=15),
    SheetColumn(heading="Unrealized USD", width=16),
    SheetColumn(heading="Fees USD", width=12),
    SheetColumn(heading="Total USD", width=14),
    SheetColumn(heading="High USD", width=13),
    SheetColumn(heading="Low USD", width=13),
    SheetColumn(heading="Drawdown USD", width=15),
    SheetColumn(heading="Equity USD", width=14),
)
_TRADES = (
    SheetColumn(heading="Session", width=12, number_format=DATE_FORMAT),
    SheetColumn(heading="New York", width=20, number_format=TIME_FORMAT),
    SheetColumn(heading="UTC", width=20, number_format=TIME_FORMAT),
    SheetColumn(heading="Contract", width=28, number_format=TEXT_FORMAT),
    SheetColumn(heading="Side", width=8, number_format=TEXT_FORMAT),
    SheetColumn(heading="Quantity", width=10, number_format=COUNT_FORMAT),
    SheetColumn(heading="Price USD", width=11, number_format=PRICE_FORMAT),
    SheetColumn(heading="Fee USD", width=11),
    SheetColumn(heading="Cash USD", width=14),
    SheetColumn(heading="Execution", width=28, number_format=TEXT_FORMAT),
)
_COMMISSION = (
    SheetColumn(heading="Step", width=36, number_format=TEXT_FORMAT),
    SheetColumn(heading="Amount", width=16),
    SheetColumn(heading="Currency", width=10, number_format=TEXT_FORMAT),
    SheetColumn(heading="Detail", width=70, number_format=TEXT_FORMAT),
)


def daily_table(report: MonthlyReport) -> SheetTable:
    """A row per active day."""
    pnl = report.pnl
    return SheetTable(
        columns=_DAILY,
        rows=[
            (
                date.fromisoformat(day.session_date),
                day.trades,
                day.realized,
                day.unrealized,
                day.fees,
                day.total,
                day.high,
                day.low,
                day.drawdown,
                day.equity,
            )
            for day in report.days
        ],
        sums={
            2: sum(day.trades for day in report.days),
            3: sum((day.realized for day in report.days), Decimal(0)),
            4: sum((day.unrealized for day in report.days), Decimal(0)),
            5: sum((day.fees for day in report.days), Decimal(0)),
            6: pnl.total,
        },
    )


def trades_table(report: MonthlyReport) -> SheetTable:
    """A row per leg execution; Excel knows no zones, so each time stands there twice."""
    return SheetTable(
        columns=_TRADES,
        rows=[
            (
                date.fromisoformat(trade.session_date),
                trade.at.astimezone(NEW_YORK).replace(tzinfo=None),
                trade.at.astimezone(UTC).replace(tzinfo=None),
                trade.contract,
                trade.side,
                trade.quantity,
                trade.price,
                trade.fee,
                trade.cash,
                trade.exec_id,
            )
            for trade in report.trades
        ],
        sums={
            6: sum(trade.quantity for trade in report.trades),
            8: sum((trade.fee or Decimal(0) for trade in report.trades), Decimal(0)),
            9: sum((trade.cash for trade in report.trades), Decimal(0)),
        },
    )


def write_table(sheet: Worksheet, table: SheetTable, *, fill: PatternFill) -> dict[str, Any]:
    """Write a table with its heading, and formulas for its sums.

    Returns:
        What the formulas come to, by cell.
    """
    for number, column in enumerate(table.columns, 1):
        cell = sheet.cell(row=1, column=number, value=column.heading)
        cell.font, cell.fill = _HEAD_FONT, fill
        cell.alignment = _LEFT if column.number_format in _LEFT_FORMATS else _RIGHT
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    write_rows(sheet, table)
    sheet.freeze_panes = "A2"
    last = max(1, len(table.rows) + 1)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{last}"
    set_up_print(sheet, heading_rows="1:1")
    return _write_sums(sheet, table)


def write_rows(sheet: Worksheet, table: SheetTable) -> None:
    """Write the rows below the heading; every text is text outright, never a formula."""
    # A column has one style: openpyxl looks it up anew for every property of every cell, which
    # would cost most of the time; copying it is what openpyxl itself does for a copied sheet.
    styles: list[Any] = []
    for line, values in enumerate(table.rows, 2):
        for number, value in enumerate(values, 1):
            cell = sheet.cell(row=line, column=number)
            if isinstance(value, str):
                cell.value = cell_text(value)
                # A name that starts with "=" must never become a formula.
                cell.data_type = "s"
            else:
                cell.value = value
            if line == _FIRST_ROW:
                _style_column(cell, table.columns[number - 1])
                styles.append(getattr(cell, _STYLE))
            else:
                setattr(cell, _STYLE, copy(styles[number - 1]))


def _style_column(cell: Cell | MergedCell, column: SheetColumn) -> None:
    cell.number_format = column.number_format
    if column.number_format in _LEFT_FORMATS:
        cell.alignment = _LEFT


def _write_sums(sheet: Worksheet, table: SheetTable) -> dict[str, Any]:
    if not table.sums or not table.rows:
        return {}
    line = len(table.rows) + 2
    results: dict[str, Any] = {}
    for number, column in enumerate(table.columns, 1):
        cell = sheet.cell(row=line, column=number)
        cell.font, cell.border = BOLD, _TOP_LINE
        if number == 1:
            cell.value = "Sum"
        if number in table.sums:
            letter = get_column_letter(number)
            cell.value = f"=SUM({letter}2:{letter}{line - 1})"
            cell.number_format = column.number_format
            results[cell.coordinate] = table.sums[number]
    return results


def write_statement(
    sheet: Worksheet, report: MonthlyReport, *, fill: PatternFill
) -> dict[str, Any]:
    """Write the commission statement, a row per line; what is net of fees is a formula.

    Returns:
        What the formulas come to, by cell.
    """
    lines = statement_lines(report.statement)
    rows: list[Sequence[Value]] = [
        (
            line.label,
            line.amount if line.ratio is None else line.ratio,
            line.currency if line.ratio is None else None,
            line.detail or None,
        )
        for line in lines
    ]
    write_table(sheet, SheetTable(columns=_COMMISSION, rows=rows), fill=fill)
    for row, line in enumerate(lines, 2):
        _dress(sheet, row, line)
    if report.statement.waterfall is None:
        return {}
    sheet["B4"].value = "=B2+B3"
    return {"B4": report.statement.waterfall.net}


def _dress(sheet: Worksheet, row: int, line: StatementLine) -> None:
    amount = sheet.cell(row=row, column=2)
    amount.number_format = USD_FORMAT if line.ratio is None else PERCENT_FORMAT
    sheet.cell(row=row, column=4).alignment = _WRAPPED
    if line.kind in (LineKind.SUM, LineKind.RESULT):
        for column in (1, 2, 3):
            sheet.cell(row=row, column=column).font = BOLD
    if line.kind is LineKind.RESULT:
        for column in (1, 2, 3, 4):
            sheet.cell(row=row, column=column).border = _TOP_LINE


def set_up_print(sheet: Worksheet, *, heading_rows: str | None = None) -> None:
    """Print a sheet as wide as a page, its heading and the page's number on every page.

    Args:
        sheet: Which.
        heading_rows: Rows that are repeated; a sheet without is printed on one page.
    """
    if heading_rows is not None:
        sheet.print_title_rows = heading_rows
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 1 if heading_rows is None else 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    if sheet.oddFooter is not None and sheet.oddFooter.center is not None:
        sheet.oddFooter.center.text = "Page &P of &N"


_LEFT_FORMATS = frozenset({TEXT_FORMAT, DATE_FORMAT, TIME_FORMAT})
