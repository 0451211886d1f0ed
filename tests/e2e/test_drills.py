"""A day on which something goes wrong ends with its invariants holding, and says what it was."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.days import run_day


def test_a_day_on_which_the_gateway_is_killed_in_the_ladder_ends_well(tmp_path: Path) -> None:
    day = run_day(tmp_path, ("--fault", "gateway-killed"))
    assert day.failed_checks() == []
    assert day.status == 0
    assert "fault gateway-killed: " in day.output
    assert "09:30:08 kill-gateway" in day.output
    for number in (1, 2):
        assert day.opening(number)["state"] in ("filled", "partially_filled", "canceled")
