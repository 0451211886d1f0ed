"""Days that several tests look at; each is run once."""

from __future__ import annotations

import pytest

from tests.e2e.days import Day, run_day
from tests.e2e.recorded import SESSION_DATE, TICKER, write_quotes, write_sheet

USUAL = ("--followers", "3", "--seed", "7")
SHORT_HALF_DAY = ("--followers", "5", "--session-date", "2026-11-27", "--strategy", "Short")


@pytest.fixture(scope="session")
def usual_day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Three followers on the day of the documentation."""
    return run_day(tmp_path_factory.mktemp("usual"), USUAL)


@pytest.fixture(scope="session")
def short_half_day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """A bear call on the early close after Thanksgiving 2026, for five."""
    return run_day(tmp_path_factory.mktemp("short"), SHORT_HALF_DAY)


@pytest.fixture(scope="session")
def recorded_day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Another ticker's recorded session of the past."""
    folder = tmp_path_factory.mktemp("recorded")
    write_quotes(folder / "quotes.csv")
    write_sheet(folder / "sheet.csv")
    files = ("--signal", str(folder / "sheet.csv"), "--quotes", str(folder / "quotes.csv"))
    return run_day(folder, ("--ticker", TICKER, "--session-date", SESSION_DATE, *files))


@pytest.fixture(scope="session")
def day_of_a_bad_sheet(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """A half day whose sheet has lost a column."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "sheet.csv").write_text(
        "Date,Ticker,Strategy,Qty_Per_Leg,Strike_Long\n2026-11-27,QQQ,Long,10,592\n"
    )
    sheet = ("--signal", str(folder / "sheet.csv"))
    return run_day(folder, ("--session-date", "2026-11-27", *sheet))
