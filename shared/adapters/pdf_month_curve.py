"""A month's equity curve, day by day, with its peak and its largest fall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.adapters.pdf_axis import AmountAxis, amount_axis, axis_label
from shared.adapters.pdf_pen import Align, Look, Pen
from shared.adapters.pdf_type import BLUE, BLUE_WASH, INK, LINE, MUTED, RED
from shared.domain.figures_text import dollars, signed_dollars
from shared.domain.money import ZERO
from shared.domain.monthly_report import ReportDay, equity_curve

LEFT, RIGHT, BOTTOM, TOP = 46.0, 8.0, 16.0, 14.0
"""Room around the plot: amounts at the left, days below, words above."""

_LABEL = Look(size=6.4, color=MUTED, align=Align.RIGHT)
_MOST_DAY_LABELS = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """Where a chart stands: its left and upper edge and its size, points."""

    left: float
    top: float
    width: float
    height: float

    @property
    def plot_left(self) -> float:
        """Left end of the grid lines."""
        return self.left + LEFT

    @property
    def plot_width(self) -> float:
        """Length of the grid lines."""
        return self.width - LEFT - RIGHT

    def axis(self, amounts: Sequence[float]) -> AmountAxis:
        """The axis of amounts."""
        foot = self.top - self.height
        return amount_axis(amounts, bottom=foot + BOTTOM, top=self.top - TOP)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fall:
    """The largest fall of a curve: numbers of its peak and its trough, and how much, positive."""

    peak: int
    trough: int
    amount: Decimal


def largest_fall(curve: Sequence[Decimal]) -> Fall | None:
    """Find the first largest fall from the running peak; None where the curve never falls."""
    peak, found = 0, None
    for number, equity in enumerate(curve):
        if equity > curve[peak]:
            peak = number
        fall = curve[peak] - equity
        if fall > (found.amount if found else ZERO):
            found = Fall(peak=peak, trough=number, amount=fall)
    return found


def draw_equity_curve(pen: Pen, days: Sequence[ReportDay], frame: Frame) -> None:
    """Draw the curve from 0, a point per active day, its end and its largest fall named."""
    curve = equity_curve(days)
    axis = frame.axis([float(point) for point in curve])
    step = frame.plot_width / max(1, len(days))
    points = [
        (frame.plot_left + number * step, axis.y(float(equity)))
        for number, equity in enumerate(curve)
    ]
    zero = axis.y(0.0)
    pen.area([(points[0][0], zero), *points, (points[-1][0], zero)], color=BLUE_WASH)
    draw_grid(pen, frame, axis)
    draw_days(pen, frame, days, first=step, step=step)
    _mark_fall(pen, largest_fall(curve), points)
    pen.path(points, color=BLUE, width=1.2)
    for x, y in points[1:]:
        pen.dot(x, y, 1.3, fill=BLUE)
    end = f"End of month {signed_dollars(curve[-1])}"
    pen.text(
        frame.plot_left + frame.plot_width,
        frame.top - 7,
        end,
        Look(size=6.8, bold=True, color=INK, align=Align.RIGHT),
    )
    _name_fall(pen, frame, days, largest_fall(curve))


def draw_grid(pen: Pen, frame: Frame, axis: AmountAxis) -> None:
    """Draw the lines of the amounts, and write the amounts at the left."""
    for amount in axis.amounts():
        y = axis.y(amount)
        right = frame.plot_left + frame.plot_width
        pen.line(frame.plot_left, y, right, y, color=LINE if amount else MUTED)
        pen.text(frame.plot_left - 5, y - 2.3, axis_label(amount), _LABEL)


def draw_days(
    pen: Pen, frame: Frame, days: Sequence[ReportDay], *, first: float, step: float
) -> None:
    """Write days of the month below, as many as have room.

    Args:
        pen: On the page.
        frame: Of the chart.
        days: Active days.
        first: Place of the first day, right of the plot's left end.
        step: Distance of two days.
    """
    every = -(-len(days) // _MOST_DAY_LABELS)
    look = Look(size=6.4, color=MUTED, align=Align.CENTER)
    foot = frame.top - frame.height + 4
    for number in range(0, len(days), every or 1):
        month, day = days[number].session_date[5:7], days[number].session_date[8:]
        pen.text(frame.plot_left + first + number * step, foot, f"{month}-{day}", look)


def _mark_fall(pen: Pen, fall: Fall | None, points: Sequence[tuple[float, float]]) -> None:
    if fall is None:
        return
    (peak_x, peak_y), (trough_x, trough_y) = points[fall.peak], points[fall.trough]
    pen.canvas.setDash(2, 2)
    pen.line(peak_x, peak_y, trough_x, peak_y, color=RED, width=0.7)
    pen.line(trough_x, peak_y, trough_x, trough_y, color=RED, width=0.7)
    pen.canvas.setDash()
    pen.dot(peak_x, peak_y, 2.4, fill=INK)
    pen.dot(trough_x, trough_y, 2.4, fill=RED)


def _name_fall(pen: Pen, frame: Frame, days: Sequence[ReportDay], fall: Fall | None) -> None:
    look = Look(size=6.8, color=MUTED)
    place = frame.plot_left, frame.top - 7
    if fall is None:
        pen.text(*place, "The curve never fell below its peak", look)
        return
    peak = days[fall.peak - 1].session_date if fall.peak else "the start"
    trough = days[fall.trough - 1].session_date
    words = f"Largest drawdown {dollars(fall.amount)}: from the peak of {peak} to {trough}"
    pen.text(*place, words.replace("peak of the start", "start"), look)
