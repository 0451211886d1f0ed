"""Stand-in for the jobs of the Cloud Run Admin API v2 (REST): runs `python -m jobs`.

Market time is held from the moment a run is accepted until all its tasks have ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.control import SANDBOX_TOKENS, bearer_token
from tests.sandbox.google_answers import (
    field_violation,
    google_error,
    invalid_credentials,
    no_such_page,
)
from tests.sandbox.holds import Holds
from tests.sandbox.run_jobs_executions import Execution, Program
from tests.sandbox.run_jobs_requests import BadRequest, Overrides, parse_run_request

SERVICE = "run.googleapis.com"
# Cloud Run's default (https://cloud.google.com/run/docs/configuring/task-timeout).
TASK_SECONDS = 600.0

_JOBS = "/v2/projects/{project}/locations/{location}/jobs/{job}"
_OPERATIONS = "/v2/projects/{project}/locations/{location}/operations/{operation}"
_MISSING_CREDENTIALS = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login "
    "cookie or other valid authentication credential. See "
    "https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class RunJobs:
    """The Cloud Run jobs of one project and location.

    Args:
        project: Project id.
        location: Region.
        jobs: The jobs that exist, by short name, and how often a failed task is tried again.
        command: What a job's container starts; the arguments of a run follow.
        cwd: Working directory of the tasks.
        env: Whole environment of the tasks, beside what Cloud Run itself sets.
        log_dir: Folder of the tasks' output.
        holds: Held while an execution runs.
        now: Tells the times that executions show (aware UTC); machine time by default.
    """

    def __init__(
        self,
        *,
        project: str,
        location: str,
        jobs: Mapping[str, int],
        command: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        log_dir: Path,
        holds: Holds,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._parent = f"projects/{project}/locations/{location}"
        self._project, self._location = project, location
        self._jobs = dict(jobs)
        self._command = tuple(command)
        self._cwd, self._env, self._log_dir = cwd, dict(env), log_dir
        self._holds = holds
        self._now = now or _machine_now
        self._executions: list[Execution] = []
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def executions(self) -> tuple[Execution, ...]:
        """Every execution since the start, oldest first."""
        return tuple(self._executions)

    def app(self) -> Starlette:
        """The API."""
        return Starlette(
            routes=[
                Route(_JOBS, self._run, methods=["POST"]),
                Route(f"{_JOBS}/executions", self._list, methods=["GET"]),
                Route(f"{_JOBS}/executions/{{execution}}", self._get, methods=["GET"]),
                Route(_OPERATIONS, self._operation, methods=["GET"]),
            ],
            exception_handlers={404: no_such_page, 405: no_such_page},
        )

    async def stop(self) -> None:
        """End the tasks under way; what they held is released."""
        under_way = list(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _run(self, request: Request) -> Response:
        job, colon, verb = request.path_params["job"].partition(":")
        if (colon, verb) != (":", "run"):
            return await no_such_page(request, ValueError(verb))
        refusal = self._refusal(request, job)
        if refusal is not None:
            return refusal
        try:
            overrides = parse_run_request(await request.body())
        except BadRequest as bad:
            return field_violation(bad.message, bad.field_path)
        execution = self._begin(job, overrides)
        return JSONResponse(execution.operation_json(self._operation_name(execution)))

    def _begin(self, job: str, overrides: Overrides) -> Execution:
        """Start an execution; market time is held from here on."""
        program = Program(
            job=job,
            command=(*self._command, *(overrides.args or ())),
            cwd=self._cwd,
            env={**self._env, **overrides.env},
            task_count=overrides.task_count or 1,
            max_retries=self._jobs[job],
            timeout_seconds=overrides.timeout_seconds or TASK_SECONDS,
        )
        execution = Execution(
            parent=f"{self._parent}/jobs/{job}",
            number=len(self._executions),
            program=program,
            log_dir=self._log_dir,
            created_at=self._now(),
        )
        self._executions.append(execution)
        self._holds.hold()
        task = asyncio.create_task(execution.run())
        self._under_way.add(task)
        task.add_done_callback(lambda done: self._ended(execution, done))
        return execution

    def _ended(self, execution: Execution, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        execution.complete(self._now())
        self._holds.release()

    async def _list(self, request: Request) -> Response:
        job = request.path_params["job"]
        refusal = self._refusal(request, job)
        if refusal is not None:
            return refusal
        newest_first = [e for e in reversed(self._executions) if e.program.job == job]
        return JSONResponse({"executions": [_shown(execution) for execution in newest_first]})

    async def _get(self, request: Request) -> Response:
        refusal = self._refusal(request, request.path_params["job"])
        if refusal is not None:
            return refusal
        wanted = request.path_params["execution"]
        for execution in self._executions:
            if execution.short_name == wanted:
                return JSONResponse(_shown(execution))
        return self._missing("EXECUTION", wanted)

    async def _operation(self, request: Request) -> Response:
        refusal = self._refusal(request, None)
        if refusal is not None:
            return refusal
        for execution in self._executions:
            if execution.operation_id == request.path_params["operation"]:
                return JSONResponse(execution.operation_json(self._operation_name(execution)))
        return self._missing("OPERATION", request.path_params["operation"])

    def _refusal(self, request: Request, job: str | None) -> Response | None:
        """The answer to a caller without rights, or to a job that does not exist."""
        token = bearer_token(request)
        if token is None:
            return google_error(401, _MISSING_CREDENTIALS)
        if token not in SANDBOX_TOKENS:
            return invalid_credentials(SERVICE, "google.cloud.run.v2.Jobs.RunJob")
        place = request.path_params["project"], request.path_params["location"]
        if place != (self._project, self._location):
            parent = "projects/{}/locations/{}".format(*place)
            message = (
                f"Permission 'run.jobs.run' denied on resource '{parent}' (or it may not exist)."
            )
            return google_error(403, message)
        return None if job is None or job in self._jobs else self._missing("JOB", job)

    def _missing(self, kind: str, name: str) -> Response:
        return google_error(
            404,
            f"Resource '{name}' of kind '{kind}' in region '{self._location}' in project "
            f"'{self._project}' does not exist.",
        )

    def _operation_name(self, execution: Execution) -> str:
        return f"{self._parent}/operations/{execution.operation_id}"


def _shown(execution: Execution) -> dict[str, object]:
    return {name: value for name, value in execution.as_json().items() if name != "@type"}


def _machine_now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
