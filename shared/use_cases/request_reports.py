"""Ask for a report to be written: start the reports job."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.report_requests import requested_session
from shared.ports.job_runner import JobRunner


def request_reports(*, data: Mapping[str, object], job: str, runner: JobRunner) -> str:
    """Start the job that writes a session's daily summary.

    A repeat starts it again, which changes nothing: the job finds its work done.

    Args:
        data: The request, see `shared.domain.report_requests`.
        job: Name of the reports job.
        runner: Starts jobs.

    Returns:
        The job's operation.

    Raises:
        InvalidInput: The message is not one of ours.
        AdapterError: The job could not be started.
    """
    arguments = ["write-day-summary", "--date", requested_session(data)]
    return runner.run(job, args=arguments, env={}, tasks=1)
