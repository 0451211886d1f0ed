"""Ask for mails to be sent: start the mail job."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.report_requests import requested_mail
from shared.ports.job_runner import JobRunner


def request_mail(*, data: Mapping[str, object], job: str, runner: JobRunner) -> str:
    """Start the job that mails; a repeat finds every mail sent.

    Args:
        data: The request, see `shared.domain.report_requests`.
        job: Name of the mail job.
        runner: Starts jobs.

    Returns:
        The job's operation.

    Raises:
        InvalidInput: The message is not one of ours.
        AdapterError: The job could not be started.
    """
    return runner.run(job, args=requested_mail(data), env={}, tasks=1)
