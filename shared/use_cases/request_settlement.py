"""Ask for sessions to be settled: start the settlement job."""

from __future__ import annotations

from shared.ports.job_runner import JobRunner


def request_settlement(*, job: str, runner: JobRunner) -> str:
    """Start the job that settles every session that waits for it; a repeat changes nothing.

    Args:
        job: Name of the settlement job.
        runner: Starts jobs.

    Returns:
        The job's operation.

    Raises:
        AdapterError: The job could not be started.
    """
    return runner.run(job, args=["settle-sessions"], env={}, tasks=1)
