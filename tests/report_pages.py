"""Monthly reports as PDF, read again, and whatever else their tests share."""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
from functools import cache
from pathlib import Path

from PIL import Image
from pypdf import PdfReader

from shared.adapters.monthly_report_pdf import PdfMonthlyReport
from shared.domain.brand import BrandSettings
from shared.domain.monthly_report import MonthlyReport, report_sha256

BRAND = BrandSettings(contact="reports@spreadpilot.test")


def render(
    report: MonthlyReport, *, brand: BrandSettings = BRAND, logo: bytes | None = None
) -> bytes:
    digest = report_sha256(report)
    return PdfMonthlyReport().render(report, figures_sha256=digest, brand=brand, logo=logo)


@cache
def pages_of(report: MonthlyReport) -> list[str]:
    with PdfReader(io.BytesIO(render(report))) as reader:
        return [" ".join(page.extract_text().split()) for page in reader.pages]


def words_of(report: MonthlyReport) -> str:
    return " ".join(pages_of(report))


def a_picture(kind: str, size: tuple[int, int] = (200, 50)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (20, 110, 90)).save(buffer, kind)
    return buffer.getvalue()


def fonts_of(data: bytes) -> dict[str, bool]:
    """Fonts that the pages name, and whether each is embedded."""
    fonts: dict[str, bool] = {}
    with PdfReader(io.BytesIO(data)) as reader:
        for page in reader.pages:
            for one in page["/Resources"]["/Font"].values():  # type: ignore[index]
                font = one.get_object()
                name = re.sub(r"^/(\w+\+)?", "", str(font["/BaseFont"]))
                fonts[name] = "/FontFile2" in font.get("/FontDescriptor", {})
    return fonts


async def output_of(program: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()
