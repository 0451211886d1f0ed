"""Reading the signal: a morning between 09:27 and 09:40, tick by tick."""

import pytest

from shared.domain.alerts import AlertType
from shared.ports.documents import Create
from shared.use_cases.ingest_signal import Ingestion
from tests.builders import SESSION_DATE
from tests.mornings import LASTING, PASSING, QUOTA, Morning, new_york
from tests.sheets import CANONICAL_HEADER, a_row, a_sheet, an_italian_sheet


def test_a_complete_row_is_recorded_and_everybodys_order_planned() -> None:
    morning = Morning(a_sheet(a_row()))
    assert morning.tick("09:27") is Ingestion.PLANNED
    assert morning.signal is not None
    assert morning.signal.signal_id == "2026-11-27-QQQ-1"
    assert morning.signal.read_at == new_york("09:27")
    assert [order.follower_id for order in morning.orders] == ["anna", "bert"]
    assert [ring.data["type"] for ring in morning.publisher.published] == ["orders_planned"]
    assert morning.told == []
    assert len(morning.sheet.read_at) == 1


def test_an_italian_sheet_is_read_where_the_settings_say_so() -> None:
    row = ["27/11/2026", "QQQ", "Short", "125,0", "-", "-", "592,5", "595,0"]
    morning = Morning(an_italian_sheet(["26/11/2026", "QQQ", "boh"], row))
    morning.documents.commit([Create(path="settings/trading", data={"sheet_preset": "italian"})])
    assert morning.tick("09:27") is Ingestion.PLANNED
    assert {order.spread.spread_id for order in morning.orders} == {"QQQ-2026-11-27-C-595-592.5"}


def test_a_row_written_while_we_poll_is_taken_within_a_second() -> None:
    morning = Morning()
    morning.sheet.show(a_sheet(a_row(quantity="")), at=new_york("09:27:10"))
    morning.sheet.show(a_sheet(a_row()), at=new_york("09:27:21"))
    assert morning.tick("09:27") is Ingestion.PLANNED
    assert morning.signal is not None
    assert morning.signal.read_at == new_york("09:27:21")


def test_a_tick_reads_once_a_second_for_fifty_seconds_and_leaves_the_rest_to_the_next() -> None:
    morning = Morning()
    assert morning.tick("09:27") is Ingestion.UNDECIDED
    assert len(morning.sheet.read_at) == 50
    morning.sheet.show(a_sheet(a_row()), at=new_york("09:27:55"))
    assert morning.tick("09:28") is Ingestion.PLANNED
    assert morning.told == []


def test_a_row_completed_after_the_open_is_planned_at_once() -> None:
    morning = Morning()
    morning.ticks(27, 34)
    morning.sheet.show(a_sheet(a_row()), at=new_york("09:35:10"))
    assert morning.tick("09:35") is Ingestion.PLANNED
    assert {order.planned_at for order in morning.orders} == {new_york("09:35:10")}


@pytest.mark.parametrize("at", ["09:00", "09:26:59", "09:41", "12:00"])
def test_outside_the_hours_of_polling_nothing_is_read(at: str) -> None:
    morning = Morning(a_sheet(a_row()))
    assert morning.tick(at) is Ingestion.NOT_DUE
    assert morning.sheet.read_at == []
    assert morning.documents.get(f"sessions/{SESSION_DATE}") is None


@pytest.mark.parametrize("holiday", ["2026-11-26", "2026-11-28"])
def test_without_a_session_nothing_is_read(holiday: str) -> None:
    morning = Morning(a_sheet(a_row(holiday)))
    assert morning.tick("09:27", on=holiday) is Ingestion.NOT_DUE
    assert morning.sheet.read_at == []


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        (a_row(quantity="ten"), "D4"),
        (a_row(quantity="0"), "D4"),
        (a_row(quantity="-5"), "D4"),
        (a_row(quantity="5000"), "D4"),
        (a_row(ticker="SPY"), "B4"),
        (a_row(long_strike="590", short_strike="585"), "E4, F4"),
        (a_row("2026-02-30"), "A4"),
        (a_row(ticker="SPY", quantity="x"), "B4, D4"),
    ],
)
def test_a_bad_row_is_told_by_its_cell_and_nothing_is_planned(row: list[str], cell: str) -> None:
    morning = Morning(a_sheet(row))
    assert set(morning.ticks(27, 40)) == {Ingestion.INVALID}
    assert morning.told == [(AlertType.SIGNAL_INVALID, cell)]
    assert len(morning.sheet.read_at) == 14
    assert morning.signal is None
    assert morning.orders == ()
    assert morning.publisher.published == []


def test_two_rows_of_today_are_told_by_both_cells() -> None:
    morning = Morning(a_sheet(a_row(), a_row(strategy="Short")))
    assert morning.tick("09:27") is Ingestion.INVALID
    assert morning.told == [(AlertType.SIGNAL_INVALID, "A4, A5")]
    assert morning.orders == ()


def test_a_missing_header_is_told_by_its_name() -> None:
    morning = Morning([[*CANONICAL_HEADER[:3], "Size", *CANONICAL_HEADER[4:]], a_row()])
    assert morning.tick("09:27") is Ingestion.INVALID
    assert morning.told == [(AlertType.SIGNAL_INVALID, "header")]
    assert "no header row with Qty_Per_Leg" in morning.last_message
    assert "Size" in morning.last_message


