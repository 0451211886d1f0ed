"""The daily summary as an Excel workbook; the same figures give the same bytes.

Amounts are numbers with a number format, never text; cells show cents and hold what was
computed. Excel keeps fifteen digits, so micros of USD are exact up to a billion.
"""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from shared.adapters.xlsx_file import MEDIA_TYPE, Value, cell_text, workbook_bytes
from shared.domain.day_summary import DaySummary
from shared.domain.figures_text import in_words, long_date, new_york_stamp
from shared.domain.sessions import NEW_YORK

USD_FORMAT = "#,##0.00;[Red]-#,##0.00"
PRICE_FORMAT = "0.0000;-0.0000"
COUNT_FORMAT = "#,##0"
TIME_FORMAT = "hh:mm:ss"

_INK = "FF1D2939"
_HEAD_FONT = Font(name="Calibri", size=11, bold=True, color="FFFFFFFF")
_HEAD_FILL = PatternFill("solid", fgColor=_INK)
_BOLD = Font(name="Calibri", size=11, bold=True)
_TOP_LINE = Border(top=Side(style="thin", color=_INK))

_FOLLOWER_COLUMNS: tuple[tuple[str, int, str], ...] = (
    ("Follower", 28, "@"),
    ("Id", 20, "@"),
    ("Opening order", 18, "@"),
    ("Reason", 22, "@"),
    ("Ordered", 10, COUNT_FORMAT),
    ("Filled", 10, COUNT_FORMAT),
    ("Average net price", 18, PRICE_FORMAT),
    ("Realized USD", 15, USD_FORMAT),
    ("Unrealized USD", 15, USD_FORMAT),
    ("Fees USD", 13, USD_FORMAT),
    ("Total USD", 15, USD_FORMAT),
    ("Commission USD", 16, USD_FORMAT),
)
_ALERT_COLUMNS: tuple[tuple[str, int, str], ...] = (
    ("New York", 12, TIME_FORMAT),
    ("Severity", 12, "@"),
    ("Alert", 24, "@"),
    ("Subject", 32, "@"),
    ("Message", 90, "@"),
)


class XlsxDaySummary:
    """`DaySummaryRenderer` for Excel."""

    extension = "xlsx"
    content_type = MEDIA_TYPE

    def render(self, summary: DaySummary, *, figures_sha256: str) -> bytes:
        """Render the summary: sheets Summary, Followers and Alerts."""
        workbook = Workbook()
        first = workbook.active
        if not isinstance(first, Worksheet):
            raise TypeError("a new workbook has one worksheet")
        _write_summary(first, summary, figures_sha256)
        _write_followers(workbook.create_sheet("Followers"), summary)
        _write_alerts(workbook.create_sheet("Alerts"), summary)
        workbook.properties.creator = "SpreadPilot"
        workbook.properties.title = f"SpreadPilot daily summary {summary.session_date}"
        return workbook_bytes(workbook)


def _write_summary(sheet: Worksheet, summary: DaySummary, digest: str) -> None:
    sheet.title = "Summary"
    sheet.append(["SpreadPilot daily summary"])
    sheet["A1"].font = Font(name="Calibri", size=16, bold=True)
    for label, value, number_format in _summary_lines(summary, digest):
        sheet.append([label, value])
        cell = sheet.cell(row=sheet.max_row, column=2)
        cell.number_format = number_format
        cell.alignment = Alignment(horizontal="left" if number_format == "@" else "right")
    for row in (2, 5):
        sheet.cell(row=row, column=2).font = _BOLD
    sheet.column_dimensions["A"].width = 24
    sheet.column_dimensions["B"].width = 70
    sheet.page_setup.orientation = "landscape"


