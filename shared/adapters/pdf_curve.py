"""An equity curve as a drawing: the book's total through the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reportlab.graphics.shapes import Drawing, Line, Polygon, PolyLine, String

from shared.adapters.pdf_axis import AmountAxis, amount_axis, axis_label
from shared.adapters.pdf_faces import REGULAR, register_typeface
from shared.adapters.pdf_type import BLUE, BLUE_WASH, LINE, MUTED
from shared.domain.day_summary import CurvePoint, DaySummary
from shared.domain.figures_text import new_york_clock

_LEFT, _RIGHT, _BOTTOM, _TOP = 46.0, 8.0, 16.0, 6.0
_LABEL_SIZE = 6.5
_CLEARANCE = timedelta(minutes=31)
"""Hours closer to the open or the close than this have no room for a label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scale:
    """Maps instants and amounts to points on the page; floats, for the eye alone."""

    width: float
    start: datetime
    end: datetime
    axis: AmountAxis

    def x(self, at: datetime) -> float:
        share = (at - self.start).total_seconds() / (self.end - self.start).total_seconds()
        return _LEFT + share * (self.width - _LEFT - _RIGHT)

    def y(self, amount: float) -> float:
        return self.axis.y(amount)


def equity_curve(summary: DaySummary, *, width: float, height: float) -> Drawing:
    """Draw the curve with its zero line, amounts at the left and New York hours below."""
    register_typeface()
    totals = [float(point.total) for point in summary.curve]
    scale = _Scale(
        width=width,
        start=summary.open_at,
        end=summary.close_at,
        axis=amount_axis(totals, bottom=_BOTTOM, top=height - _TOP),
    )
    drawing = Drawing(width, height)
    _draw_area(drawing, scale, summary.curve)
    _draw_amounts(drawing, scale)
    _draw_hours(drawing, scale)
    _draw_line(drawing, scale, summary.curve)
    return drawing


def _draw_area(drawing: Drawing, scale: _Scale, curve: Sequence[CurvePoint]) -> None:
    outline = [scale.x(curve[0].at), scale.y(0.0), *_path(scale, curve)]
    outline += [scale.x(curve[-1].at), scale.y(0.0)]
    drawing.add(Polygon(outline, fillColor=BLUE_WASH, strokeColor=None))


def _draw_line(drawing: Drawing, scale: _Scale, curve: Sequence[CurvePoint]) -> None:
    drawing.add(PolyLine(_path(scale, curve), strokeColor=BLUE, strokeWidth=1.1, strokeLineJoin=1))


def _draw_amounts(drawing: Drawing, scale: _Scale) -> None:
    for amount in scale.axis.amounts():
        y = scale.y(amount)
        drawing.add(
            Line(
                _LEFT,
                y,
                scale.width - _RIGHT,
                y,
                strokeColor=LINE if amount else MUTED,
                strokeWidth=0.5 if amount else 0.7,
            )
        )
        drawing.add(_label(axis_label(amount), _LEFT - 5, y - 2.3, anchor="end"))


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
