"""Numbers and dates as people write them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.cell_text import (
    AMERICAN,
    ITALIAN,
    CellLocale,
    is_blank,
    parse_date,
    parse_number,
)

NUMBERS = st.decimals(min_value=-10_000_000, max_value=10_000_000, places=2) | st.decimals(
    min_value=-10_000_000, max_value=10_000_000, places=4
)
LOCALES = st.sampled_from([AMERICAN, ITALIAN])
ITALIAN_MONTHS = (
    *("gennaio", "febbraio", "mar", "apr", "maggio", "giu"),
    *("lug", "ago", "settembre", "ott", "nov", "dicembre"),
)


def written(number: Decimal, locale: CellLocale, *, grouping: str) -> str:
    """A number as a sheet of that locale shows it; `grouping` is the locale's own or a space."""
    american = f"{number:,f}"
    parts = american.partition(".")
    return parts[0].replace(",", grouping) + parts[1].replace(".", locale.decimal_mark) + parts[2]


@given(NUMBERS, LOCALES)
def test_a_grouped_number_is_read_back_in_its_locale(number: Decimal, locale: CellLocale) -> None:
    grouping = "," if locale is AMERICAN else "."
    assert parse_number(written(number, locale, grouping=grouping), locale) == number


@given(NUMBERS, LOCALES, st.sampled_from([" ", "\u00a0", "\u202f", "\u2009", "'", "\u2019"]))
def test_thousands_may_be_set_apart_by_any_thin_space_or_apostrophe(
    number: Decimal, locale: CellLocale, grouping: str
) -> None:
    assert parse_number(written(number, locale, grouping=grouping), locale) == number


@given(NUMBERS, LOCALES)
def test_an_ungrouped_number_is_read_back_in_its_locale(
    number: Decimal, locale: CellLocale
) -> None:
    assert parse_number(written(number, locale, grouping=""), locale) == number


@given(NUMBERS, LOCALES, LOCALES)
def test_a_price_with_cents_reads_the_same_in_every_locale(
    number: Decimal, written_in: CellLocale, read_in: CellLocale
) -> None:
    grouping = "," if written_in is AMERICAN else "."
    price = number.quantize(Decimal("0.01"))
    assert parse_number(written(price, written_in, grouping=grouping), read_in) == price


@given(st.text(max_size=12), LOCALES)
def test_any_text_is_a_number_or_unreadable_but_never_an_error(
    text: str, locale: CellLocale
) -> None:
    number = parse_number(text, locale)
    assert number is None or number.is_finite()
    parsed = parse_date(text, locale)
    assert parsed is None or date.fromisoformat(parsed)


@pytest.mark.parametrize(
    ("text", "american", "italian"),
    [
        ("125", "125", "125"),
        ("450,5", "450.5", "450.5"),
        ("450,0", "450", "450"),
        ("450.0", "450", "450"),
        ("450.50", "450.5", "450.5"),
        ("1,250", "1250", "1.25"),
        ("1.250", "1.25", "1250"),
        ("0,125", "0.125", "0.125"),
        ("1.250,5", "1250.5", "1250.5"),
        ("1,250.5", "1250.5", "1250.5"),
        ("1.250.000", "1250000", "1250000"),
        ("1\u00a0250,5", "1250.5", "1250.5"),
        ("$450.00", "450", "450"),
        ("450 $", "450", "450"),
        ("-5", "-5", "-5"),
        ("\u22125", "-5", "-5"),
        ("+5", "5", "5"),
        ("  5\u200b ", "5", "5"),
    ],
)
def test_a_number_is_read_as_its_writer_meant_it(text: str, american: str, italian: str) -> None:
    assert parse_number(text, AMERICAN) == Decimal(american)
    assert parse_number(text, ITALIAN) == Decimal(italian)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "ten",
        "1O",
        "12 34",
        "45 0",
        "1,25,0",
        "1.2.3",
        "1,250.5.6",
        "1.25,000.5",
        "12,34,567",
        "450.",
        ".5",
        "5%",
        "5 €",
        "1e3",
        "4-5",
        "--5",
        "NaN",
        "Infinity",
        "\u0664\u0665",
        "#REF!",
    ],
)
def test_what_is_no_number_is_not_guessed(text: str) -> None:
    assert parse_number(text, AMERICAN) is None
    assert parse_number(text, ITALIAN) is None


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_date_is_read_back_in_every_way_of_writing_it(day: date) -> None:
    day_first, month_first = f"{day:%d/%m/%Y}", f"{day:%m/%d/%Y}"
    month = ITALIAN_MONTHS[day.month - 1]
    serial = str((day - date(1899, 12, 30)).days)
    for text in (day.isoformat(), day_first, f"{day:%d.%m.%Y}", f"{day.day}-{month}-{day.year}"):
        assert parse_date(text, ITALIAN) == day.isoformat()
    for text in (day.isoformat(), month_first, f"{day.month}/{day.day}/{day.year}", serial):
        assert parse_date(text, AMERICAN) == day.isoformat()


@pytest.mark.parametrize(
    "text",
    ["2026-11-27", "2026/11/27", "27-Nov-2026", "27 november 2026", "27-NOV-2026", "46353"],
)
def test_a_date_without_two_readings_is_read_in_both_locales(text: str) -> None:
    assert parse_date(text, AMERICAN) == "2026-11-27"
    assert parse_date(text, ITALIAN) == "2026-11-27"


@pytest.mark.parametrize("text", ["46,353", "46,353.00", "46353.39"])
def test_a_serial_number_may_be_grouped_and_carry_a_time_of_day(text: str) -> None:
    assert parse_date(text, AMERICAN) == "2026-11-27"


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-13-01",
        "26-11-27",
        "27/11/26",
        "2026-11",
        "27-xyz-2026",
        "0",
        "125",
        "-46353",
        "today",
        "",
        "-",
    ],
)
def test_what_the_calendar_does_not_have_is_unreadable(text: str) -> None:
    assert parse_date(text, AMERICAN) is None
    assert parse_date(text, ITALIAN) is None


def test_day_and_month_are_never_swapped_to_make_a_date() -> None:
    assert parse_date("27/11/2026", AMERICAN) is None
    assert parse_date("11/27/2026", ITALIAN) is None


@pytest.mark.parametrize("text", ["", "  ", "\u00a0", "-", " \u2013 ", "\u2014", "\u200b"])
def test_a_dash_or_an_invisible_character_is_a_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["0", "--", "-1", "x"])
def test_everything_else_is_not(text: str) -> None:
    assert not is_blank(text)
