"""Ask for reports to be written: start the reports job."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.report_requests import requested_report
from shared.ports.job_runner import JobRunner


def request_reports(
    *, data: Mapping[str, object], job: str, runner: JobRunner, tasks: int = 1
) -> str:
    """Start the job that writes a session's summary, or everybody's report of a month.

    A repeat starts it again, which changes nothing: the job finds its work done.

    Args:
        data: The request, see `shared.domain.report_requests`.
        job: Name of the reports job.
        runner: Starts jobs.
        tasks: How many tasks share a month's followers.

    Returns:
        The job's operation.

    Raises:
        InvalidInput: The message is not one of ours.
        AdapterError: The job could not be started.
    """
    arguments, is_shared = requested_report(data)
    return runner.run(job, args=arguments, env={}, tasks=tasks if is_shared else 1)
