import asyncio
import hashlib
import io
import os
import re
import sys
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from shared.adapters.day_summary_pdf import PdfDaySummary
from shared.adapters.day_summary_xlsx import PRICE_FORMAT, USD_FORMAT, XlsxDaySummary
from shared.adapters.pdf_axis import grid_step
from shared.adapters.pdf_type import is_printable, printable
from shared.domain.alerts import Alert, AlertType
from shared.domain.day_summary import DaySummary, figures_sha256
from tests.booked_day import OPEN_AT
from tests.summaries import summary_of

ALERT = Alert(
    alert_type=AlertType.LIMIT_REACHED,
    subject="2026-11-27-QQQ-1",
    message="Filled <4 of 6> & the rest was canceled.",
    session_date="2026-11-27",
    raised_at=OPEN_AT + timedelta(seconds=71),
)
SUMMARY = summary_of(alerts=[ALERT])
DIGEST = figures_sha256(SUMMARY)


def many_followers(count: int) -> DaySummary:
    anna = SUMMARY.rows[0]
    rows = tuple(
        replace(anna, follower_id=f"f{number}", name=f"Follower {number:03}")
        for number in range(count)
    )
    return replace(SUMMARY, rows=rows)


@cache
def pages_of(summary: DaySummary) -> list[str]:
    data = PdfDaySummary().render(summary, figures_sha256=figures_sha256(summary))
    with PdfReader(io.BytesIO(data)) as reader:
        return [page.extract_text() for page in reader.pages]


def sheets_of(summary: DaySummary) -> dict[str, Worksheet]:
    data = XlsxDaySummary().render(summary, figures_sha256=figures_sha256(summary))
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: sheet for sheet in workbook.worksheets}


def summary_cells() -> dict[object, object]:
    rows = sheets_of(SUMMARY)["Summary"].iter_rows(min_row=2, values_only=True)
    return {row[0]: row[1] for row in rows}


def test_the_pdf_shows_the_figures() -> None:
    (page,) = pages_of(SUMMARY)
    for said in (
        "Friday, November 27, 2026",
        "QQQ bull put 585/590",
        "09:30 to 13:00 New York",
        "PROVISIONAL",
        "+$986.20",
        "+$884.00",
        "$33.80",
        "$170.56",
        "3 of 4",
        "16 of 23",
    ):
        assert said in page


def test_the_pdf_has_a_row_per_follower_with_aligned_figures() -> None:
    (page,) = pages_of(SUMMARY)
    words = " ".join(page.split())
    assert "Anna Bianchi Filled 10/10 \u22120.75 600.00 0.00 26.00 574.00 114.80" in words
    assert "Bruno <Conti> Partially filled (limit" in words
    assert "4/6 \u22120.71 284.00 0.00 5.20 278.80 55.76" in words
    assert "Carla Skipped (no agreement) 0/5 \u2013 0.00" in words
    assert "Total 16/23 884.00 136.00 33.80 986.20 170.56" in words


def test_the_pdf_shows_alerts_as_they_were_written() -> None:
    (page,) = pages_of(SUMMARY)
    assert "09:31:11" in page
    assert "Filled <4 of 6> & the rest was canceled." in page


def test_every_page_is_numbered_and_carries_hash_and_time() -> None:
    summary = many_followers(120)
    pages = pages_of(summary)
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert f"Figures SHA-256 {figures_sha256(summary)}" in page
        assert "As of 2026-11-27 16:30:00 New York" in page


def test_the_tables_heading_is_repeated_on_every_page_of_it() -> None:
    pages = pages_of(many_followers(120))
    assert all("Net price" in page for page in pages[:-1])


def test_the_typeface_is_embedded() -> None:
    data = PdfDaySummary().render(SUMMARY, figures_sha256=DIGEST)
    # Walks every object of the file: a font that is embedded has a descriptor with its program.
    with PdfReader(io.BytesIO(data)) as reader:
        used = [reader.get_object(number) for number in range(1, len(reader.xref[0]))]
    fonts = [one for one in used if isinstance(one, DictionaryObject) and "/FontFile2" in one]
    assert {re.sub(r"^/\w+\+", "", str(font["/FontName"])) for font in fonts} == {
        "NotoSans-Regular",
        "NotoSans-Bold",
    }


def test_an_empty_day_makes_a_pdf_that_says_so() -> None:
    (page,) = pages_of(summary_of(days=[], orders=[], record=None))
    assert "No spread was ordered" in page
    assert "Nobody had anything today." in page
    assert "No alert was raised." in page


def test_a_day_of_losses_makes_a_pdf() -> None:
    points = tuple(replace(point, total=-point.total) for point in SUMMARY.curve)
    lost = replace(SUMMARY, curve=points, totals=replace(SUMMARY.totals, total=Decimal("-986.20")))
    assert "\u2212$986.20" in pages_of(lost)[0]


def test_what_no_face_shows_is_a_question_mark_or_its_base_letter() -> None:
    assert (
        printable("Ji\u0159\u00ed Dvo\u0159\u00e1k\n\U0001f600")
        == "Ji\u0159\u00ed Dvo\u0159\u00e1k ?"
    )
    assert printable("\U0001d400nna") == "Anna"
    assert is_printable("Ji\u0159\u00ed?")
    assert is_printable("\u041e\u043b\u044c\u0433\u0430")
    assert not is_printable("\U0001f600")


