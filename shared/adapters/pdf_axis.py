"""The axis of amounts of a chart: round grid lines, and where an amount stands."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from shared.domain.figures_text import MINUS

_GRID_LINES = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class AmountAxis:
    """USD along a chart's height; floats, for the eye alone.

    Attributes:
        low: Amount at the foot.
        high: Amount at the top.
        step: Distance of the grid lines.
        bottom: Place of the foot, points.
        top: Place of the top, points.
    """

    low: float
    high: float
    step: float
    bottom: float
    top: float

    def y(self, amount: float) -> float:
        """Place of an amount, points."""
        share = (amount - self.low) / (self.high - self.low)
        return self.bottom + share * (self.top - self.bottom)

    def amounts(self) -> tuple[float, ...]:
        """Amounts of the grid lines, from the foot; zero is exactly 0."""
        first = round(self.low / self.step)
        count = round((self.high - self.low) / self.step)
        return tuple((first + number) * self.step for number in range(count + 1))


def amount_axis(amounts: Iterable[float], *, bottom: float, top: float) -> AmountAxis:
    """Make the axis on which all amounts and zero have room."""
    known = [0.0, *amounts]
    step = grid_step(min(known), max(known))
    low = math.floor(min(known) / step) * step
    high = max(math.ceil(max(known) / step) * step, low + step)
    return AmountAxis(low=low, high=high, step=step, bottom=bottom, top=top)


def grid_step(low: float, high: float) -> float:
    """Choose the distance of the grid lines: 1, 2 or 5 times a power of ten, in USD."""
    rough = max((high - low) / _GRID_LINES, 1.0)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)


def axis_label(amount: float) -> str:
    """Write a grid line's amount in whole USD."""
    return f"{MINUS if amount < 0 else ''}${abs(amount):,.0f}"
