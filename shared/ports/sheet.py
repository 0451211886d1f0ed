"""The leader's sheet: the table the signal is read from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetTable:
    """A worksheet as a person sees it.

    Attributes:
        title: The worksheet's title.
        values: Displayed strings, row by row, the header row first. Rows may differ in length:
            empty cells at a row's end and empty rows at the table's end are left out.
    """

    title: str
    values: tuple[tuple[str, ...], ...]

    def numbered_rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield every row below the header with its 1-based row number in the sheet."""
        yield from enumerate(self.values[1:], start=2)


class LeaderSheet(Protocol):
    """Reads the leader's sheet."""

    def read(self) -> SheetTable:
        """Read the whole table.

        Raises:
            AdapterError: The sheet could not be read; `retryable` says whether to try again.
        """
        ...
