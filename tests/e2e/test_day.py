"""Whole trading days, from the sheet to the mailed summary, as a person runs them."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.conftest import SHORT_HALF_DAY
from tests.e2e.days import Day, run_day
from tests.e2e.recorded import LONG_STRIKE, SHORT_STRIKE
from tests.sandbox.blueprint import ROOT

DAYS = ("usual_day", "short_half_day", "recorded_day", "day_of_a_bad_sheet")


@pytest.mark.parametrize("name", DAYS)
def test_every_check_of_the_day_holds(request: pytest.FixtureRequest, name: str) -> None:
    day: Day = request.getfixturevalue(name)
    assert day.status == 0, day.output
    assert day.failed_checks() == []
    assert "Traceback" not in day.output


def test_everybody_who_can_trade_is_filled_and_the_others_are_told_of(usual_day: Day) -> None:
    assert usual_day.opening(1)["state"] == "filled"
    assert usual_day.opening(1)["filled_quantity"] == usual_day.opening(1)["quantity"] == 10
    assert usual_day.opening(2)["reason"] == "NO_MARGIN"
    assert usual_day.opening(3)["reason"] == "GATEWAY_UNREACHABLE"
    told = {
        (alert["type"], alert["severity"], alert["subject"])
        for alert in usual_day.summary["alerts"]
    }
    assert told == {
        ("GATEWAY_UNREACHABLE", "CRITICAL", "login-0003"),
        ("NO_MARGIN", "WARNING", "f-0002"),
        ("TIME_VALUE_CRITICAL", "CRITICAL", "QQQ-2026-11-23-P-592-597"),
        ("TIME_VALUE_RISK", "WARNING", "QQQ-2026-11-23-P-592-597~1"),
    }


def test_a_ladder_gives_nothing_away_beyond_its_rungs(usual_day: Day) -> None:
    rungs = usual_day.opening(1)["rungs"]
    limits = [Decimal(str(rung["limit"])) for rung in rungs]
    assert limits == sorted(limits)
    assert limits[-1] <= Decimal("-0.70")
    assert limits[-1] - limits[0] <= Decimal("0.09")
    net = Decimal(str(usual_day.opening(1)["average_net_price"]))
    assert net <= limits[-1]


def test_every_half_minute_of_a_full_session_is_marked(usual_day: Day) -> None:
    assert usual_day.summary["marks"] == {"due": 780, "marked": 780, "gaps": 0}


def test_the_summary_says_what_was_asked_for_and_where_the_files_are(usual_day: Day) -> None:
    summary = usual_day.summary
    assert (summary["session_date"], summary["seed"], summary["ticker"]) == ("2026-11-23", 7, "QQQ")
    assert summary["signal"] == {
        "ticker": "QQQ",
        "strategy": "Long",
        "qty_per_leg": 10,
        "long_strike": "592.00",
        "short_strike": "597.00",
        "expiry": "2026-11-23",
    }
    assert [follower["id"] for follower in summary["followers"]] == ["f-0001", "f-0002", "f-0003"]
    names = [file["name"] for file in summary["followers"][0]["reports"]]
    assert {Path(name).suffix for name in names} == {".pdf", ".xlsx"}
    assert summary["documents"]["marks"] == 780


def test_the_same_seed_gives_the_same_bytes_on_a_busy_machine(
    short_half_day: Day, tmp_path: Path
) -> None:
    again = run_day(tmp_path, SHORT_HALF_DAY, busy_processes=4)
    assert again.status == 0, again.output
    assert again.json_bytes == short_half_day.json_bytes


def test_a_half_day_has_420_marks(short_half_day: Day) -> None:
    assert short_half_day.summary["session_date"] == "2026-11-27"
    assert short_half_day.summary["marks"] == {"due": 420, "marked": 420, "gaps": 0}


def test_a_short_signal_sells_a_call_spread_to_everybody_who_can_trade(
    short_half_day: Day,
) -> None:
    states = [short_half_day.opening(number)["state"] for number in range(1, 6)]
    assert states == ["filled", "filled", "filled", "skipped", "skipped"]
    for number in range(1, 4):
        fills = short_half_day.summary["followers"][number - 1]["fills"]
        opened = {str(fill["contract"]) for fill in fills if str(fill["contract"]) != "BAG"}
        assert all("-C-" in contract or contract == "COMBO" for contract in opened), opened


def test_recorded_quotes_of_another_ticker_are_traded(recorded_day: Day) -> None:
    summary = recorded_day.summary
    assert summary["ticker"] == "IWM"
    assert summary["signal"] is not None
    assert summary["signal"]["long_strike"] == f"{LONG_STRIKE}.00"
    assert summary["signal"]["short_strike"] == f"{SHORT_STRIKE}.00"
    opening = recorded_day.opening(1)
    assert (opening["state"], opening["filled_quantity"]) == ("filled", 6)
    assert [rung["limit"] for rung in opening["rungs"]] == ["-1.00", "-0.99", "-0.98"]
    assert Decimal(summary["followers"][0]["total_pnl"]) > 0
    assert summary["marks"] == {"due": 420, "marked": 420, "gaps": 0}


def test_a_sheet_that_can_not_be_read_trades_nothing_and_tells_why(day_of_a_bad_sheet: Day) -> None:
    summary = day_of_a_bad_sheet.summary
    assert summary["signal"] is None
    assert all(follower["orders"] == [] for follower in summary["followers"])
    assert all(follower["fills"] == [] for follower in summary["followers"])
    [alert] = [one for one in summary["alerts"] if one["type"] == "SIGNAL_INVALID"]
    assert "Strike_Short" in alert["message"]


def test_readme_shows_what_the_usual_day_ends_with(usual_day: Day) -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    _, begun, rest = page.partition("Book total ")
    shown, ended, _ = rest.partition("```")
    assert begun
    assert ended
    # A terminal's width decides where lines break, nothing else.
    assert shown.split() == usual_day.output.partition("Book total ")[2].split()
    for follower in usual_day.summary["followers"]:
        row = rf"│ {follower['id']} .* {follower['total_pnl']} │ +{follower['commission']} │"
        assert re.search(row, page), f"README.md shows other figures of {follower['id']}"
