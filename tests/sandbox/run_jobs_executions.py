"""Executions of Cloud Run jobs: tasks as child processes, tried again as the job says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.sandbox.control import Json
from tests.sandbox.processes import start_child

# Cloud Run sends SIGTERM at the time-out and SIGKILL ten seconds later
# (https://cloud.google.com/run/docs/container-contract#lifecycle-jobs).
_GRACE_SECONDS = 10.0
_TYPE = "type.googleapis.com/google.cloud.run.v2.Execution"


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """What one execution runs.

    Attributes:
        job: Short name of the job.
        command: Command and arguments.
        cwd: Working directory.
        env: Whole environment, without what tells one task from another.
        task_count: How many tasks.
        max_retries: How often a failed task is tried again.
        timeout_seconds: Machine time that one attempt may take.
    """

    job: str
    command: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    task_count: int
    max_retries: int
    timeout_seconds: float


class Execution:
    """One run of a job.

    Args:
        parent: Full name of the job.
        number: Counts the executions of all jobs; makes the names.
        program: What it runs.
        log_dir: Folder of the tasks' output, a file per task.
        created_at: When the run was asked for (aware UTC).
    """

    def __init__(
        self, *, parent: str, number: int, program: Program, log_dir: Path, created_at: datetime
    ) -> None:
        digest = hashlib.sha256(f"{parent} {number}".encode()).digest()
        self.short_name = f"{program.job}-{base64.b32encode(digest)[:5].decode().lower()}"
        self.name = f"{parent}/executions/{self.short_name}"
        self.operation_id = digest.hex()[:32]
        self.program = program
        self._log_dir = log_dir
        self._created_at = created_at
        self._completed_at: datetime | None = None
        self._running = self._succeeded = self._failed = self._retried = 0

    @property
    def is_done(self) -> bool:
        """Whether every task has ended."""
        return self._completed_at is not None

    @property
    def has_succeeded(self) -> bool:
        """Whether every task has ended well."""
        return self.is_done and self._failed == 0

    async def run(self) -> None:
        """Run all tasks side by side until they have succeeded or used up their attempts."""
        tasks = range(self.program.task_count)
        await asyncio.gather(*(self._run_task(index) for index in tasks))

    def complete(self, at: datetime) -> None:
        """Note that all tasks have ended."""
        self._completed_at = at

    def as_json(self) -> dict[str, Json]:
        """Show it as the API does: numbers that are zero are left out."""
        counts = {
            "runningCount": self._running,
            "succeededCount": self._succeeded,
            "failedCount": self._failed,
            "retriedCount": self._retried,
        }
        shown: dict[str, Json] = {
            "@type": _TYPE,
            "name": self.name,
            "job": self.program.job,
            "createTime": _text(self._created_at),
            "taskCount": self.program.task_count,
            "conditions": [{"type": "Completed", "state": self._state()}],
            **{name: count for name, count in counts.items() if count},
        }
        if self._completed_at is None:
            shown["reconciling"] = True
        else:
            shown["completionTime"] = _text(self._completed_at)
        return shown

    def operation_json(self, name: str) -> dict[str, Json]:
        """Show the long-running operation of this execution."""
        shown: dict[str, Json] = {"name": name, "metadata": self.as_json()}
        if self.is_done:
            shown |= {"done": True, "response": self.as_json()}
        return shown

    def _state(self) -> str:
        if not self.is_done:
            return "CONDITION_RECONCILING"
        return "CONDITION_FAILED" if self._failed else "CONDITION_SUCCEEDED"

    async def _run_task(self, index: int) -> None:
        self._running += 1
        for attempt in range(self.program.max_retries + 1):
            self._retried += attempt > 0
            if await self._attempt(index, attempt) == 0:
                self._succeeded += 1
                break
        else:
            self._failed += 1
        self._running -= 1

    async def _attempt(self, index: int, attempt: int) -> int:
        """Run one attempt of a task and return its exit status."""
        # https://cloud.google.com/run/docs/container-contract#jobs-env-vars
        env = dict(self.program.env) | {
            "CLOUD_RUN_JOB": self.program.job,
            "CLOUD_RUN_EXECUTION": self.short_name,
            "CLOUD_RUN_TASK_INDEX": str(index),
            "CLOUD_RUN_TASK_ATTEMPT": str(attempt),
            "CLOUD_RUN_TASK_COUNT": str(self.program.task_count),
        }
        log_path = self._log_dir / f"{self.short_name}-{index}.log"
        child = await start_child(
            self.program.command, log_path=log_path, cwd=self.program.cwd, env=env
        )
        try:
            async with asyncio.timeout(self.program.timeout_seconds):
                return await child.wait()
        except TimeoutError:
            await child.stop(_GRACE_SECONDS)
            return 143
        except asyncio.CancelledError:
            await child.stop()
            raise


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
