"""Starts jobs through the Cloud Run Admin API v2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError, TransportError

from shared.adapters.google_session import authorized_session
from shared.domain.errors import AdapterError, NotFound

_SERVICE = "cloud run"
_TIMEOUT_SECONDS = 30.0
# https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/run
_PRODUCTION = "https://run.googleapis.com"


class CloudRunJobs:
    """`JobRunner` on Cloud Run.

    Args:
        project_id: Project of the jobs.
        location: Region of the jobs.
        credentials: Who starts them; needs run.jobsExecutorWithOverrides on each job.
        base_url: Another server that speaks the same API.
    """

    def __init__(
        self,
        *,
        project_id: str,
        location: str,
        credentials: Credentials,
        base_url: str = _PRODUCTION,
    ) -> None:
        self._jobs_url = f"{base_url}/v2/projects/{project_id}/locations/{location}/jobs"
        self._session = authorized_session(credentials)

    def run(self, job: str, *, args: Sequence[str], env: Mapping[str, str], tasks: int) -> str:
        """Start a job and return the name of its operation; does not wait for its end.

        Nothing is repeated here. After a time-out the job may run or not: jobs are made so that
        a second run finds the work of the first.

        Args:
            job: Short name.
            args: Arguments instead of the job's own.
            env: Environment variables beside the job's own.
            tasks: How many tasks share the work.

        Raises:
            NotFound: If there is no such job.
            AdapterError: If it was not started, or nobody knows.
        """
        container = {
            "args": list(args),
            "env": [{"name": name, "value": value} for name, value in env.items()],
        }
        body = {"overrides": {"containerOverrides": [container], "taskCount": tasks}}
        try:
            response = self._session.post(
                f"{self._jobs_url}/{job}:run", json=body, timeout=_TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            reason = type(error).__name__
            raise AdapterError(_SERVICE, f"{job}: {reason}", retryable=True) from error
        except GoogleAuthError as error:
            passing = isinstance(error, TransportError) or bool(error.retryable)
            raise AdapterError(_SERVICE, f"{job}: {error}", retryable=passing) from error
        return _operation_name(job, response)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _operation_name(job: str, response: requests.Response) -> str:
    answer = _answer(response)
    if response.status_code == 404:
        raise NotFound(_SERVICE, f"{job}: {_error_message(answer)}")
    if response.status_code != 200:
        retryable = response.status_code == 429 or response.status_code >= 500
        message = f"{job}: {response.status_code} {_error_message(answer)}"
        raise AdapterError(_SERVICE, message, retryable=retryable)
    name = answer.get("name")
    if not isinstance(name, str):
        raise AdapterError(_SERVICE, f"{job}: the answer names no operation", retryable=False)
    return name


def _answer(response: requests.Response) -> Mapping[str, object]:
    try:
        answer: object = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _error_message(answer: Mapping[str, object]) -> str:
    error = answer.get("error")
    return str(error.get("message", "")) if isinstance(error, dict) else "no JSON answer"