def test_a_row_mended_before_the_end_is_taken() -> None:
    morning = Morning(a_sheet(a_row(quantity="ten")))
    assert morning.tick("09:28") is Ingestion.INVALID
    assert "read again every minute until 09:40" in morning.last_message
    morning.sheet.show(a_sheet(a_row(quantity="10")), at=new_york("09:28:30"))
    assert morning.tick("09:29") is Ingestion.PLANNED
    assert [order.quantity for order in morning.orders] == [10, 10]


def test_an_empty_morning_ends_with_the_newest_date_seen() -> None:
    morning = Morning()
    assert set(morning.ticks(27, 39)) == {Ingestion.UNDECIDED}
    assert morning.told == []
    assert morning.tick("09:40") is Ingestion.MISSING
    assert morning.told == [(AlertType.SIGNAL_MISSING, "leader sheet")]
    assert "its newest date is 2026-11-25" in morning.last_message
    assert "An operator can still ingest a signal until 10:00 New York" in morning.last_message


def test_a_row_never_finished_is_missing_with_its_blank_cells() -> None:
    morning = Morning(a_sheet(a_row(quantity="", short_strike="-")))
    assert morning.tick("09:40") is Ingestion.MISSING
    assert "D4 (Qty_Per_Leg), F4 (Strike_Short)" in morning.last_message


def test_the_last_tick_is_also_the_last_chance() -> None:
    morning = Morning()
    morning.tick("09:39")
    morning.sheet.show(a_sheet(a_row()), at=new_york("09:39:55"))
    assert morning.tick("09:40") is Ingestion.PLANNED


def test_a_late_last_tick_takes_nothing_any_more() -> None:
    morning = Morning(a_sheet(a_row()))
    assert morning.tick("09:40:30") is Ingestion.MISSING
    assert "row 4 was completed only after that" in morning.last_message
    assert morning.signal is None
    assert morning.orders == ()


def test_polling_that_runs_past_its_end_stops_there() -> None:
    morning = Morning()
    assert morning.tick("09:39:30") is Ingestion.MISSING
    assert morning.clock.now() == new_york("09:40")


def test_an_unreadable_date_in_old_rows_is_told_only_where_no_signal_came() -> None:
    old = [a_row("2026-11-24"), a_row("2026-22-11"), a_row("2026-11-25")]
    morning = Morning([CANONICAL_HEADER, *old])
    assert morning.tick("09:39") is Ingestion.UNDECIDED
    assert morning.tick("09:40") is Ingestion.INVALID
    assert morning.told == [(AlertType.SIGNAL_INVALID, "A3")]


def test_a_sheet_that_fails_for_a_while_costs_seconds() -> None:
    morning = Morning()
    morning.sheet.fail(PASSING, at=new_york("09:27"))
    morning.sheet.show(a_sheet(a_row()), at=new_york("09:27:12"))
    assert morning.tick("09:27") is Ingestion.PLANNED
    assert morning.told == []


def test_a_sheet_that_fails_all_the_time_is_told_with_its_own_words() -> None:
    morning = Morning()
    morning.sheet.fail(PASSING, at=new_york("09:27"))
    assert set(morning.ticks(27, 40)) == {Ingestion.UNREADABLE}
    assert morning.told == [(AlertType.SHEET_UNREADABLE, "leader sheet")]
    assert "503: The service is currently unavailable." in morning.last_message
    assert "An operator can still ingest" in morning.last_message
    assert morning.orders == ()


def test_a_sheet_that_is_not_shared_is_told_at_once() -> None:
    morning = Morning()
    morning.sheet.fail(LASTING, at=new_york("09:27"))
    assert morning.tick("09:27") is Ingestion.UNREADABLE
    assert morning.told == [(AlertType.SHEET_UNREADABLE, "leader sheet")]
    assert len(morning.sheet.read_at) == 1
    assert "read again every minute" in morning.last_message


def test_a_used_up_quota_is_waited_for_and_told_only_at_the_end() -> None:
    morning = Morning()
    morning.sheet.fail(QUOTA, at=new_york("09:27"))
    assert set(morning.ticks(27, 39)) == {Ingestion.UNREADABLE}
    assert morning.told == []
    morning.tick("09:40")
    assert morning.told == [(AlertType.SHEET_UNREADABLE, "leader sheet")]


def test_a_signal_that_cannot_be_verified_before_the_open_is_told() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.tick("09:27")
    morning.sheet.fail(PASSING, at=new_york("09:28"))
    assert morning.tick("09:29") is Ingestion.UNREADABLE
    assert "2026-11-27-QQQ-1 cannot be verified" in morning.last_message


def test_a_signal_seen_shortly_before_the_open_needs_no_more_reading() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.ticks(27, 29)
    morning.sheet.fail(PASSING, at=new_york("09:29:30"))
    assert morning.tick("09:30") is Ingestion.UNREADABLE
    assert morning.told == []


def test_the_same_morning_writes_the_same_documents() -> None:
    def all_documents() -> list[object]:
        morning = Morning()
        morning.sheet.show(a_sheet(a_row()), at=new_york("09:28:30"))
        morning.ticks(27, 40)
        return [morning.signal, morning.orders, morning.publisher.published]

    assert all_documents() == all_documents()
