"""The commission statement of a monthly report's PDF: from the profit to what is due."""

from __future__ import annotations

from functools import partial

from shared.adapters.pdf_bars import FloatingBar, draw_floating_bar, floating_bars
from shared.adapters.pdf_flow import Block
from shared.adapters.pdf_pen import Align, Look, Pen
from shared.adapters.pdf_rows import ROW_HEIGHT
from shared.adapters.pdf_runs import fitted, wrapped
from shared.adapters.pdf_type import AMBER, INK, LINE, MUTED, PALE, RED
from shared.domain.figures_text import NOTHING, plain_amount, ratio_percent
from shared.domain.money import ZERO
from shared.domain.statement_lines import (
    LineKind,
    StatementLine,
    statement_lines,
    statement_standing,
)
from shared.domain.statements import Statement

_BARS_LEFT, _BARS_WIDTH = 250.0, 120.0
_CURRENCY_WIDTH = 26.0
_SIZE, _DETAIL_SIZE, _DETAIL_LEADING = 7.8, 6.6, 9.0
_STRONG = frozenset({LineKind.SUM, LineKind.RESULT})


def statement_blocks(statement: Statement, *, left: float, width: float) -> list[Block]:
    """Lay the statement out: where it stands, then a block per line."""
    lines = statement_lines(statement)
    bars = floating_bars(lines)
    blocks = [_standing_block(statement, left, bool(lines))]
    for number, (line, bar) in enumerate(zip(lines, bars, strict=True)):
        room = _BARS_LEFT + _BARS_WIDTH if bar is None else _BARS_LEFT - 8
        details = wrapped(line.detail, room, _DETAIL_SIZE) if line.detail else ()
        printed = _PrintedLine(line, details, left, width)
        is_last_but_one = number == len(lines) - 2
        blocks.append(
            Block(
                height=printed.height,
                draw=partial(printed.draw, bar, bars),
                keeps_next=is_last_but_one,
            )
        )
    return blocks


def _standing_block(statement: Statement, left: float, has_lines: bool) -> Block:
    color = AMBER if statement.held_reason is not None and not statement.number else MUTED

    def draw(pen: Pen, top: float) -> None:
        pen.text(left + 8, top - 9, statement_standing(statement), Look(size=7.8, color=color))

    return Block(height=18, draw=draw, keeps_next=has_lines)


class _PrintedLine:
    """One line: label and details at the left, its bar in the middle, its amount at the right."""

    def __init__(
        self, line: StatementLine, details: tuple[str, ...], left: float, width: float
    ) -> None:
        self._line = line
        self._details = details
        self._left = left
        self._right = left + width
        self.height = ROW_HEIGHT + 1 + _DETAIL_LEADING * len(details)

    def draw(
        self, bar: FloatingBar | None, among: tuple[FloatingBar | None, ...], pen: Pen, top: float
    ) -> None:
        base = top - 10
        is_strong = self._line.kind in _STRONG
        if self._line.kind is LineKind.RESULT:
            pen.box(self._left, top - self.height, self._right - self._left, self.height, fill=PALE)
            pen.line(self._left, top, self._right, top, color=INK, width=0.9)
        elif is_strong:
            pen.line(self._left, top, self._right, top, color=LINE)
        label = fitted(self._line.label, _BARS_LEFT - 12, _SIZE, bold=is_strong)
        pen.text(self._left + 8, base, label, Look(size=_SIZE, bold=is_strong))
        for number, detail in enumerate(self._details, 1):
            place = base - number * _DETAIL_LEADING
            pen.text(self._left + 8, place, detail, Look(size=_DETAIL_SIZE, color=MUTED))
        if bar is not None:
            place_of_bar = self._left + _BARS_LEFT, base - 1, _BARS_WIDTH
            draw_floating_bar(pen, bar, among=among, place=place_of_bar)
        self._draw_amount(pen, base, is_strong)

    def _draw_amount(self, pen: Pen, base: float, is_strong: bool) -> None:
        line = self._line
        right = self._right - _CURRENCY_WIDTH
        if line.ratio is not None:
            rate = Look(size=_SIZE, align=Align.RIGHT)
            pen.text(right, base, ratio_percent(line.ratio), rate)
            return
        color = RED if line.amount is not None and line.amount < ZERO else INK
        text = NOTHING if line.amount is None else plain_amount(line.amount)
        look = Look(size=_SIZE, bold=is_strong, color=color, align=Align.RIGHT)
        pen.text(right, base, text, look)
        pen.text(
            self._right - 4, base, line.currency, Look(size=6.6, color=MUTED, align=Align.RIGHT)
        )
