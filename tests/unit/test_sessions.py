"""Sessions: the packaged table against XNYS, half days, summer time, neighbors, refusals."""

import asyncio
import dataclasses
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.session_table import session_table
from shared.domain.errors import InvalidInput
from shared.domain.sessions import (
    SessionDate,
    SessionTable,
    as_session_date,
    at_new_york,
    session_date_at,
)
from tests.generators.session_table import TABLE_PATH, differences

TABLE = session_table()
EVERY_SESSION = {
    day: session
    for day in (
        (date(2013, 1, 1) + timedelta(days=offset)).isoformat()
        for offset in range((date(2031, 12, 31) - date(2013, 1, 1)).days + 1)
    )
    if (session := TABLE.session_on(day)) is not None
}
DATES_INSIDE = st.dates(date(2013, 1, 10), date(2031, 12, 20)).map(date.isoformat)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_every_date_from_2013_to_2031_opens_and_closes_as_xnys_does() -> None:
    # A process of its own: it is the command people run, and pandas warns at import.
    async def check() -> tuple[int | None, bytes]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.generators.session_table", "--check"),
            cwd=TABLE_PATH.parents[1],
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        return process.returncode, out

    assert asyncio.run(check()) == (0, b"")


def test_the_comparison_names_each_date_that_differs() -> None:
    wrong = {**EVERY_SESSION}
    wrong["2026-11-27"] = dataclasses.replace(wrong["2026-11-27"], close_at=utc("2026-11-27T21:00"))
    del wrong["2026-11-30"]
    wrong["2026-12-25"] = dataclasses.replace(
        wrong["2026-12-24"], session_date=SessionDate("2026-12-25")
    )
    assert differences(TABLE, wrong) == [
        "2026-11-27: the table says 09:30 to 13:00, XNYS 09:30 to 16:00",
        "2026-11-30: the table says 09:30 to 16:00, XNYS no session",
        "2026-12-25: the table says no session, XNYS 09:30 to 13:00",
    ]
    assert differences(TABLE, EVERY_SESSION) == []


def test_the_table_says_where_it_comes_from_and_how_far_it_reaches() -> None:
    assert TABLE.source.startswith("generated from exchange_calendars XNYS ")
    assert (TABLE.first_date, TABLE.last_date) == ("2013-01-01", "2031-12-31")


@pytest.mark.parametrize("half_day", ["2026-11-27", "2026-12-24", "2024-07-03"])
def test_a_half_day_is_an_early_close_with_420_slots(half_day: str) -> None:
    session = EVERY_SESSION[half_day]
    assert session.is_early_close
    assert len(session.mark_slots()) == 420
    assert session.close_at == at_new_york(half_day, "13:00")


def test_a_full_day_has_780_slots_from_the_open_inclusive_to_the_close_exclusive() -> None:
    session = EVERY_SESSION["2026-11-25"]
    slots = session.mark_slots()
    assert not session.is_early_close
    assert len(slots) == 780
    assert slots[0] * 30 == session.open_at.timestamp()
    assert (slots[-1] + 1) * 30 == session.close_at.timestamp()


@pytest.mark.parametrize(
    "closure",
    [
        "2018-12-05",  # mourning of President Bush
        "2025-01-09",  # mourning of President Carter
        "2026-07-03",  # Independence Day, observed on the Friday
        "2022-06-20",  # the first Juneteenth, observed on the Monday
        "2026-11-28",  # a Saturday
    ],
)
def test_closures_are_no_sessions(closure: str) -> None:
    assert not TABLE.is_session(closure)


@pytest.mark.parametrize(
    ("day", "open_utc", "close_utc"),
    [
        ("2026-03-06", "14:30", "21:00"),  # Friday before summer time
        ("2026-03-09", "13:30", "20:00"),  # Monday in it
        ("2026-10-30", "13:30", "20:00"),
        ("2026-11-02", "14:30", "21:00"),
    ],
)
def test_the_open_stays_at_half_past_nine_across_summer_time(
    day: str, open_utc: str, close_utc: str
) -> None:
    session = EVERY_SESSION[day]
    assert session.open_at == utc(f"{day}T{open_utc}")
    assert session.close_at == utc(f"{day}T{close_utc}")
    assert session.open_at.tzinfo is UTC


def test_new_york_times_may_carry_seconds() -> None:
    assert at_new_york("2026-11-27", "09:28:50") == utc("2026-11-27T14:28:50")
    assert at_new_york("2026-07-06", "09:27") == utc("2026-07-06T13:27")


def test_the_hour_that_summer_time_skips_is_refused() -> None:
    with pytest.raises(InvalidInput, match="does not exist on 2026-03-08"):
        at_new_york("2026-03-08", "02:30")


def test_the_hour_that_comes_twice_means_its_first_occurrence() -> None:
    assert at_new_york("2026-11-01", "01:30") == utc("2026-11-01T05:30")


@pytest.mark.parametrize("wall_time", ["9:27", "0927", "24:00", "09:27+01:00", "", "T09:27"])
def test_other_spellings_of_a_time_are_refused(wall_time: str) -> None:
    with pytest.raises(InvalidInput, match="HH:MM:SS"):
        at_new_york("2026-11-27", wall_time)


