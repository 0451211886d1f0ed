import asyncio
import hashlib
import io
import re

import pytest
from pypdf import PdfReader

from shared.domain.brand import BrandSettings
from shared.domain.errors import InvalidInput
from tests.monthly_reports import (
    a_monthly_report,
    a_report_in_euro,
    an_adjustment,
    an_empty_report,
)
from tests.report_pages import a_picture, fonts_of, output_of, pages_of, render

SECTIONS = (
    "Summary",
    "Commission statement",
    "Equity curve by day, USD",
    "Daily results, USD",
    "Days",
    "Trades",
)


@pytest.mark.parametrize(
    "name",
    [
        "<b>Anna</b> & <para>",
        "&amp; %PDF (\\) <<",
        "\u041e\u043b\u044c\u0433\u0430 \u0406\u0432\u0430\u043d\u0456\u0432\u043d\u0430",
        "\u738b\u5c0f\u660e",
        "\uae40\ucca0\uc218",
    ],
)
def test_a_name_is_shown_as_it_is_written(name: str) -> None:
    assert (
        f"November 2026 FINAL {name} Id anna"
        in pages_of(a_monthly_report(sessions=0, name=name))[0]
    )


def test_an_arabic_name_is_embedded_joined_and_in_visual_order() -> None:
    report = a_monthly_report(sessions=0, name="\u0645\u062d\u0645\u062f")
    data = render(report)
    assert fonts_of(data)["NotoSansArabic-Regular"]
    # pypdf reads runs of Arabic letters from right to left again.
    assert "\ufee3\ufea4\ufee4\ufeaa" in pages_of(report)[0]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("A\u200bn\u202en\u2066a\nB", "Anna B"),
        ("\U0001f600 Anna", "? Anna"),
        ("", "anna"),
        ("  \n", "anna"),
        ("A\x00b\x0bc", "Ab c"),
    ],
)
def test_a_hostile_name_does_no_harm(name: str, shown: str) -> None:
    assert f"FINAL {shown} Id anna" in pages_of(a_monthly_report(sessions=0, name=name))[0]


def test_a_name_of_two_hundred_characters_is_cut_and_says_so() -> None:
    (page,) = pages_of(a_monthly_report(sessions=0, name="Maximiliana " * 17))
    assert re.search(r"FINAL Maximiliana [\w ]*\N{HORIZONTAL ELLIPSIS} Id anna", page)


def test_the_typeface_is_embedded_and_no_other_font_is_used() -> None:
    data = render(a_monthly_report())
    assert fonts_of(data) == {"NotoSans-Regular": True, "NotoSans-Bold": True}


def test_the_file_has_a_title_a_language_and_an_outline() -> None:
    with PdfReader(io.BytesIO(render(a_monthly_report()))) as reader:
        assert reader.metadata is not None
        assert reader.metadata.title == "November 2026 \N{EN DASH} Anna Bianchi"
        assert reader.metadata.author == "SpreadPilot"
        assert str(reader.root_object["/Lang"]) == "en-US"
        entries = [entry for entry in reader.outline if not isinstance(entry, list)]
        assert [entry.title for entry in entries] == list(SECTIONS)
        pages = [reader.get_destination_page_number(entry) for entry in entries]
    assert pages == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_logo_takes_the_place_of_the_name(kind: str) -> None:
    data = render(a_monthly_report(), logo=a_picture(kind))
    with PdfReader(io.BytesIO(data)) as reader:
        assert [len(page.images) for page in reader.pages] == [1, 1, 1]
        assert "SpreadPilot" not in reader.pages[0].extract_text()


@pytest.mark.parametrize(
    "logo",
    [
        b"GIF89a",
        a_picture("PNG")[:60],
        b"\x89PNG\r\n\x1a\n" + bytes(300_000),
        a_picture("PNG", (2001, 10)),
        b"\xff\xd8\xff",
    ],
)
def test_a_logo_that_is_no_picture_is_refused_by_its_name(logo: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        render(an_empty_report(), logo=logo)
    assert refused.value.field == "logo"


def test_the_brand_gives_name_and_color() -> None:
    data = render(an_empty_report(), brand=BrandSettings(name="Trade Desk", accent="#146e5a"))
    with PdfReader(io.BytesIO(data)) as reader:
        content = reader.pages[0].get_contents()
        assert content is not None
        assert b".078431 .431373 .352941 rg" in content.get_data()
        assert "Trade Desk" in reader.pages[0].extract_text()


def test_another_process_at_another_time_gives_the_same_bytes() -> None:
    program = (
        "import hashlib, sys\n"
        "from tests.report_pages import a_picture, render\n"
        "from tests.monthly_reports import a_monthly_report, a_report_in_euro, an_adjustment\n"
        "other = render(a_monthly_report(name='\\u738b \\u05d3 \\uae40'))\n"
        "data = render(a_report_in_euro([an_adjustment()]), logo=a_picture('PNG'))\n"
        "sys.stdout.write(hashlib.sha256(data).hexdigest())\n"
    )
    here = render(a_report_in_euro([an_adjustment()]), logo=a_picture("PNG"))
    assert asyncio.run(output_of(program)) == hashlib.sha256(here).hexdigest()
