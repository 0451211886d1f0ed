"""The same report drawn by ReportLab and openpyxl as their manuals show, without our code.

Tables are platypus tables of strings, charts are those of `reportlab.graphics` and
`openpyxl.chart`. It numbers pages without saying how many there are, which would take a second
build, and knows no hash, no script but Latin, and no fixed bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from shared.domain.monthly_report import MonthlyReport

_Value: TypeAlias = str | int | Decimal | date | datetime | None

_FACES = Path(__file__).parents[2] / "shared" / "adapters" / "typefaces"
_REGULAR, _BOLD = "BareSans", "BareSansBold"
_WIDTH = A4[0] - 84
_GRAY, _BLUE = HexColor("#e4e7ec"), HexColor("#1f5a96")
_TABLE = [
    ("FONT", (0, 0), (-1, -1), _REGULAR, 7),
    ("FONT", (0, -1), (-1, -1), _BOLD, 7),
    ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, _GRAY),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
]
_HEADS = {
    "Daily": (
        *("Session", "Trades", "Realized", "Unrealized", "Fees", "Total", "High", "Low"),
        *("Drawdown", "Equity"),
    ),
    "Trades": (
        *("Session", "New York", "UTC", "Contract", "Side", "Quantity", "Price", "Fee", "Cash"),
        "Execution",
    ),
}


def register_faces() -> None:
    """Load the same typeface, once per process."""
    pdfmetrics.registerFont(TTFont(_REGULAR, str(_FACES / "NotoSans-Regular.ttf")))
    pdfmetrics.registerFont(TTFont(_BOLD, str(_FACES / "NotoSans-Bold.ttf")))


def bare_pdf(report: MonthlyReport) -> bytes:
    """Draw the report's tables and charts."""
    buffer = io.BytesIO()
    document = BaseDocTemplate(buffer, pagesize=A4)
    frame = Frame(42, 56, _WIDTH, A4[1] - 108, leftPadding=0, rightPadding=0)
    document.addPageTemplates([PageTemplate(frames=[frame], onPage=_furnish)])
    document.build(_story(report))
    return buffer.getvalue()


def bare_xlsx(report: MonthlyReport) -> bytes:
    """Write the report's four sheets."""
    workbook = Workbook()
    summary = workbook.create_sheet("Summary", 0)
    for label, value in _facts(report):
        summary.append([label, value])
    days = workbook.create_sheet("Daily")
    _fill(days, _HEADS["Daily"], _day_values(report), ["yyyy-mm-dd", "0", *["#,##0.00"] * 8])
    trades = workbook.create_sheet("Trades")
    formats = ["yyyy-mm-dd", *["yyyy-mm-dd hh:mm:ss"] * 2, "@", "@", "0", *["#,##0.00"] * 3, "@"]
    _fill(trades, _HEADS["Trades"], _trade_values(report), formats)
    commission = workbook.create_sheet("Commission")
    _fill(commission, ("Step", "Amount"), _steps(report), ["@", "#,##0.00"])
    _chart(summary, days, LineChart(), 10, "D2", len(report.days))
    _chart(summary, days, BarChart(), 6, "D19", len(report.days))
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def _furnish(canvas: Canvas, _document: BaseDocTemplate) -> None:
    canvas.setFont(_REGULAR, 7)
    canvas.drawString(42, 36, f"Page {canvas.getPageNumber()}")


def _story(report: MonthlyReport) -> list[Flowable]:
    title = ParagraphStyle("title", fontName=_BOLD, fontSize=18, leading=24)
    head = ParagraphStyle("head", fontName=_BOLD, fontSize=9, leading=14)
    facts = [[label, _text(value)] for label, value in _facts(report)]
    return [
        Paragraph(report.month, title),
        Paragraph(report.name, head),
        Table(facts, colWidths=[200, 200], style=_TABLE),
        Paragraph("Commission statement", head),
        Table([[step, _text(amount)] for step, amount in _steps(report)], style=_TABLE),
        Paragraph("Equity curve", head),
        _line_plot(report),
        Paragraph("Daily results", head),
        _bar_chart(report),
        Paragraph("Days", head),
        _table(_HEADS["Daily"], _day_values(report)),
        Spacer(0, 8),
        Paragraph("Trades", head),
        _table(_HEADS["Trades"], _trade_values(report)),
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[_Value]]) -> Table:
    texts = [[_text(value) for value in row] for row in rows]
    return Table([list(heads), *texts], repeatRows=1, style=_TABLE)


