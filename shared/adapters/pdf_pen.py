"""A pen for PDF pages: texts in any script, lines and boxes, at places in points."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from shared.adapters.pdf_runs import runs_of, text_width
from shared.adapters.pdf_type import INK


class Align(StrEnum):
    """Which end of a text stands at its place."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How a text looks: size in points, weight, color and alignment."""

    size: float
    bold: bool = False
    color: HexColor = INK
    align: Align = Align.LEFT


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """One line of text at its place."""

    x: float
    y: float
    text: str
    look: Look


class Pen:
    """Draws on the current page of a ReportLab canvas; y grows upwards from the page's foot."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    def text(self, x: float, y: float, text: str, look: Look) -> None:
        """Write one line of text; nothing in it is markup."""
        self.texts((Words(x=x, y=y, text=text, look=look),))

    def texts(self, lines: Iterable[Words]) -> None:
        """Write several lines of text at once, which is a good deal faster than one by one."""
        drawn = self.canvas.beginText()
        color, font = None, ("", 0.0)
        for words in lines:
            look = words.look
            x = words.x
            runs = runs_of(words.text, bold=look.bold)
            if look.align is not Align.LEFT:
                width = text_width(words.text, look.size, bold=look.bold)
                x -= width if look.align is Align.RIGHT else width / 2
            if runs and look.color is not color:
                color = look.color
                drawn.setFillColor(color)
            for run in runs:
                if font != (run.face, look.size):
                    font = (run.face, look.size)
                    drawn.setFont(*font)
                drawn.setTextOrigin(x, words.y)
                drawn.textOut(run.text)
                x = drawn.getX()
        self.canvas.drawText(drawn)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, color: HexColor, width: float = 0.5
    ) -> None:
        """Draw a straight line."""
        self.canvas.setStrokeColor(color)
        self.canvas.setLineWidth(width)
        self.canvas.line(x1, y1, x2, y2)

    def path(self, points: list[tuple[float, float]], *, color: HexColor, width: float) -> None:
        """Draw a line through points, with round joins."""
        drawn = self._path(points)
        self.canvas.setLineJoin(1)
        self.canvas.setStrokeColor(color)
        self.canvas.setLineWidth(width)
        self.canvas.drawPath(drawn, stroke=1, fill=0)

    def area(self, points: list[tuple[float, float]], *, color: HexColor) -> None:
        """Fill what points enclose."""
        drawn = self._path(points)
        drawn.close()
        self.canvas.setFillColor(color)
        self.canvas.drawPath(drawn, stroke=0, fill=1)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: HexColor | None = None,
        stroke: HexColor | None = None,
        radius: float = 0,
    ) -> None:
        """Draw a box by its lower left corner."""
        if fill is not None:
            self.canvas.setFillColor(fill)
        if stroke is not None:
            self.canvas.setStrokeColor(stroke)
            self.canvas.setLineWidth(0.8)
        shown = {"stroke": int(stroke is not None), "fill": int(fill is not None)}
        if radius:
            self.canvas.roundRect(x, y, width, height, radius, **shown)
        else:
            self.canvas.rect(x, y, width, height, **shown)

    def dot(self, x: float, y: float, radius: float, *, fill: HexColor) -> None:
        """Draw a filled circle."""
        self.canvas.setFillColor(fill)
        self.canvas.circle(x, y, radius, stroke=0, fill=1)

    def _path(self, points: list[tuple[float, float]]) -> PDFPathObject:
        drawn = self.canvas.beginPath()
        drawn.moveTo(*points[0])
        for point in points[1:]:
            drawn.lineTo(*point)
        return drawn
