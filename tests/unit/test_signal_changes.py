"""Comparing the sheet with the row a signal was read from."""

from dataclasses import replace
from datetime import UTC, datetime

from shared.domain.leader_sheet import SheetFault
from shared.domain.signals import Signal
from shared.domain.todays_signal import changes_since
from shared.domain.trading_settings import SheetPreset
from tests.sheets import (
    CANONICAL_HEADER,
    Sheet,
    a_row,
    a_sheet,
    accepted,
    an_italian_sheet,
    rows_of,
    with_expiry,
)

ITALIAN = SheetPreset.ITALIAN
READ_AT = datetime(2026, 11, 27, 14, 27, 3, tzinfo=UTC)


def a_signal(sheet: Sheet | None = None) -> Signal:
    return accepted(sheet or a_sheet(a_row())).signal(number=1, read_at=READ_AT)


def test_an_unchanged_row_shows_no_change() -> None:
    assert changes_since(a_signal(), rows_of(a_sheet(a_row()))) == ()


def test_rows_inserted_above_and_notes_beside_are_no_change() -> None:
    sheet = [["Signals"], [*CANONICAL_HEADER, "Note"], a_row("2026-11-23"), [*a_row(), "done"]]
    assert changes_since(a_signal(), rows_of(sheet)) == ()


def test_an_edit_names_each_cell_with_its_old_and_new_text() -> None:
    edited = rows_of(a_sheet(a_row(quantity="12", short_strike="591")))
    assert changes_since(a_signal(), edited) == (
        SheetFault(cell="D4", message='D4 (Qty_Per_Leg) "125" → "12"'),
        SheetFault(cell="F4", message='F4 (Strike_Short) "590" → "591"'),
    )


def test_a_row_given_another_date_names_its_date() -> None:
    edited = rows_of(a_sheet(a_row("2026-11-30")))
    assert changes_since(a_signal(), edited) == (
        SheetFault(cell="A4", message='A4 (Date) "2026-11-27" → "2026-11-30"'),
    )


def test_a_deleted_row_is_a_change() -> None:
    (change,) = changes_since(a_signal(), rows_of(a_sheet()))
    assert change.cell == "row 4"


def test_a_second_row_of_today_is_a_change() -> None:
    (change,) = changes_since(a_signal(), rows_of(a_sheet(a_row(), a_row(quantity="1"))))
    assert change.cell == "A4, A5"


def test_a_lost_header_is_a_change() -> None:
    fault = SheetFault(cell="header", message="The sheet has no header row with Date.")
    assert changes_since(a_signal(), fault) == (fault,)


def test_a_sheet_read_with_another_preset_is_a_change() -> None:
    italian = an_italian_sheet(["27/11/2026", "QQQ", "Long", "125", "585", "590", "-", "-"])
    assert changes_since(a_signal(), rows_of(italian, ITALIAN))


def test_an_expiry_taken_away_with_its_column_is_a_change() -> None:
    signal = a_signal(with_expiry("2026-11-30"))
    assert changes_since(signal, rows_of([CANONICAL_HEADER, a_row()])) == (
        SheetFault(cell="Expiry", message='Expiry "2026-11-30" → ""'),
    )


def test_the_row_is_found_by_its_date_and_not_by_its_number() -> None:
    signal = replace(a_signal(), row_number=99)
    assert changes_since(signal, rows_of(a_sheet(a_row()))) == ()
