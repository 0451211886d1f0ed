"""A1 notation, resolved against a worksheet's grid.

https://developers.google.com/workspace/sheets/api/guides/concepts#expandable-1
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLAIN_TITLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CELL_LIKE = re.compile(r"[A-Za-z]{1,3}[0-9]+")
_CORNER = re.compile(r"(?P<column>[A-Za-z]{0,3})(?P<row>[0-9]{0,7})")


class UnparsableRange(Exception):
    """No worksheet, named range or cells are called that."""


class OutsideGrid(Exception):
    """The range begins beyond the last row or column."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """A worksheet's size."""

    rows: int
    columns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CellRange:
    """A rectangle of cells: 0-based, ends excluded."""

    title: str
    first_row: int
    end_row: int
    first_column: int
    end_column: int

    def __str__(self) -> str:
        cells = f"{_letters(self.first_column)}{self.first_row + 1}"
        last = f"{_letters(self.end_column - 1)}{self.end_row}"
        if last != cells:
            cells += f":{last}"
        return f"{quoted(self.title)}!{cells}"


def quoted(title: str) -> str:
    """A worksheet title as it stands in a range."""
    if _PLAIN_TITLE.fullmatch(title) and not _CELL_LIKE.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def resolve(text: str, grids: Mapping[str, Grid]) -> CellRange:
    """Resolves a range; a bare title means the whole worksheet, bare cells the first one.

    Raises:
        UnparsableRange: Google's "Unable to parse range".
        OutsideGrid: Google's "exceeds grid limits".
    """
    title, cells = _split(text, grids)
    grid = grids[title]
    if not cells:
        return CellRange(
            title=title, first_row=0, end_row=grid.rows, first_column=0, end_column=grid.columns
        )
    begin, _, end = cells.partition(":")
    if ":" in cells and not end:
        raise UnparsableRange(text)
    column, row = _corner(begin, text)
    end_column, end_row = _corner(end or begin, text)
    if not end and (column is None or row is None):
        raise UnparsableRange(text)
    return _clipped(title, grid, (row, end_row), (column, end_column))


def _split(text: str, grids: Mapping[str, Grid]) -> tuple[str, str]:
    title, mark, cells = text.rpartition("!")
    if mark and not cells:
        raise UnparsableRange(text)
    if not mark:
        whole = _unquoted(text)
        title, cells = (whole, "") if whole in grids else (next(iter(grids)), text)
    title = _unquoted(title)
    if title not in grids:
        raise UnparsableRange(text)
    return title, cells


def _unquoted(title: str) -> str:
    if len(title) > 1 and title[0] == title[-1] == "'":
        return title[1:-1].replace("''", "'")
    return title


def _corner(text: str, whole: str) -> tuple[int | None, int | None]:
    found = _CORNER.fullmatch(text)
    if found is None or not text:
        raise UnparsableRange(whole)
    column = _column_index(found["column"]) if found["column"] else None
    row = int(found["row"]) - 1 if found["row"] else None
    if row is not None and row < 0:
        raise UnparsableRange(whole)
    return column, row


def _clipped(
    title: str,
    grid: Grid,
    rows: tuple[int | None, int | None],
    columns: tuple[int | None, int | None],
) -> CellRange:
    first_row, end_row = _span(rows, grid.rows)
    first_column, end_column = _span(columns, grid.columns)
    if first_row >= grid.rows or first_column >= grid.columns:
        raise OutsideGrid(f"Max rows: {grid.rows}, max columns: {grid.columns}")
    return CellRange(
        title=title,
        first_row=first_row,
        end_row=min(end_row, grid.rows),
        first_column=first_column,
        end_column=min(end_column, grid.columns),
    )


def _span(corners: tuple[int | None, int | None], size: int) -> tuple[int, int]:
    first, last = corners
    begin = 0 if first is None else first
    end = size if last is None else last + 1
    return (begin, end) if begin < end else (end - 1, begin + 1)


def _column_index(letters: str) -> int:
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def _letters(column: int) -> str:
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
