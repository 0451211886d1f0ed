"""The leader sheet: which header names which column, and the rows below."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.cell_text import AMERICAN, ITALIAN, CellLocale, clean, is_blank, parse_date
from shared.domain.spreads import Strategy
from shared.domain.trading_settings import SheetPreset

_HEADER_SEARCH_ROWS = 20
"""How far down the header row may stand: people put titles and notes above it."""


class Column(StrEnum):
    """What a column holds."""

    DATE = "date"
    TICKER = "ticker"
    STRATEGY = "strategy"
    QUANTITY = "quantity"
    STRIKE_LONG = "strike_long"
    STRIKE_SHORT = "strike_short"
    BUY_PUT = "buy_put"
    SELL_PUT = "sell_put"
    SELL_CALL = "sell_call"
    BUY_CALL = "buy_call"
    EXPIRY = "expiry"


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetLayout:
    """One preset: header names and where each strategy keeps its strikes.

    Attributes:
        headers: Required headers, in the order in which a row is hashed.
        expiry_header: The optional header; without it, or blank below it, options expire today.
        strikes: Columns of the bought and the sold strike, by strategy.
        locale: How numbers and dates are written.
    """

    headers: Mapping[Column, str]
    expiry_header: str
    strikes: Mapping[Strategy, tuple[Column, Column]]
    locale: CellLocale

    @property
    def all_headers(self) -> dict[Column, str]:
        """Every header, the optional one last."""
        return {**self.headers, Column.EXPIRY: self.expiry_header}

    @property
    def strike_columns(self) -> tuple[Column, ...]:
        """Every column that may hold a strike, each once."""
        return tuple(dict.fromkeys(column for pair in self.strikes.values() for column in pair))


LAYOUTS: dict[SheetPreset, SheetLayout] = {
    SheetPreset.CANONICAL: SheetLayout(
        headers={
            Column.DATE: "Date",
            Column.TICKER: "Ticker",
            Column.STRATEGY: "Strategy",
            Column.QUANTITY: "Qty_Per_Leg",
            Column.STRIKE_LONG: "Strike_Long",
            Column.STRIKE_SHORT: "Strike_Short",
        },
        expiry_header="Expiry",
        strikes={
            Strategy.LONG: (Column.STRIKE_LONG, Column.STRIKE_SHORT),
            Strategy.SHORT: (Column.STRIKE_LONG, Column.STRIKE_SHORT),
        },
        locale=AMERICAN,
    ),
    SheetPreset.ITALIAN: SheetLayout(
        headers={
            Column.DATE: "Data",
            Column.TICKER: "Ticker",
            Column.STRATEGY: "Strategia",
            Column.QUANTITY: "Quantità per Leg",
            Column.BUY_PUT: "Buy Put",
            Column.SELL_PUT: "Sell Put",
            Column.SELL_CALL: "Sell Call",
            Column.BUY_CALL: "Buy Call",
        },
        expiry_header="Scadenza",
        strikes={
            Strategy.LONG: (Column.BUY_PUT, Column.SELL_PUT),
            Strategy.SHORT: (Column.BUY_CALL, Column.SELL_CALL),
        },
        locale=ITALIAN,
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetFault:
    """Something in the sheet that a person must put right.

    Attributes:
        cell: Where, in A1 notation; several joined by ", "; "header" where no cell can be named.
        message: What is wrong and how to mend it, cells and headers named.
    """

    cell: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        name: A1 notation; empty where the sheet has no such column.
        header: The header above it, as the sheet writes it.
        text: What it displays, without invisible characters.
    """

    name: str
    header: str
    text: str

    @property
    def label(self) -> str:
        """Name for people: "D7 (Qty_Per_Leg)"."""
        return f"{self.name} ({self.header})" if self.name else self.header

    @property
    def is_blank(self) -> bool:
        """True where nothing, or only a dash, stands in it."""
        return is_blank(self.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetRow:
    """One row below the header; columns that are not ours do not count.

    Attributes:
        number: Row of the sheet, 1 is the first.
        cells: By column, in the layout's order.
        layout: The layout it was read with.
    """

    number: int
    cells: Mapping[Column, Cell]
    layout: SheetLayout

    @property
    def date(self) -> str | None:
        """ISO date, or None where the cell is blank or unreadable."""
        return parse_date(self.cells[Column.DATE].text, self.layout.locale)

    @property
    def is_begun(self) -> bool:
        """True where more than a date stands in it."""
        return any(
            not cell.is_blank for column, cell in self.cells.items() if column is not Column.DATE
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """What its cells display, in the layout's order: what is hashed and compared."""
        return tuple(cell.text for cell in self.cells.values())

    def blank_cells(self) -> tuple[Cell, ...]:
        """Name the cells that must still be filled; none in a complete row.

        Which strikes a row needs depends on its strategy. Under a word that is no strategy, the
        strikes of either will do.
        """
        pairs = self.layout.strikes
        word = self.cells[Column.STRATEGY].text
        wanted = [pairs[Strategy(word)]] if word in set(Strategy) else list(pairs.values())
        blank = [self._blank(pair) for pair in wanted]
        fixed = self._blank((Column.DATE, Column.TICKER, Column.STRATEGY, Column.QUANTITY))
        return fixed + min(blank, key=len)

    def _blank(self, columns: Iterable[Column]) -> tuple[Cell, ...]:
        return tuple(self.cells[column] for column in columns if self.cells[column].is_blank)


def read_rows(
    values: Sequence[Sequence[str]], preset: SheetPreset
) -> tuple[SheetRow, ...] | SheetFault:
    """Find the header row and read what stands below it.

    The header row is the first of the sheet's first 20 rows that has every required header; the
    order of its columns is free, and case, spaces, underscores and accents are forgiven.

    Args:
        values: Displayed strings from cell A1 on, row by row; rows may differ in length.
        preset: Which headers to look for.

    Returns:
        The rows that hold anything in our columns, from the top; a fault that names the missing
        or doubled headers where there is no usable header row.
    """
    layout = LAYOUTS[preset]
    for index, row in enumerate(values[:_HEADER_SEARCH_ROWS]):
        places = _places(row, layout)
        if all(places[column] for column in layout.headers):
            doubled = _doubled_header(index, row, places)
            return doubled or _rows_below(values, index, places, layout)
    return _missing_headers(values, layout)


def cell_name(row_number: int, column_index: int) -> str:
    """Name a cell in A1 notation from its 1-based row and 0-based column."""
    letters = ""
    rest = column_index + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row_number}"


def _places(row: Sequence[str], layout: SheetLayout) -> dict[Column, list[int]]:
    keys = [_header_key(text) for text in row]
    return {
        column: [index for index, key in enumerate(keys) if key == _header_key(header)]
        for column, header in layout.all_headers.items()
    }


def _header_key(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in plain if character.isalnum())


def _doubled_header(
    header_index: int, header_row: Sequence[str], places: Mapping[Column, Sequence[int]]
) -> SheetFault | None:
    for indexes in places.values():
        if len(indexes) > 1:
            names = [cell_name(header_index + 1, index) for index in indexes]
            header = clean(header_row[indexes[0]])
            return SheetFault(
                cell=", ".join(names),
                message=f'{" and ".join(names)} are both headed "{header}": rename one of them.',
            )
    return None


def _rows_below(
    values: Sequence[Sequence[str]],
    header_index: int,
    places: Mapping[Column, Sequence[int]],
    layout: SheetLayout,
) -> tuple[SheetRow, ...]:
    header_row = values[header_index]
    rows = []
    for index in range(header_index + 1, len(values)):
        cells = {
            column: _cell(values[index], index, header_row, found[0])
            if found
            else Cell(name="", header=layout.all_headers[column], text="")
            for column, found in places.items()
        }
        if any(not cell.is_blank for cell in cells.values()):
            rows.append(SheetRow(number=index + 1, cells=cells, layout=layout))
    return tuple(rows)


def _cell(row: Sequence[str], row_index: int, header_row: Sequence[str], column_index: int) -> Cell:
    return Cell(
        name=cell_name(row_index + 1, column_index),
        header=clean(header_row[column_index]),
        text=clean(row[column_index]) if column_index < len(row) else "",
    )


def _missing_headers(values: Sequence[Sequence[str]], layout: SheetLayout) -> SheetFault:
    searched = values[:_HEADER_SEARCH_ROWS]
    best = max(searched, key=lambda row: _headers_in(row, layout), default=())
    places = _places(best, layout)
    missing = [header for column, header in layout.headers.items() if not places[column]]
    found = [clean(text) for text in best if not is_blank(text)]
    seen = f"the likeliest row holds {', '.join(found)}" if found else "its first rows are empty"
    return SheetFault(
        cell="header",
        message=f"The sheet has no header row with {', '.join(missing)}: {seen}.",
    )


def _headers_in(row: Sequence[str], layout: SheetLayout) -> tuple[int, int]:
    places = _places(row, layout)
    ours = sum(1 for column in layout.headers if places[column])
    return ours, sum(1 for text in row if not is_blank(text))
