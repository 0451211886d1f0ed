"""Tables for PDF pages: rows of one line each, under a heading that every page repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from reportlab.lib.colors import HexColor

from shared.adapters.pdf_flow import Block
from shared.adapters.pdf_pen import Align, Look, Pen, Words
from shared.adapters.pdf_runs import fitted, fitting_size
from shared.adapters.pdf_type import INK, LINE, MUTED, PALE

ROW_HEIGHT = 13.0
_SIZE, _HEAD_SIZE = 7.2, 6.4
_GAP = 3.0
_ROWS_WITH_TOTAL = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column: its heading, width in points, and alignment."""

    heading: str
    width: float
    align: Align = Align.RIGHT


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row: texts from the left, and colors of cells by their number."""

    cells: Sequence[str]
    colors: Mapping[int, HexColor] = field(default_factory=dict)


def table_blocks(
    columns: Sequence[Column], rows: Sequence[Row], *, left: float, total: Row | None = None
) -> list[Block]:
    """Lay a table out; a row of sums stays with the last rows above it."""
    grid = _Grid(columns, left)
    head = Block(height=ROW_HEIGHT + 2, draw=grid.draw_head, keeps_next=True)
    last = len(rows) - _ROWS_WITH_TOTAL
    blocks = [head]
    for number, row in enumerate(rows):
        blocks.append(
            Block(
                height=ROW_HEIGHT,
                draw=partial(grid.draw_row, row, number % 2 == 1),
                keeps_next=total is not None and number >= last,
                head=head if number else None,
            )
        )
    if total is not None:
        blocks.append(Block(height=ROW_HEIGHT + 2, draw=partial(grid.draw_total, total)))
    return blocks


class _Place(NamedTuple):
    """Where the cells of a column stand: their edge, alignment and room."""

    x: float
    align: Align
    width: float


class _Grid:
    """Where the columns of one table stand."""

    def __init__(self, columns: Sequence[Column], left: float) -> None:
        self._columns = columns
        self._left = left
        self._right = left + sum(column.width for column in columns)
        self._places: list[_Place] = []
        for column in columns:
            is_right = column.align is Align.RIGHT
            x = left + column.width - _GAP if is_right else left + _GAP
            self._places.append(_Place(x, column.align, column.width - 2 * _GAP))
            left += column.width

    def draw_head(self, pen: Pen, top: float) -> None:
        base = top - ROW_HEIGHT + 3
        pen.texts(
            Words(
                x=place.x,
                y=base,
                text=column.heading,
                look=Look(size=_HEAD_SIZE, color=MUTED, align=place.align),
            )
            for place, column in zip(self._places, self._columns, strict=True)
        )
        pen.line(self._left, base - 4, self._right, base - 4, color=INK, width=0.8)

    def draw_row(self, row: Row, is_shaded: bool, pen: Pen, top: float) -> None:
        bottom = top - ROW_HEIGHT
        if is_shaded:
            pen.box(self._left, bottom, self._right - self._left, ROW_HEIGHT, fill=PALE)
        self._write(pen, row, bottom, is_bold=False)

    def draw_total(self, row: Row, pen: Pen, top: float) -> None:
        pen.line(self._left, top - 0.5, self._right, top - 0.5, color=INK, width=0.8)
        self._write(pen, row, top - ROW_HEIGHT - 1, is_bold=True)
        pen.line(
            self._left, top - ROW_HEIGHT - 1.5, self._right, top - ROW_HEIGHT - 1.5, color=LINE
        )

    def _write(self, pen: Pen, row: Row, bottom: float, *, is_bold: bool) -> None:
        pen.texts(
            _cell(place, text, row.colors.get(number), bottom + 4, is_bold=is_bold)
            for number, (place, text) in enumerate(zip(self._places, row.cells, strict=False))
        )


def _cell(place: _Place, text: str, color: HexColor | None, y: float, *, is_bold: bool) -> Words:
    """Cut a text that has no room; figures, which stand at the right, become smaller instead."""
    look = _PLAIN[is_bold][place.align]
    if color is not None:
        look = replace(look, color=color)
    if place.align is not Align.RIGHT:
        text = fitted(text, place.width, _SIZE, bold=is_bold)
    elif (size := fitting_size(text, place.width, _SIZE, bold=is_bold)) < _SIZE:
        look = replace(look, size=size)
    return Words(x=place.x, y=y, text=text, look=look)


_PLAIN = {
    is_bold: {align: Look(size=_SIZE, bold=is_bold, align=align) for align in Align}
    for is_bold in (False, True)
}
