"""What all our Excel workbooks share: text that stays text, and bytes without the time of day."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.writer.excel import ExcelWriter

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Value: TypeAlias = str | int | Decimal | datetime | date | None

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_TEXT = 32_767
"""Characters of a cell:
https://support.microsoft.com/en-us/office/excel-specifications-and-limits."""

_FIXED_INSTANT = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_FIXED_ZIP_DATE = (2000, 1, 1, 0, 0, 0)
_FORMULA = re.compile(rb'(<c r="([A-Z]+[0-9]+)"[^>]*><f>[^<]*</f>)<v ?(?:/>|></v>)')


def cell_text(text: str) -> str:
    """Take out what a workbook cannot hold: control characters, and whatever is too long."""
    return ILLEGAL_CHARACTERS_RE.sub(" ", text)[:MAX_TEXT]


def workbook_bytes(
    workbook: Workbook, *, results: Mapping[str, Mapping[str, Decimal | int]] | None = None
) -> bytes:
    """Save a workbook so that the same cells give the same bytes.

    openpyxl stamps the time on every entry of the archive; here it is a fixed one.
    It writes formulas without their results, which a preview that computes nothing shows as
    blank cells; so the results go in as well.

    Args:
        workbook: What to save.
        results: What formulas come to, by the sheet's title and the cell's name.
    """
    workbook.properties.created = workbook.properties.modified = _FIXED_INSTANT
    parts = {
        f"xl/worksheets/sheet{number}.xml": (results or {}).get(sheet.title, {})
        for number, sheet in enumerate(workbook.worksheets, 1)
    }
    buffer = io.BytesIO()
    with _TimelessArchive(buffer, parts) as archive:
        ExcelWriter(workbook, archive).write_data()
        archive.write_sorted()
    return buffer.getvalue()


class _TimelessArchive(zipfile.ZipFile):
    """A zip file that holds its entries back until all are there, and knows no time."""

    def __init__(
        self, buffer: io.BytesIO, results: Mapping[str, Mapping[str, Decimal | int]]
    ) -> None:
        super().__init__(buffer, "w", zipfile.ZIP_DEFLATED)
        self._results = results
        self._held: dict[str, bytes] = {}

    def writestr(
        self,
        zinfo_or_arcname: str | zipfile.ZipInfo,
        data: str | ReadableBuffer,
        compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:
        """Hold an entry back."""
        named = zinfo_or_arcname
        name = named if isinstance(named, str) else named.filename
        self._held[name] = data.encode() if isinstance(data, str) else bytes(data)

    def write(
        self,
        filename: str | os.PathLike[str],
        arcname: str | os.PathLike[str] | None = None,
        compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:
        """Hold a file back."""
        self._held[str(arcname or filename)] = Path(filename).read_bytes()

    def write_sorted(self) -> None:
        """Write everything: the content types first, as readers expect, then by name."""
        for name in sorted(self._held, key=lambda one: (one != "[Content_Types].xml", one)):
            entry = zipfile.ZipInfo(name, date_time=_FIXED_ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            super().writestr(entry, self._finished(name))
        self._held.clear()

    def _finished(self, name: str) -> bytes:
        results = self._results.get(name)
        return _with_results(self._held[name], results) if results else self._held[name]


def _with_results(sheet: bytes, results: Mapping[str, Decimal | int]) -> bytes:
    def filled(match: re.Match[bytes]) -> bytes:
        return match[1] + b"<v>" + f"{results[match[2].decode()]}".encode() + b"</v>"

    return _FORMULA.sub(filled, sheet)
