"""Recorded quotes of one or more real sessions, read from a CSV file.

Columns: at (ISO 8601 with zone), symbol, expiry (YYYYMMDD, empty for the underlying), strike,
right (C or P), bid, ask, bid_size, ask_size. A row holds from its ``at`` until the next row of the
same contract, at most until midnight New York. Contracts that the file does not name do not exist.
"""

import bisect
import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from gateway.simulator.contracts import Contract, parse_expiry
from gateway.simulator.quotes import NO_QUOTE, Quote
from gateway.simulator.trading_days import TradingDays

COLUMNS = ("at", "symbol", "expiry", "strike", "right", "bid", "ask", "bid_size", "ask_size")

_Value = TypeVar("_Value")
_OptionKey = tuple[str, Decimal, str]


class QuotesFileError(ValueError):
    """A recorded-quotes file cannot be used; the message names line, column and fix."""


@dataclass(slots=True)
class _Tape:
    """The quotes of one contract in time order; seconds are epoch seconds."""

    seconds: list[float] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)

    def at(self, second: int, since: float = 0.0) -> Quote:
        row = bisect.bisect_right(self.seconds, second) - 1
        return self.quotes[row] if row >= 0 and self.seconds[row] >= since else NO_QUOTE


class RecordedQuotes:
    """Quotes of recorded sessions of one underlying."""

    def __init__(self, path: Path, ticker: str, days: TradingDays) -> None:
        """Read a file.

        Raises:
            QuotesFileError: A column or number is wrong, or there are no rows of the underlying.
            OSError: The file cannot be read.
        """
        self._days = days
        self._underlying = _Tape()
        self._options: dict[_OptionKey, _Tape] = {}
        self._read(path, ticker)
        if not self._underlying.seconds:
            raise QuotesFileError(
                f"{path}: no row of the underlying {ticker}: "
                f"add rows with symbol {ticker} and an empty expiry, or name another ticker"
            )
        self.expiries = tuple(sorted({expiry for expiry, _, _ in self._options}))
        self.strikes = tuple(sorted({strike for _, strike, _ in self._options}))

    def lists(self, expiry: str, strike: Decimal, right: str) -> bool:
        """Tell whether the file names an option."""
        return (expiry, strike, right) in self._options

    def spot(self, second: int) -> Decimal:
        """Return the underlying's mid; before the first row, the first row's."""
        first_second = int(self._underlying.seconds[0]) + 1
        return self._underlying.at(max(second, first_second)).mid

    def underlying(self, second: int) -> Quote:
        """Return the underlying's quote."""
        return self._underlying.at(second, self._midnight(second))

    def option(self, contract: Contract, second: int) -> Quote:
        """Return an option's quote."""
        tape = self._options[contract.expiry, contract.strike, contract.right]
        return tape.at(second, self._midnight(second))

    def move_spot(self, second: int, spot: Decimal) -> None:
        """Refuse: what was recorded does not move."""
        raise ValueError(f"recorded quotes cannot be moved to {spot} at {second}")

    def _midnight(self, second: int) -> float:
        return self._days.begin_second(second)

    @property
    def moves(self) -> list[tuple[int, float]]:
        """Return nothing: what was recorded does not move."""
        return []

    def restore_moves(self, moves: list[tuple[int, float]]) -> None:
        """Do nothing: what was recorded does not move."""

    def _read(self, path: Path, ticker: str) -> None:
        rows: list[tuple[float, _OptionKey | None, Quote]] = []
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise QuotesFileError(
                    f"{path}, line 1: column {missing[0]} is missing; "
                    f"the header must be {','.join(COLUMNS)}"
                )
            for values in reader:
                row = _Row(path, reader.line_num, values)
                if row.text("symbol") == ticker:
                    rows.append((row.second(), row.option_key(), row.quote()))
        if not rows:
            raise QuotesFileError(
                f"{path}, line 2, column symbol: the file has no row of {ticker}: "
                "add its quotes, or name another ticker"
            )
        # Stable: of two rows of one instant the later line holds.
        for second, key, quote in sorted(rows, key=lambda row: row[0]):
            tape = self._options.setdefault(key, _Tape()) if key else self._underlying
            tape.seconds.append(second)
            tape.quotes.append(quote)


class _Row:
    """One line of the file; every getter names line and column in its error."""

    def __init__(self, path: Path, line: int, values: dict[str, str | None]) -> None:
        self._path = path
        self._line = line
        self._values = values

    def text(self, column: str) -> str:
        return (self._values[column] or "").strip()

    def second(self) -> float:
        at = self._parsed("at", datetime.fromisoformat, "write it as 2023-08-03T13:30:00Z")
        if at.tzinfo is None:
            raise self._error("at", "has no time zone; write it as 2023-08-03T13:30:00Z")
        return at.timestamp()

    def option_key(self) -> _OptionKey | None:
        if not self.text("expiry"):
            return None
        self._parsed("expiry", parse_expiry, "write it as YYYYMMDD, empty for the underlying")
        right = self.text("right")
        if right not in {"C", "P"}:
            raise self._error("right", f"{right!r} is neither C nor P")
        strike = self._number("strike")
        if strike <= 0:
            raise self._error("strike", "must be above 0")
        return self.text("expiry"), strike, right

    def quote(self) -> Quote:
        return Quote(
            bid=self._number("bid"),
            ask=self._number("ask"),
            bid_size=self._size("bid_size"),
            ask_size=self._size("ask_size"),
        )

    def _size(self, column: str) -> int:
        size = self._parsed(column, int, "write a whole number of contracts")
        if size < 0:
            raise self._error(column, "must not be negative")
        return size

    def _number(self, column: str) -> Decimal:
        number = self._parsed(column, Decimal, "write a decimal such as 1.25")
        if not number.is_finite():
            raise self._error(column, "is not finite; write a decimal such as 1.25")
        return number

    def _parsed(self, column: str, parse: Callable[[str], _Value], fix: str) -> _Value:
        text = self.text(column)
        try:
            return parse(text)
        except (ValueError, InvalidOperation) as error:
            raise self._error(column, f"{text!r} cannot be read; {fix}") from error

    def _error(self, column: str, text: str) -> QuotesFileError:
        return QuotesFileError(f"{self._path}, line {self._line}, column {column}: {text}")
