"""The daily summary as a PDF; the same figures give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Protocol

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    PageTemplate,
    Spacer,
    Table,
    TableStyle,
)

from shared.adapters.day_summary_tables import (
    alerts_table,
    followers_table,
    key_figures,
    small_figures,
)
from shared.adapters.pdf_curve import equity_curve
from shared.adapters.pdf_faces import BOLD, REGULAR, register_typeface
from shared.adapters.pdf_type import (
    AMBER,
    BLUE,
    GREEN,
    LINE,
    MUTED,
    paragraph,
    style,
)
from shared.domain.day_summary import DaySummary
from shared.domain.figures_text import long_date, new_york_clock, new_york_stamp
from shared.domain.session_record import Finality

_MARGIN = 42.0
_WIDTH = A4[0] - 2 * _MARGIN
_LEAST_ROOM = 90.0
"""Points that must be left on a page for a section to start there."""

_NOTE = (
    "Amounts in USD. Net prices are per share of the bought combo, credit negative. Total is"
    " realized plus unrealized less broker fees; commission is what a follower owes on profit,"
    " computed anew for the month's statement."
)


class _Canvas(Protocol):
    """What we use of ReportLab's canvas."""

    def getPageNumber(self) -> int: ...
    def setFont(self, name: str, size: float) -> None: ...
    def setFillColor(self, color: HexColor) -> None: ...
    def setStrokeColor(self, color: HexColor) -> None: ...
    def setLineWidth(self, width: float) -> None: ...
    def line(self, x1: float, y1: float, x2: float, y2: float) -> None: ...
    def drawString(self, x: float, y: float, text: str) -> None: ...
    def drawRightString(self, x: float, y: float, text: str) -> None: ...


class PdfDaySummary:
    """`DaySummaryRenderer` for PDF."""

    extension = "pdf"
    content_type = "application/pdf"

    def render(self, summary: DaySummary, *, figures_sha256: str) -> bytes:
        """Render the summary; again where it has more pages than the one that was numbered."""
        register_typeface()
        pages, data = _build(summary, figures_sha256, pages=1)
        if pages > 1:
            _, data = _build(summary, figures_sha256, pages=pages)
        return data


def _build(summary: DaySummary, digest: str, *, pages: int) -> tuple[int, bytes]:
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        title=f"SpreadPilot daily summary {summary.session_date}",
        author="SpreadPilot",
        subject=f"figures sha256 {digest}",
        creator="SpreadPilot",
        # ReportLab then leaves out the time of day and anything else that varies.
        invariant=1,
        lang="en-US",
        # Otherwise every page would name Helvetica, which is not embedded.
        initialFontName=REGULAR,
    )
    frame = Frame(_MARGIN, 56, _WIDTH, A4[1] - 56 - 52, leftPadding=0, rightPadding=0, topPadding=0)
    footing = partial(_furnish_page, summary, digest, pages)
    document.addPageTemplates([PageTemplate(frames=[frame], onPage=_on_page(footing))])
    document.build(_story(summary))
    return int(document.page), buffer.getvalue()


def _on_page(draw: Callable[[_Canvas], None]) -> Callable[[_Canvas, BaseDocTemplate], None]:
    return lambda canvas, _: draw(canvas)


def _furnish_page(summary: DaySummary, digest: str, pages: int, canvas: _Canvas) -> None:
    top, right = A4[1] - 36, A4[0] - _MARGIN
    canvas.setFont(BOLD, 8)
    canvas.setFillColor(BLUE)
    canvas.drawString(_MARGIN, top, "SpreadPilot")
    canvas.setFont(REGULAR, 7.5)
    canvas.setFillColor(MUTED)
    canvas.drawRightString(right, top, f"Daily summary {summary.session_date}")
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.line(_MARGIN, 46, right, 46)
    canvas.setFont(REGULAR, 6)
    canvas.drawString(_MARGIN, 36, f"As of {new_york_stamp(summary.as_of)}")
    canvas.drawString(_MARGIN, 27, f"Figures SHA-256 {digest}")
    canvas.setFont(REGULAR, 7)
    canvas.drawRightString(right, 36, f"Page {canvas.getPageNumber()} of {pages}")


def _story(summary: DaySummary) -> list[Flowable]:
    story: list[Flowable] = [
        _title(summary),
        Spacer(0, 12),
        key_figures(summary, width=_WIDTH),
        Spacer(0, 8),
        small_figures(summary, width=_WIDTH),
        Spacer(0, 12),
        _section("Total of all followers through the session, New York time"),
        equity_curve(summary, width=_WIDTH, height=150),
        Spacer(0, 10),
        CondPageBreak(_LEAST_ROOM),
        _section("Followers"),
        followers_table(summary) if summary.rows else _empty("Nobody had anything today."),
        Spacer(0, 5),
        paragraph(_NOTE, style(6.2, color=MUTED)),
        Spacer(0, 12),
        CondPageBreak(_LEAST_ROOM),
        _section("Alerts"),
        alerts_table(summary.alerts) if summary.alerts else _empty("No alert was raised."),
    ]
    return story


def _title(summary: DaySummary) -> Table:
    is_final = summary.finality is Finality.FINAL
    hours = f"{new_york_clock(summary.open_at)} to {new_york_clock(summary.close_at)} New York"
    traded = ", ".join(summary.spreads) or "No spread was ordered"
    left = [
        paragraph(long_date(summary.session_date), style(17, bold=True)),
        Spacer(0, 2),
        paragraph(f"{traded}  \N{MIDDLE DOT}  {hours}", style(8, color=MUTED)),
    ]
    stamp = style(7.5, bold=True, color=GREEN if is_final else AMBER, right=True)
    table = Table(
        [[left, paragraph(summary.finality.upper(), stamp)]], colWidths=[_WIDTH - 110, 110]
    )
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (1, 0), (1, 0), 9),
            ]
        )
    )
    return table


def _section(text: str) -> Flowable:
    look = style(8.5, bold=True)
    look.spaceAfter = 5
    return paragraph(text, look)


def _empty(text: str) -> Flowable:
    return paragraph(text, style(7.5, color=MUTED))
