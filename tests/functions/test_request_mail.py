"""request_mail and request_settlement as the functions framework serves them."""

from __future__ import annotations

import pytest

from tests.booked_day import ROLLED_UP_AT
from tests.fakes.clock import ManualClock
from tests.fakes.job_runner import RecordingJobRunner
from tests.functions.outside import Outside


@pytest.mark.parametrize(
    ("asked", "arguments"),
    [
        (
            {"type": "monthly_mail_requested", "month": "2026-11"},
            ["send-monthly-mail", "--month", "2026-11"],
        ),
        ({"type": "commission_mail_requested"}, ["send-commission-mail"]),
    ],
)
def test_a_request_starts_the_mail_job(
    world: Outside, asked: dict[str, object], arguments: list[str]
) -> None:
    runner = RecordingJobRunner()
    with world.function("request_mail", ManualClock(ROLLED_UP_AT)) as function:
        function.services.job_runner = runner
        assert function.push(asked) == 204
    assert runner.runs == [("mail", arguments)]


@pytest.mark.parametrize(
    "asked", [{}, {"type": "monthly_mail_requested", "month": "November"}, {"type": "dance"}]
)
def test_a_message_that_asks_for_no_mail_is_dropped(
    world: Outside, asked: dict[str, object]
) -> None:
    runner = RecordingJobRunner()
    with world.function("request_mail", ManualClock(ROLLED_UP_AT)) as function:
        function.services.job_runner = runner
        assert function.push(asked) == 204
    assert runner.runs == []


def test_the_tick_starts_the_settlement_job(world: Outside) -> None:
    runner = RecordingJobRunner()
    with world.function("request_settlement", ManualClock(ROLLED_UP_AT)) as function:
        function.services.job_runner = runner
        assert function.push({}) == 204
    assert runner.runs == [("settlement", ["settle-sessions"])]
