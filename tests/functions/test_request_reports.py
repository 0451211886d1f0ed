"""request_reports as the functions framework serves it; what starts jobs is tested elsewhere."""

from __future__ import annotations

from tests.booked_day import ROLLED_UP_AT
from tests.fakes.clock import ManualClock
from tests.fakes.job_runner import RecordingJobRunner
from tests.functions.outside import Outside


def test_a_request_starts_the_reports_job(world: Outside) -> None:
    runner = RecordingJobRunner()
    with world.function("request_reports", ManualClock(ROLLED_UP_AT)) as function:
        function.services.job_runner = runner
        asked = {"type": "report_requested", "session_date": "2026-11-27"}
        assert function.push(asked) == 204
    assert runner.runs == [("reports", ["write-day-summary", "--date", "2026-11-27"])]


def test_a_months_reports_are_shared_by_several_tasks(world: Outside) -> None:
    runner = RecordingJobRunner()
    with world.function("request_reports", ManualClock(ROLLED_UP_AT)) as function:
        function.services.job_runner = runner
        asked = {"type": "monthly_reports_requested", "month": "2026-11"}
        assert function.push(asked) == 204
    assert runner.runs == [("reports", ["write-monthly-reports", "--month", "2026-11"])]
    assert runner.tasks == [4]


def test_a_message_that_is_no_request_is_dropped(world: Outside) -> None:
    runner = RecordingJobRunner()
    with world.function("request_reports", ManualClock(ROLLED_UP_AT)) as function:
        function.services.job_runner = runner
        assert function.push({"type": "tick"}) == 204
    assert runner.runs == []
