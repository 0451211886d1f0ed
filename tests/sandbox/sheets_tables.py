"""The tables behind the Sheets stand-in and how they are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.sandbox.control import Json
from tests.sandbox.sheets_ranges import CellRange, Grid, resolve

_RENDERED = {
    "FORMATTED_VALUE": "formatted",
    "UNFORMATTED_VALUE": "unformatted",
    "FORMULA": "formula",
}
Cell: TypeAlias = dict[str, Json]


@dataclass(slots=True)
class Worksheet:
    """One worksheet; cells beyond `values` are empty."""

    title: str
    grid: Grid
    values: list[list[Cell]] = field(default_factory=list)


@dataclass(slots=True)
class Spreadsheet:
    """One spreadsheet and whether the caller may read it."""

    title: str
    shared: bool
    sheets: dict[str, Worksheet]


def described(index: int, sheet: Worksheet, *, with_data: bool) -> Json:
    described: dict[str, Json] = {
        "properties": {
            "sheetId": index,
            "title": sheet.title,
            "index": index,
            "sheetType": "GRID",
            "gridProperties": {
                "rowCount": sheet.grid.rows,
                "columnCount": sheet.grid.columns,
            },
        }
    }
    if with_data:
        described["data"] = [{"rowData": [_row_data(row) for row in sheet.values]}]
    return described


def _row_data(row: list[Cell]) -> Json:
    return {"values": [{"formattedValue": cell["formatted"]} for cell in row]}


def cells_of(rows: Iterable[Iterable[Json]]) -> list[list[Cell]]:
    return [[_cell(value) for value in row] for row in rows]


def _cell(value: Json) -> Cell:
    if isinstance(value, dict):
        return {name: value[name] for name in ("formatted", "unformatted", "formula")}
    if not isinstance(value, str):
        raise TypeError(f"a cell is the displayed string or an object, not {value!r}")
    return {"formatted": value, "unformatted": value, "formula": value}


def read(found: Spreadsheet, text: str, dimension: str, render_option: str) -> Json:
    """A range's values.

    Raises:
        UnparsableRange, OutsideGrid: There is no such range.
    """
    cells = resolve(text, {title: sheet.grid for title, sheet in found.sheets.items()})
    table = _table(found.sheets[cells.title], cells, _RENDERED[render_option])
    if dimension == "COLUMNS":
        table = _turned(table)
    answer: dict[str, Json] = {"range": str(cells), "majorDimension": dimension}
    values = _without_empty_ends(table)
    if values:
        answer["values"] = values
    return answer


def _turned(table: list[list[Json]]) -> list[list[Json]]:
    width = max(map(len, table), default=0)
    return [[row[column] if column < len(row) else "" for row in table] for column in range(width)]


def _table(sheet: Worksheet, cells: CellRange, rendered: str) -> list[list[Json]]:
    return [
        [cell[rendered] for cell in row[cells.first_column : cells.end_column]]
        for row in sheet.values[cells.first_row : cells.end_row]
    ]


def _without_empty_ends(table: list[list[Json]]) -> list[Json]:
    trimmed: list[Json] = []
    for row in table:
        kept = list(row)
        while kept and kept[-1] == "":
            kept.pop()
        trimmed.append(kept)
    while trimmed and trimmed[-1] == []:
        trimmed.pop()
    return trimmed
