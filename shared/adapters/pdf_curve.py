"""An equity curve as a drawing: the book's total through the day."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reportlab.graphics.shapes import Drawing, Line, Polygon, PolyLine, String

from shared.adapters.pdf_type import BLUE, BLUE_WASH, LINE, MUTED, REGULAR, register_typeface
from shared.domain.day_summary import CurvePoint, DaySummary
from shared.domain.figures_text import MINUS, new_york_clock

_LEFT, _RIGHT, _BOTTOM, _TOP = 46.0, 8.0, 16.0, 6.0
_LABEL_SIZE = 6.5
_GRID_LINES = 4
_CLEARANCE = timedelta(minutes=31)
"""Hours closer to the open or the close than this have no room for a label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scale:
    """Maps instants and amounts to points on the page; floats, for the eye alone."""

    width: float
    height: float
    start: datetime
    end: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        share = (at - self.start).total_seconds() / (self.end - self.start).total_seconds()
        return _LEFT + share * (self.width - _LEFT - _RIGHT)

    def y(self, amount: float) -> float:
        share = (amount - self.low) / (self.high - self.low)
        return _BOTTOM + share * (self.height - _BOTTOM - _TOP)


def equity_curve(summary: DaySummary, *, width: float, height: float) -> Drawing:
    """Draw the curve with its zero line, amounts at the left and New York hours below."""
    register_typeface()
    totals = [float(point.total) for point in summary.curve]
    step = grid_step(min(0.0, *totals), max(0.0, *totals))
    low = math.floor(min(0.0, *totals) / step) * step
    high = max(math.ceil(max(0.0, *totals) / step) * step, low + step)
    scale = _Scale(
        width=width,
        height=height,
        start=summary.open_at,
        end=summary.close_at,
        low=low,
        high=high,
    )
    drawing = Drawing(width, height)
    _draw_area(drawing, scale, summary.curve)
    _draw_amounts(drawing, scale, step)
    _draw_hours(drawing, scale)
    _draw_line(drawing, scale, summary.curve)
    return drawing


def grid_step(low: float, high: float) -> float:
    """Choose the distance of the grid lines: 1, 2 or 5 times a power of ten, in USD."""
    rough = max((high - low) / _GRID_LINES, 1.0)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)


def _draw_area(drawing: Drawing, scale: _Scale, curve: Sequence[CurvePoint]) -> None:
    outline = [scale.x(curve[0].at), scale.y(0.0), *_path(scale, curve)]
    outline += [scale.x(curve[-1].at), scale.y(0.0)]
    drawing.add(Polygon(outline, fillColor=BLUE_WASH, strokeColor=None))


def _draw_line(drawing: Drawing, scale: _Scale, curve: Sequence[CurvePoint]) -> None:
    drawing.add(PolyLine(_path(scale, curve), strokeColor=BLUE, strokeWidth=1.1, strokeLineJoin=1))


def _draw_amounts(drawing: Drawing, scale: _Scale, step: float) -> None:
    for number in range(round((scale.high - scale.low) / step) + 1):
        amount = scale.low + number * step
        y = scale.y(amount)
        is_zero = abs(amount) < step / 2
        drawing.add(
            Line(
                _LEFT,
                y,
                scale.width - _RIGHT,
                y,
                strokeColor=MUTED if is_zero else LINE,
                strokeWidth=0.7 if is_zero else 0.5,
            )
        )
        text = f"{MINUS if amount < 0 and not is_zero else ''}${abs(amount):,.0f}"
        drawing.add(_label(text, _LEFT - 5, y - 2.3, anchor="end"))


def _draw_hours(drawing: Drawing, scale: _Scale) -> None:
    drawing.add(_label(new_york_clock(scale.start), scale.x(scale.start), 4, anchor="start"))
    drawing.add(_label(new_york_clock(scale.end), scale.x(scale.end), 4, anchor="end"))
    at = scale.start.replace(minute=0) + timedelta(hours=1)
    while at < scale.end:
        if min(at - scale.start, scale.end - at) > _CLEARANCE:
            drawing.add(_label(new_york_clock(at), scale.x(at), 4, anchor="middle"))
        at += timedelta(hours=1)


def _label(text: str, x: float, y: float, *, anchor: str) -> String:
    return String(
        x, y, text, fontName=REGULAR, fontSize=_LABEL_SIZE, fillColor=MUTED, textAnchor=anchor
    )


def _path(scale: _Scale, curve: Sequence[CurvePoint]) -> list[float]:
    return [place for point in curve for place in (scale.x(point.at), scale.y(float(point.total)))]