def _line_plot(report: MonthlyReport) -> Drawing:
    plot = LinePlot()
    plot.width, plot.height = _WIDTH - 60, 100
    plot.data = [[(number, float(day.equity)) for number, day in enumerate(report.days)]]
    plot.xValueAxis.labels.fontName = plot.yValueAxis.labels.fontName = _REGULAR
    plot.lines[0].strokeColor = _BLUE
    drawing = Drawing(_WIDTH, 130)
    drawing.add(plot)
    return drawing


def _bar_chart(report: MonthlyReport) -> Drawing:
    chart = VerticalBarChart()
    chart.width, chart.height = _WIDTH - 60, 70
    chart.data = [[float(day.total) for day in report.days]]
    chart.categoryAxis.categoryNames = [day.session_date[5:] for day in report.days]
    chart.categoryAxis.labels.fontName = chart.valueAxis.labels.fontName = _REGULAR
    drawing = Drawing(_WIDTH, 100)
    drawing.add(chart)
    return drawing


def _text(value: _Value) -> str:
    return f"{value:,.2f}" if isinstance(value, Decimal) else str(value)


def _facts(report: MonthlyReport) -> list[tuple[str, _Value]]:
    pnl = report.pnl
    names = (
        *("total", "realized", "unrealized", "fees", "trades", "volume", "active_days"),
        *("winning_days", "losing_days", "flat_days", "win_rate_ratio", "profit_factor_ratio"),
        *("sharpe_ratio", "average_day", "best_day", "best_day_on", "worst_day", "worst_day_on"),
        "drawdown",
    )
    return [(name, getattr(pnl, name)) for name in names]


def _steps(report: MonthlyReport) -> list[tuple[str, _Value]]:
    waterfall = report.statement.waterfall
    names = ("gross", "fees", "net", "carried_forward", "base", "rate_ratio", "commission")
    return [(name, getattr(waterfall, name)) for name in names]


def _day_values(report: MonthlyReport) -> list[list[_Value]]:
    names = ("trades", "realized", "unrealized", "fees", "total", "high", "low", "drawdown")
    return [
        [
            date.fromisoformat(day.session_date),
            *(getattr(day, name) for name in names),
            day.equity,
        ]
        for day in report.days
    ]


def _trade_values(report: MonthlyReport) -> list[list[_Value]]:
    names = ("contract", "side", "quantity", "price", "fee", "cash", "exec_id")
    return [
        [
            date.fromisoformat(trade.session_date),
            trade.at.replace(tzinfo=None),
            trade.at.replace(tzinfo=None),
            *(getattr(trade, name) for name in names),
        ]
        for trade in report.trades
    ]


def _fill(
    sheet: Worksheet, heads: Sequence[str], rows: Sequence[Sequence[_Value]], formats: Sequence[str]
) -> None:
    for number, head in enumerate(heads, 1):
        sheet.cell(row=1, column=number, value=head).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(number)].width = 14
    for line, row in enumerate(rows, 2):
        for number, value in enumerate(row, 1):
            cell = sheet.cell(row=line, column=number, value=value)
            cell.number_format = formats[number - 1]
    sheet.freeze_panes = "A2"


def _chart(
    sheet: Worksheet,
    days: Worksheet,
    chart: LineChart | BarChart,
    column: int,
    place: str,
    count: int,
) -> None:
    reference = Reference(days, min_col=column, min_row=1, max_row=count + 1)
    chart.add_data(reference, titles_from_data=True)
    chart.set_categories(Reference(days, min_col=1, min_row=2, max_row=count + 1))
    sheet.add_chart(chart, place)
