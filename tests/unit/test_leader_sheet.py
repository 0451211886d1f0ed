"""Finding the columns by their headers, and naming cells as people see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.leader_sheet import Column, SheetFault, cell_name, read_rows
from shared.domain.trading_settings import SheetPreset
from tests.builders import SESSION_DATE
from tests.sheets import CANONICAL_HEADER, ITALIAN_HEADER, a_row, a_sheet, rows_of

CANONICAL = SheetPreset.CANONICAL


@given(st.permutations(range(6)))
def test_the_order_of_the_columns_is_free(order: list[int]) -> None:
    shuffled = [[row[index] for index in order] for row in (CANONICAL_HEADER, a_row())]
    (row,) = rows_of(shuffled)
    assert row.texts == (*a_row(), "")
    assert row.date == SESSION_DATE


def test_headers_forgive_case_spaces_underscores_and_accents() -> None:
    header = ["DATA", " ticker ", "stra tegia", "Quantita_per_leg", "buy_put", "SELL PUT"]
    row = ["27/11/2026", "QQQ", "Long", "125", "486", "488", "-", "-"]
    (read,) = rows_of([[*header, "Sell-Call", "Buy\nCall"], row], SheetPreset.ITALIAN)
    assert read.texts == (*row, "")


def test_the_header_row_may_stand_below_a_title() -> None:
    (row,) = rows_of([["Signals 2026"], [], CANONICAL_HEADER, a_row()])
    assert row.number == 4
    assert row.cells[Column.QUANTITY].label == "D4 (Qty_Per_Leg)"


def test_cells_are_named_by_the_column_they_really_stand_in() -> None:
    (row,) = rows_of([["Note", *CANONICAL_HEADER], ["x", *a_row()]])
    assert row.cells[Column.DATE].label == "B2 (Date)"


def test_other_peoples_columns_do_not_count() -> None:
    with_note = rows_of([[*CANONICAL_HEADER, "Note", "QQQ now"], [*a_row(), "sure?", "592.14"]])
    without = rows_of([CANONICAL_HEADER, a_row()])
    assert with_note[0].texts == without[0].texts


def test_an_optional_expiry_is_read_where_there_is_a_column_for_it() -> None:
    (row,) = rows_of([[*CANONICAL_HEADER, "Expiry"], [*a_row(), "2026-11-30"]])
    assert row.cells[Column.EXPIRY].text == "2026-11-30"


def test_empty_rows_are_passed_over_and_short_ones_are_filled_up() -> None:
    rows = rows_of([CANONICAL_HEADER, [], ["", "-", " "], [SESSION_DATE, "QQQ"]])
    assert [row.number for row in rows] == [4]
    assert [cell.label for cell in rows[0].blank_cells()] == [
        "C4 (Strategy)",
        "D4 (Qty_Per_Leg)",
        "E4 (Strike_Long)",
        "F4 (Strike_Short)",
    ]


def test_a_missing_header_is_named_with_what_was_found_instead() -> None:
    header = ["Date", "Ticker", "Strategy", "Quantity", "Strike_Long", "Strike_Short"]
    assert read_rows([["Signals"], header, a_row()], CANONICAL) == SheetFault(
        cell="header",
        message=(
            "The sheet has no header row with Qty_Per_Leg: the likeliest row holds "
            "Date, Ticker, Strategy, Quantity, Strike_Long, Strike_Short."
        ),
    )


def test_headers_of_the_other_preset_are_named_as_found() -> None:
    fault = read_rows([ITALIAN_HEADER], CANONICAL)
    assert isinstance(fault, SheetFault)
    assert "Date, Strategy, Qty_Per_Leg, Strike_Long, Strike_Short" in fault.message
    assert "Data, Ticker, Strategia, Quantità per Leg" in fault.message


@pytest.mark.parametrize("values", [[], [[]], [["", " "]]])
def test_an_empty_sheet_says_so(values: list[list[str]]) -> None:
    fault = read_rows(values, CANONICAL)
    assert isinstance(fault, SheetFault)
    assert fault.message.endswith("its first rows are empty.")


def test_a_header_far_down_is_not_looked_for() -> None:
    assert isinstance(read_rows([*[["x"]] * 20, *a_sheet()], CANONICAL), SheetFault)


def test_a_doubled_header_is_a_fault_that_names_both_cells() -> None:
    assert read_rows([[*CANONICAL_HEADER, "ticker"], a_row()], CANONICAL) == SheetFault(
        cell="B1, G1", message='B1 and G1 are both headed "Ticker": rename one of them.'
    )


@pytest.mark.parametrize(
    ("column", "name"), [(0, "A9"), (25, "Z9"), (26, "AA9"), (701, "ZZ9"), (702, "AAA9")]
)
def test_cells_are_named_in_a1_notation(column: int, name: str) -> None:
    assert cell_name(9, column) == name
