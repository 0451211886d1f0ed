"""Bars of a month: a day's result each, and the steps of a calculation as floating bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reportlab.lib.colors import HexColor

from shared.adapters.pdf_month_curve import Frame, draw_days, draw_grid
from shared.adapters.pdf_pen import Look, Pen
from shared.adapters.pdf_type import BLUE, GREEN, MUTED, RED, WHITE
from shared.domain.money import ZERO
from shared.domain.monthly_report import ReportDay
from shared.domain.statement_lines import LineKind, StatementLine

_WIDEST_BAR = 18.0


def draw_daily_bars(pen: Pen, days: Sequence[ReportDay], frame: Frame) -> None:
    """Draw a bar per active day: gains full and green, losses hollow and red."""
    axis = frame.axis([float(day.total) for day in days])
    draw_grid(pen, frame, axis)
    step = frame.plot_width / max(1, len(days))
    width = min(_WIDEST_BAR, step * 0.62)
    zero = axis.y(0.0)
    for number, day in enumerate(days):
        x = frame.plot_left + (number + 0.5) * step - width / 2
        height = axis.y(float(day.total)) - zero
        if day.total >= ZERO:
            pen.box(x, zero, width, height, fill=GREEN)
        else:
            pen.box(x + 0.4, zero, width - 0.8, height, fill=WHITE, stroke=RED)
    draw_days(pen, frame, days, first=step / 2, step=step)
    _draw_key(pen, frame)


def _draw_key(pen: Pen, frame: Frame) -> None:
    y = frame.top - 7
    look = Look(size=6.8, color=MUTED)
    pen.box(frame.plot_left, y, 6, 5, fill=GREEN)
    pen.text(frame.plot_left + 9, y, "Gain", look)
    pen.box(frame.plot_left + 36, y, 6, 5, fill=WHITE, stroke=RED)
    pen.text(frame.plot_left + 45, y, "Loss", look)


@dataclass(frozen=True, kw_only=True, slots=True)
class FloatingBar:
    """From one amount to another, USD, and its color."""

    start: Decimal
    end: Decimal
    color: HexColor


def floating_bars(lines: Sequence[StatementLine]) -> tuple[FloatingBar | None, ...]:
    """Give every USD amount up to the commission its bar: steps hang on what is above them."""
    bars: list[FloatingBar | None] = []
    level = ZERO
    is_over = False
    for line in lines:
        is_over = is_over or line.kind is LineKind.RATE
        if line.amount is None or is_over:
            bars.append(None)
            continue
        is_step = line.kind is LineKind.STEP
        start = level if is_step else ZERO
        level = start + line.amount
        color = BLUE if not is_step else GREEN if line.amount >= ZERO else RED
        bars.append(FloatingBar(start=start, end=level, color=color))
    return tuple(bars)


def draw_floating_bar(
    pen: Pen,
    bar: FloatingBar,
    *,
    among: Sequence[FloatingBar | None],
    place: tuple[float, float, float],
) -> None:
    """Draw one of several bars on their common scale.

    Args:
        pen: On the page.
        bar: Which.
        among: All that share the scale.
        place: Left end, lower edge and width of the scale, points.
    """
    left, y, width = place
    ends = [float(end) for one in among if one for end in (one.start, one.end)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    scale = width / (high - low) if high > low else 0.0
    zero = left - low * scale
    pen.line(zero, y - 4.5, zero, y + 9.5, color=MUTED, width=0.4)
    start, end = sorted((float(bar.start), float(bar.end)))
    if end > start:
        pen.box(left + (start - low) * scale, y, (end - start) * scale, 5.5, fill=bar.color)
