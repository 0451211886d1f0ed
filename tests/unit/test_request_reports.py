import pytest

from shared.domain.errors import InvalidInput
from shared.domain.report_requests import report_request
from shared.use_cases.request_reports import request_reports
from tests.fakes.job_runner import RecordingJobRunner


def test_a_request_starts_the_reports_job_for_its_session() -> None:
    runner = RecordingJobRunner()
    operation = request_reports(data=report_request("2026-11-27"), job="reports", runner=runner)
    assert runner.runs == [("reports", ["write-day-summary", "--date", "2026-11-27"])]
    assert operation == "operations/1"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "type"),
        ({"type": "orders_planned", "session_date": "2026-11-27"}, "type"),
        ({"type": "report_requested"}, "session_date"),
        ({"type": "report_requested", "session_date": "2026-11-31"}, "session_date"),
        ({"type": "report_requested", "session_date": "--help"}, "session_date"),
        ({"type": "report_requested", "session_date": 20261127}, "session_date"),
    ],
)
def test_what_is_no_request_starts_nothing(data: dict[str, object], field: str) -> None:
    runner = RecordingJobRunner()
    with pytest.raises(InvalidInput) as refused:
        request_reports(data=data, job="reports", runner=runner)
    assert refused.value.field == field
    assert runner.runs == []