@pytest.mark.parametrize("name", ["\u041e\u043b\u044c\u0433\u0430", "\u738b\u5c0f\u660e"])
def test_a_name_in_another_alphabet_is_shown_as_it_is_written(name: str) -> None:
    (page,) = pages_of(replace(SUMMARY, rows=(replace(SUMMARY.rows[0], name=name),)))
    assert name in page


def test_a_name_that_no_face_shows_gives_way_to_the_id() -> None:
    row = replace(SUMMARY.rows[0], name="\U0001f600\U0001f600")
    (page,) = pages_of(replace(SUMMARY, rows=(row,)))
    assert "anna" in page


@pytest.mark.parametrize(
    ("low", "high", "step"),
    [(0.0, 986.0, 500.0), (-93.0, 12.0, 50.0), (0.0, 0.0, 1.0), (0.0, 4000.0, 1000.0)],
)
def test_grid_lines_stand_at_round_amounts(low: float, high: float, step: float) -> None:
    assert grid_step(low, high) == step


def test_the_workbook_has_its_three_sheets() -> None:
    assert list(sheets_of(SUMMARY)) == ["Summary", "Followers", "Alerts"]


def test_the_workbooks_summary_holds_numbers() -> None:
    cells = summary_cells()
    assert cells["Session"] == "Friday, November 27, 2026"
    assert (cells["Total USD"], cells["Broker fees USD"]) == (986.2, 33.8)
    assert cells["Commission accrued USD"] == 170.56
    assert (cells["Marks due"], cells["Marks missing"]) == (420, 417)
    assert cells["Figures SHA-256"] == DIGEST


def test_the_workbooks_followers_are_numbers_under_real_formats() -> None:
    sheet = sheets_of(SUMMARY)["Followers"]
    assert [cell.value for cell in sheet[2]] == [
        *("Anna Bianchi", "anna", "Filled", None),
        *(10, 10, -0.75, 600, 0, 26, 574, 114.8),
    ]
    assert [cell.value for cell in sheet[6]] == [
        *("Total", None, None, None, 23, 16, None, 884, 136, 33.8, 986.2, 170.56),
    ]
    assert sheet["G2"].number_format == PRICE_FORMAT
    assert {sheet[f"{column}2"].number_format for column in "HIJKL"} == {USD_FORMAT}
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:L5"


def test_the_workbooks_alerts_carry_new_york_time() -> None:
    sheet = sheets_of(SUMMARY)["Alerts"]
    assert sheet["A2"].value == datetime.fromisoformat("2026-11-27T09:31:11")
    assert [cell.value for cell in sheet[2]][1:] == [
        *("WARNING", "Limit reached", "2026-11-27-QQQ-1"),
        "Filled <4 of 6> & the rest was canceled.",
    ]


def test_a_name_is_never_a_formula() -> None:
    row = replace(SUMMARY.rows[0], name='=HYPERLINK("http://evil.test")')
    sheet = sheets_of(replace(SUMMARY, rows=(row,)))["Followers"]
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].value == row.name


def test_control_characters_in_a_text_do_not_stop_the_report() -> None:
    told = replace(SUMMARY.alerts[0], message="a\x0bb")
    summary = replace(SUMMARY, alerts=(told,))
    assert sheets_of(summary)["Alerts"]["E2"].value == "a b"
    assert "a b" in pages_of(summary)[0]


def test_every_entry_of_the_workbook_has_one_fixed_time() -> None:
    data = XlsxDaySummary().render(SUMMARY, figures_sha256=DIGEST)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert re.findall(r">(\d{4}-[^<]*)<", core) == ["2000-01-01T00:00:00Z"] * 2


@pytest.mark.parametrize("renderer", [PdfDaySummary(), XlsxDaySummary()])
def test_the_same_figures_give_the_same_bytes(renderer: PdfDaySummary | XlsxDaySummary) -> None:
    first = renderer.render(SUMMARY, figures_sha256=DIGEST)
    assert renderer.render(SUMMARY, figures_sha256=DIGEST) == first


def test_another_process_with_another_hash_order_gives_the_same_bytes() -> None:
    program = (
        "import hashlib, sys\n"
        "from shared.adapters.day_summary_pdf import PdfDaySummary\n"
        "from shared.adapters.day_summary_xlsx import XlsxDaySummary\n"
        "from tests.summaries import summary_of\n"
        "for one in (PdfDaySummary(), XlsxDaySummary()):\n"
        "    data = one.render(summary_of(), figures_sha256='00')\n"
        "    sys.stdout.write(hashlib.sha256(data).hexdigest() + '\\n')\n"
    )
    here = [
        hashlib.sha256(one.render(summary_of(), figures_sha256="00")).hexdigest()
        for one in (PdfDaySummary(), XlsxDaySummary())
    ]
    assert asyncio.run(_output_of(program)).split() == here


async def _output_of(program: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()
