from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.colors import HexColor

from shared.adapters.monthly_report_pages import story
from shared.adapters.monthly_report_pdf import ROOM
from shared.adapters.pdf_axis import AmountAxis, amount_axis, axis_label
from shared.adapters.pdf_flow import Block, paginate, space
from shared.adapters.pdf_rows import Column, Row, table_blocks
from tests.monthly_reports import a_monthly_report, a_report_in_euro, an_adjustment

COLUMNS = (Column(heading="Day", width=50), Column(heading="Total", width=50))


def a_table(rows: int) -> list[Block]:
    cells = [Row(cells=(f"{number}", "1.00")) for number in range(rows)]
    return table_blocks(COLUMNS, cells, left=0, total=Row(cells=("Sum", "2.00")))


def test_blocks_that_fit_stand_on_one_page() -> None:
    assert [len(page) for page in paginate([space(40), space(60)], room=100)] == [2]


def test_a_block_that_does_not_fit_starts_a_page() -> None:
    assert [len(page) for page in paginate([space(40), space(61)], room=100)] == [1, 1]


def test_a_heading_goes_with_what_it_heads() -> None:
    heading = Block(height=20, draw=lambda _pen, _top: None, keeps_next=True)
    first, second = paginate([space(70), heading, space(30)], room=100)
    assert (len(first), second[0]) == (1, heading)


@pytest.mark.parametrize("rows", [1, 2, 20, 100, 2000])
def test_a_tables_heading_is_on_each_of_its_pages_and_no_row_is_lost(rows: int) -> None:
    table = a_table(rows)
    pages = paginate([space(300), *table], room=400)
    below = [page[1:] if number == 0 else page for number, page in enumerate(pages)]
    tables = [page for page in below if page]
    assert all(page[0] is table[0] for page in tables)
    assert [block for page in tables for block in page[1:]] == table[1:]


@given(st.integers(min_value=1, max_value=200), st.integers(min_value=0, max_value=380))
def test_no_page_is_too_full_and_sums_keep_rows_above_them(rows: int, before: int) -> None:
    pages = paginate([space(before), *a_table(rows)], room=400)
    assert all(sum(block.height for block in page) <= 400 for page in pages)
    assert len(pages[-1]) >= min(rows, 3) + 2 or len(pages) == 1
    assert all(not page[-1].keeps_next for page in pages)


@pytest.mark.parametrize("adjustments", [0, 1, 3, 7, 8, 9, 10, 11, 12, 30])
def test_no_heading_of_a_report_stands_alone_at_the_foot_of_a_page(adjustments: int) -> None:
    carried = [an_adjustment("0.01", number=number) for number in range(1, adjustments + 1)]
    pages = paginate(story(a_report_in_euro(carried), HexColor("#1f5a96")), room=ROOM)
    assert all(not page[-1].keeps_next for page in pages)
    assert all(sum(block.height for block in page) <= ROOM for page in pages)


@pytest.mark.parametrize("sessions", range(1, 21))
def test_a_months_tables_break_well_whatever_their_length(sessions: int) -> None:
    report = a_monthly_report(sessions=sessions)
    pages = paginate(story(report, HexColor("#1f5a96")), room=ROOM)
    assert all(not page[-1].keeps_next for page in pages)


@given(st.lists(st.floats(min_value=-1e7, max_value=1e7), max_size=30))
def test_every_amount_and_zero_stand_within_the_axis(amounts: list[float]) -> None:
    axis = amount_axis(amounts, bottom=10, top=110)
    assert all(10 <= axis.y(amount) <= 110 for amount in [0.0, *amounts])
    assert 0.0 in axis.amounts()
    assert 2 <= len(axis.amounts()) <= 8


def test_grid_lines_are_as_far_apart_as_they_say() -> None:
    axis = AmountAxis(low=-500, high=1000, step=500, bottom=0, top=150)
    places = [axis.y(amount) for amount in axis.amounts()]
    assert {round(second - first) for first, second in pairwise(places)} == {50}
    assert [axis_label(amount) for amount in axis.amounts()] == [
        *("\u2212$500", "$0", "$500", "$1,000"),
    ]