def _summary_lines(summary: DaySummary, digest: str) -> list[tuple[str, Value, str]]:
    totals, extremes = summary.totals, summary.extremes
    return [
        ("Session", long_date(summary.session_date), "@"),
        ("Spreads", ", ".join(summary.spreads) or "none", "@"),
        ("State of the figures", str(summary.finality), "@"),
        ("Total USD", totals.total, USD_FORMAT),
        ("Realized USD", totals.realized, USD_FORMAT),
        ("Unrealized USD", totals.unrealized, USD_FORMAT),
        ("Broker fees USD", totals.fees, USD_FORMAT),
        ("Commission accrued USD", totals.commission, USD_FORMAT),
        ("High USD", extremes.high, USD_FORMAT),
        ("Low USD", extremes.low, USD_FORMAT),
        ("Largest drawdown USD", extremes.drawdown, USD_FORMAT),
        ("Followers", totals.followers, COUNT_FORMAT),
        ("Followers filled", totals.traded, COUNT_FORMAT),
        ("Spreads ordered", totals.quantity, COUNT_FORMAT),
        ("Spreads filled", totals.filled_quantity, COUNT_FORMAT),
        ("Leg executions", totals.trades, COUNT_FORMAT),
        ("Marks due", summary.due_marks, COUNT_FORMAT),
        ("Marks missing", summary.missing_marks, COUNT_FORMAT),
        ("As of", new_york_stamp(summary.as_of), "@"),
        ("Figures SHA-256", digest, "@"),
    ]


def _write_followers(sheet: Worksheet, summary: DaySummary) -> None:
    rows: list[list[Value]] = [
        [
            row.name,
            row.follower_id,
            in_words(row.state) if row.state else None,
            in_words(row.reason) if row.reason else None,
            row.quantity,
            row.filled_quantity,
            row.average_net_price,
            row.realized,
            row.unrealized,
            row.fees,
            row.total,
            row.commission,
        ]
        for row in summary.rows
    ]
    _write_table(sheet, _FOLLOWER_COLUMNS, rows)
    totals = summary.totals
    sums: list[Value] = ["Total", None, None, None, totals.quantity, totals.filled_quantity, None]
    sums += [totals.realized, totals.unrealized, totals.fees, totals.total, totals.commission]
    _write_row(sheet, len(rows) + 2, _FOLLOWER_COLUMNS, sums)
    for cell in sheet[len(rows) + 2]:
        cell.font = _BOLD
        cell.border = _TOP_LINE


def _write_alerts(sheet: Worksheet, summary: DaySummary) -> None:
    rows: list[list[Value]] = [
        [
            # Excel knows no zones: the wall-clock time of New York, as the heading says.
            alert.raised_at.astimezone(NEW_YORK).replace(tzinfo=None),
            str(alert.severity),
            in_words(alert.alert_type),
            alert.subject,
            alert.message,
        ]
        for alert in summary.alerts
    ]
    _write_table(sheet, _ALERT_COLUMNS, rows)
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            cell.alignment = Alignment(vertical="top", wrap_text=True)


def _write_table(
    sheet: Worksheet, columns: Sequence[tuple[str, int, str]], rows: Sequence[Sequence[Value]]
) -> None:
    for number, (heading, width, number_format) in enumerate(columns, 1):
        cell = sheet.cell(row=1, column=number, value=heading)
        cell.font, cell.fill = _HEAD_FONT, _HEAD_FILL
        cell.alignment = Alignment(horizontal="left" if number_format == "@" else "right")
        sheet.column_dimensions[get_column_letter(number)].width = width
    for line, values in enumerate(rows, 2):
        _write_row(sheet, line, columns, values)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{max(1, len(rows) + 1)}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _write_row(
    sheet: Worksheet,
    line: int,
    columns: Sequence[tuple[str, int, str]],
    values: Sequence[Value],
) -> None:
    for number, value in enumerate(values, 1):
        cell = sheet.cell(row=line, column=number)
        cell.value = cell_text(value) if isinstance(value, str) else value
        if isinstance(value, str):
            # Text outright: a name that starts with "=" must never become a formula.
            cell.data_type = "s"
        cell.number_format = columns[number - 1][2]