@pytest.mark.parametrize("text", ["20261127", "2026-W48-5", "2026-11-31", "27/11/2026", ""])
def test_other_spellings_of_a_date_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="YYYY-MM-DD"):
        as_session_date(text)
    with pytest.raises(InvalidInput, match="YYYY-MM-DD"):
        TABLE.session_on(text)


def test_the_new_york_date_is_not_the_utc_date_in_the_evening() -> None:
    assert session_date_at(utc("2026-11-28T04:59:59")) == "2026-11-27"
    assert session_date_at(utc("2026-11-28T05:00:00")) == "2026-11-28"


def test_a_naive_instant_is_refused() -> None:
    naive = utc("2026-11-27T14:30").replace(tzinfo=None)
    with pytest.raises(InvalidInput, match="naive"):
        session_date_at(naive)


@given(st.sampled_from(sorted(EVERY_SESSION)), st.times())
def test_any_new_york_time_of_a_session_is_on_its_date(day: str, wall: object) -> None:
    assert session_date_at(at_new_york(day, str(wall)[:8])) == day


@given(DATES_INSIDE)
def test_the_next_session_is_the_earliest_after_the_date(day: str) -> None:
    found = TABLE.next_session(day).session_date
    assert found > day
    assert found in EVERY_SESSION
    assert not [other for other in EVERY_SESSION if day < other < found]


@given(DATES_INSIDE)
def test_previous_undoes_next(day: str) -> None:
    following = TABLE.next_session(day)
    before = TABLE.previous_session(following.session_date)
    assert before.session_date <= day
    assert TABLE.next_session(before.session_date) == following
    assert (before.session_date == day) == TABLE.is_session(day)


def test_a_month_lists_its_sessions_in_order() -> None:
    sessions = TABLE.sessions_in_month("2026-11")
    days = [session.session_date for session in sessions]
    assert len(days) == 20
    assert (days[0], days[-1]) == ("2026-11-02", "2026-11-30")
    assert days == sorted(days)
    assert "2026-11-26" not in days


def test_the_months_together_are_the_whole_table() -> None:
    months = (f"{year}-{month:02}" for year in range(2013, 2032) for month in range(1, 13))
    assert [s for month in months for s in TABLE.sessions_in_month(month)] == [
        *EVERY_SESSION.values()
    ]


def test_outside_the_table_the_date_and_the_fix_are_named() -> None:
    with pytest.raises(InvalidInput, match=r"2032-01-02.*2031-12-31.*regenerate the table"):
        TABLE.session_on("2032-01-02")
    with pytest.raises(InvalidInput, match=r"2012-12-31.*regenerate the table"):
        TABLE.previous_session("2013-01-02")
    with pytest.raises(InvalidInput, match=r"2032-01-01.*regenerate the table"):
        TABLE.next_session("2031-12-31")
    with pytest.raises(InvalidInput, match=r"2032-05-01.*regenerate the table"):
        TABLE.sessions_in_month("2032-05")


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "202611", "November"])
def test_a_malformed_month_is_refused(month: str) -> None:
    with pytest.raises(InvalidInput, match="month"):
        TABLE.sessions_in_month(month)


@pytest.mark.parametrize(
    ("sound", "spoiled", "fault"),
    [
        ('"open": "09:30"', '"open": 930', "session_table.open: must be text"),
        ('"open": "09:30"', '"open": "9:30"', "wall_time: '9:30'"),
        ('"source"', '"Source"', "session_table.source: must be there"),
        ('"2026": {', '"2026": 0, "1900": {', "session_table.years.2026: must be an object"),
        ('"holidays"', '"closed"', "session_table.holidays: must be there"),
        ('"2026-12-31"', "20261231", "session_table.last_date: must be text"),
        ('["01-01", "01-19"', '["01-19", 101', "session_table.years.2026.holidays: must be text"),
        ('["01-01", "01-19"', '["01-32"', "'2026-01-32' is not a date"),
        ('{"11-27": "13:00"', '{"11-27": 13', "session_table.years.2026.early_closes: must be"),
        ('"holidays": [', '"holidays": 1, "x": [', "session_table.years.2026.holidays: must be a"),
        ("{", "", "is not JSON"),
    ],
)
def test_a_damaged_table_is_refused_by_name(sound: str, spoiled: str, fault: str) -> None:
    one_year = (
        '{"source": "by hand", "first_date": "2026-01-01", "last_date": "2026-12-31",'
        ' "open": "09:30", "close": "16:00", "years": {"2026": {'
        '"holidays": ["01-01", "01-19"], "early_closes": {"11-27": "13:00"}}}}'
    )
    assert SessionTable.from_json(one_year).is_session("2026-11-27")
    with pytest.raises(InvalidInput) as refused:
        SessionTable.from_json(one_year.replace(sound, spoiled, 1))
    assert fault in str(refused.value)


def test_the_table_is_read_once_per_process() -> None:
    assert session_table() is session_table()


def test_a_session_date_is_plain_text_that_sorts_by_time() -> None:
    assert SessionDate("2026-09-30") < SessionDate("2026-10-01")
