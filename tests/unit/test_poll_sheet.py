"""Polling the sheet: once a second, patient, and never without an end."""

from datetime import UTC, datetime, timedelta

from shared.domain.errors import AdapterError
from shared.use_cases.poll_sheet import SheetReading, poll_sheet
from tests.fakes.clock import ManualClock
from tests.fakes.sheet import ScriptedSheet

START = datetime(2026, 11, 27, 14, 27, tzinfo=UTC)
PASSING = AdapterError("sheets", "503: try again", retryable=True)
QUOTA = AdapterError("sheets", "429: quota", retryable=True, retry_after_seconds=60.0)
LASTING = AdapterError("sheets", "403: not shared", retryable=False)


class Polling:
    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.sheet = ScriptedSheet(self.clock)

    def all(self, seconds: float = 50) -> list[SheetReading | AdapterError]:
        until = START + timedelta(seconds=seconds)
        return list(poll_sheet(clock=self.clock, sheet=self.sheet, until=until))

    @property
    def read_after(self) -> list[float]:
        return [(at - START).total_seconds() for at in self.sheet.read_at]


def test_the_sheet_is_read_once_a_second_for_as_long_as_asked() -> None:
    polling = Polling()
    polling.sheet.show([["Date"]])
    readings = polling.all()
    assert len(readings) == 50
    assert polling.read_after == list(range(50))
    assert polling.clock.now() == START + timedelta(seconds=49)


def test_a_reading_carries_the_time_it_was_asked_for() -> None:
    polling = Polling()
    polling.sheet.show([["Date"]])
    (first, second) = polling.all(seconds=2)
    assert isinstance(first, SheetReading)
    assert isinstance(second, SheetReading)
    assert (first.asked_at, second.asked_at) == (START, START + timedelta(seconds=1))


def test_there_is_one_read_even_where_the_time_is_over() -> None:
    polling = Polling()
    polling.sheet.show([["Date"]])
    assert len(polling.all(seconds=-60)) == 1


def test_a_passing_failure_is_waited_out_longer_each_time() -> None:
    polling = Polling()
    polling.sheet.fail(PASSING)
    polling.sheet.show([["Date"]], at=START + timedelta(seconds=10))
    readings = polling.all(seconds=17)
    assert polling.read_after == [0, 1, 3, 7, 15, 16]
    assert [type(reading) for reading in readings] == [SheetReading, SheetReading]


def test_a_sheet_that_fails_all_the_time_ends_with_its_error() -> None:
    polling = Polling()
    polling.sheet.fail(PASSING)
    assert polling.all() == [PASSING]
    assert polling.read_after == [0, 1, 3, 7, 15, 31, 47]


def test_a_sheet_that_fails_after_it_was_read_just_ends() -> None:
    polling = Polling()
    polling.sheet.show([["Date"]])
    polling.sheet.fail(PASSING, at=START + timedelta(seconds=1))
    assert [type(reading) for reading in polling.all()] == [SheetReading]


def test_a_failure_that_lasts_is_not_tried_again() -> None:
    polling = Polling()
    polling.sheet.fail(LASTING)
    assert polling.all() == [LASTING]
    assert polling.read_after == [0]


def test_access_lost_after_a_reading_is_told() -> None:
    polling = Polling()
    polling.sheet.show([["Date"]])
    polling.sheet.fail(LASTING, at=START + timedelta(seconds=1))
    assert polling.all()[1:] == [LASTING]


def test_a_quota_is_waited_for_as_long_as_the_service_asks() -> None:
    polling = Polling()
    polling.sheet.fail(QUOTA)
    polling.sheet.show([["Date"]], at=START + timedelta(seconds=1))
    readings = polling.all(seconds=61)
    assert polling.read_after == [0, 60]
    assert [type(reading) for reading in readings] == [SheetReading]


def test_a_quota_that_takes_longer_than_there_is_time_ends_the_polling() -> None:
    polling = Polling()
    polling.sheet.fail(QUOTA)
    assert polling.all() == [QUOTA]
    assert polling.read_after == [0]
