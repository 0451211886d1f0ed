"""Cloud Run jobs: the stand-in against the real answers, its executions, and our adapter on it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from shared.adapters.cloud_run import CloudRunJobs
from shared.domain.errors import AdapterError, NotFound
from tests.sandbox.conformance import Row, check
from tests.sandbox.control import Json
from tests.sandbox.google_credentials import sandbox_credentials
from tests.sandbox.holds import HoldCount
from tests.sandbox.processes import free_port
from tests.sandbox.run_jobs import RunJobs
from tests.sandbox.run_jobs_conformance import CONFORMANCE, JOB, LOCATION, PROJECT_ID
from tests.sandbox.serving import serve

_NOW = datetime(2026, 3, 31, 20, 30, tzinfo=UTC)
# A job that writes what it was told and fails the first times it is asked to.
_PROGRAM = """
import os, sys
says = [os.environ.get(f"CLOUD_RUN_TASK_{name}", "") for name in ("INDEX", "COUNT", "ATTEMPT")]
print(*says, os.environ["CLOUD_RUN_JOB"], os.environ.get("GREETING", "-"), *sys.argv[1:])
failures = int(sys.argv[1]) if sys.argv[1:] else 0
sys.exit(1 if int(os.environ["CLOUD_RUN_TASK_ATTEMPT"]) < failures else 0)
"""


@dataclass(kw_only=True)
class World:
    """A served stand-in with one job that may be tried twice, and our adapter."""

    jobs: RunJobs
    holds: HoldCount
    base_url: str
    logs: Path

    def adapter(self, bearer: str = "sandbox-token") -> CloudRunJobs:
        return CloudRunJobs(
            project_id=PROJECT_ID,
            location=LOCATION,
            credentials=sandbox_credentials(bearer),
            base_url=self.base_url,
        )

    async def start(self, *args: str, tasks: int = 1, env: dict[str, str] | None = None) -> str:
        adapter = self.adapter()
        try:
            return await asyncio.to_thread(
                lambda: adapter.run(JOB, args=args, env=env or {}, tasks=tasks)
            )
        finally:
            adapter.close()

    async def get(self, path: str) -> dict[str, Json]:
        def ask() -> dict[str, Json]:
            response = requests.get(
                f"{self.base_url}/v2/{path}",
                headers={"Authorization": "Bearer sandbox-token"},
                timeout=5,
            )
            response.raise_for_status()
            answer: dict[str, Json] = response.json()
            return answer

        return await asyncio.to_thread(ask)

    async def quiet(self) -> None:
        """Wait until nothing is held."""
        for _ in range(2_000):
            if self.holds.now == 0:
                return
            await asyncio.sleep(0.005)
        raise TimeoutError

    def log(self, task: int = 0) -> str:
        return (self.logs / f"{self.jobs.executions[-1].short_name}-{task}.log").read_text()


@asynccontextmanager
async def world(tmp_path: Path, program: str = _PROGRAM) -> AsyncIterator[World]:
    holds = HoldCount()
    jobs = RunJobs(
        project=PROJECT_ID,
        location=LOCATION,
        jobs={JOB: 1},
        command=(sys.executable, "-S", "-E", "-c", program),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        log_dir=tmp_path / "logs",
        holds=holds,
        now=lambda: _NOW,
    )
    port, shutdown = await serve(jobs.app(), 0)
    try:
        yield World(
            jobs=jobs, holds=holds, base_url=f"http://127.0.0.1:{port}", logs=tmp_path / "logs"
        )
    finally:
        await jobs.stop()
        await shutdown()


def in_world(
    tmp_path: Path, story: Callable[[World], Awaitable[None]], program: str = _PROGRAM
) -> None:
    """Run a story in a world of its own."""

    async def inside() -> None:
        async with world(tmp_path, program) as made:
            await story(made)

    asyncio.run(inside())


@pytest.mark.parametrize("row", CONFORMANCE, ids=lambda row: row.name)
def test_the_stand_in_answers_like_the_service(row: Row, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await asyncio.to_thread(check, row, world.base_url)

    in_world(tmp_path, story, program="")


def test_every_task_knows_its_place_and_its_arguments(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.start("0", "--date=2026-03-31", tasks=2, env={"GREETING": "hello"})
        await world.quiet()
        assert world.log(0) == "0 2 0 reports hello 0 --date=2026-03-31\n"
        assert world.log(1) == "1 2 0 reports hello 0 --date=2026-03-31\n"

    in_world(tmp_path, story)


def test_market_time_is_held_from_the_request_to_the_end_of_the_last_task(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.start(tasks=2)
        assert world.holds.now == 1
        (tmp_path / "go").touch()
        await world.quiet()
        assert world.holds.total == 1
        assert all(execution.has_succeeded for execution in world.jobs.executions)

    waiting = "import os, time\nwhile not os.path.exists('go'):\n    time.sleep(0.01)\n"
    in_world(tmp_path, story, program=waiting)


def test_an_operation_is_done_with_its_execution(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        operation = await world.start("0")
        await world.quiet()
        shown = await world.get(operation)
        execution = shown["response"]
        assert isinstance(execution, dict)
        assert shown["name"] == operation
        assert shown["done"] is True
        assert execution["succeededCount"] == 1
        assert execution["completionTime"] == "2026-03-31T20:30:00Z"
        assert execution["conditions"] == [{"type": "Completed", "state": "CONDITION_SUCCEEDED"}]
        name = execution["name"]
        assert isinstance(name, str)
        assert (await world.get(name))["name"] == name
        listed = await world.get(f"{name.rpartition('/executions/')[0]}/executions")
        assert listed["executions"] == [await world.get(name)]

    in_world(tmp_path, story)


def test_a_failed_task_is_tried_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.start("1")
        await world.quiet()
        shown = world.jobs.executions[-1].as_json()
        assert shown["succeededCount"] == 1
        assert shown["retriedCount"] == 1
        assert world.log() == "0 1 0 reports - 1\n0 1 1 reports - 1\n"

    in_world(tmp_path, story)


def test_a_task_that_fails_too_often_fails_the_execution(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.start("9")
        await world.quiet()
        execution = world.jobs.executions[-1]
        assert not execution.has_succeeded
        assert execution.as_json()["failedCount"] == 1
        assert execution.as_json()["conditions"] == [
            {"type": "Completed", "state": "CONDITION_FAILED"}
        ]

    in_world(tmp_path, story)


def test_a_task_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        response = await asyncio.to_thread(
            lambda: requests.post(
                f"{world.base_url}/v2/projects/{PROJECT_ID}/locations/{LOCATION}/jobs/{JOB}:run",
                headers={"Authorization": "Bearer sandbox-token"},
                json={"overrides": {"timeout": "0.1s"}},
                timeout=5,
            )
        )
        assert response.status_code == 200
        await world.quiet()
        assert world.jobs.executions[-1].as_json()["failedCount"] == 1

    in_world(tmp_path, story, program="import time\ntime.sleep(300)\n")


def test_stopping_ends_what_runs_and_releases_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.start()
        await world.jobs.stop()
        await world.quiet()

    in_world(tmp_path, story, program="import time\ntime.sleep(300)\n")


def test_the_same_runs_have_the_same_names(tmp_path: Path) -> None:
    names: list[str] = []

    async def story(world: World) -> None:
        names.append(await world.start("0"))
        await world.quiet()

    for _ in range(2):
        in_world(tmp_path, story)
    assert names[0] == names[1]


def test_a_missing_job_is_our_not_found(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        adapter = world.adapter()
        with pytest.raises(NotFound, match="'JOB'"):
            await asyncio.to_thread(lambda: adapter.run("unheard-of", args=(), env={}, tasks=1))
        adapter.close()
        assert world.holds.total == 0

    in_world(tmp_path, story)


def test_a_caller_without_rights_is_told_not_to_try_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        adapter = world.adapter("stolen")
        with pytest.raises(AdapterError) as raised:
            await asyncio.to_thread(lambda: adapter.run(JOB, args=(), env={}, tasks=1))
        adapter.close()
        assert not raised.value.retryable

    in_world(tmp_path, story)


def test_a_silent_service_may_be_tried_again() -> None:
    adapter = CloudRunJobs(
        project_id=PROJECT_ID,
        location=LOCATION,
        credentials=sandbox_credentials(),
        base_url=f"http://127.0.0.1:{free_port()}",
    )
    with pytest.raises(AdapterError) as raised:
        adapter.run(JOB, args=(), env={}, tasks=1)
    adapter.close()
    assert raised.value.retryable
