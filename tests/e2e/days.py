"""Runs `python -m tests.sandbox.day` as a person does, and reads what it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from tests.sandbox.blueprint import ROOT
from tests.sandbox.day import FOLDER

DAY_SECONDS = 240.0
START_SECONDS = 120.0
_LOOK_SECONDS = 0.05
_BUSY = "import time\nend = time.monotonic() + 240\nwhile time.monotonic() < end: sum(range(9999))"


class Order(TypedDict):
    """An order in the summary."""

    id: str
    state: str
    reason: str | None
    quantity: int
    filled_quantity: int
    average_net_price: str | None
    rungs: list[dict[str, object]]


class Follower(TypedDict):
    """A follower in the summary."""

    id: str
    orders: list[Order]
    fills: list[dict[str, object]]
    position: dict[str, object] | None
    total_pnl: str
    commission: str
    reports: list[dict[str, str]]


class Alert(TypedDict):
    """An alert in the summary."""

    type: str
    severity: str
    subject: str
    message: str
    raised_at: str


class Check(TypedDict):
    """A check in the summary."""

    name: str
    holds: bool
    faults: list[str]


class Marks(TypedDict):
    """Counts of mark slots in the summary."""

    due: int
    marked: int
    gaps: int


class Summary(TypedDict):
    """What `--json` writes."""

    session_date: str
    seed: int
    ticker: str
    signal: dict[str, object] | None
    followers: list[Follower]
    alerts: list[Alert]
    marks: Marks
    checks: list[Check]
    documents: dict[str, int]
    documents_sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A day that has ended.

    Attributes:
        status: Exit status.
        output: Everything it wrote.
        json_bytes: The summary's bytes; empty where none was written.
    """

    status: int
    output: str
    json_bytes: bytes

    @property
    def summary(self) -> Summary:
        """The summary."""
        summary: Summary = json.loads(self.json_bytes)
        return summary

    def opening(self, number: int) -> Order:
        """The opening order of a follower, counted from 1."""
        [order] = [
            one for one in self.summary["followers"][number - 1]["orders"] if "~open" in one["id"]
        ]
        return order

    def failed_checks(self) -> list[Check]:
        """Checks that do not hold."""
        return [check for check in self.summary["checks"] if not check["holds"]]


class Sandbox:
    """A day under way.

    Args:
        process: The runner.
        mark: Folder that nobody else has for TMPDIR: every process of this sandbox inherits it.
    """

    def __init__(self, process: asyncio.subprocess.Process, mark: Path) -> None:
        self.process = process
        self._mark = mark
        self._output = b""

    async def up(self) -> None:
        """Wait until the sandbox is up."""
        await self.says("Up after")

    async def says(self, words: str) -> None:
        """Wait until it has said something."""
        assert self.process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            while words.encode() not in self._output:
                line = await self.process.stdout.readline()
                assert line, self._output.decode()
                self._output += line

    async def ended(self) -> tuple[int, str]:
        """Wait for the end; returns status and everything it wrote."""
        assert self.process.stdout is not None
        async with asyncio.timeout(DAY_SECONDS):
            self._output += await self.process.stdout.read()
            return await self.process.wait(), self._output.decode()

    def processes(self) -> dict[int, str]:
        """Command lines of the living processes of this sandbox but the runner, by id."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                pid = int(folder.name)
                environment = (folder / "environ").read_bytes().split(b"\0")
                if f"TMPDIR={self._mark}".encode() in environment and pid != self.process.pid:
                    found[pid] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def pid_of(self, words: str) -> int:
        """The process whose own command line (no shell's) has these words."""
        living = self.processes().items()
        found = [pid for pid, line in living if words in line and not line.startswith("/bin/sh ")]
        assert found, f"no process {words}"
        return found[0]

    async def all_gone(self) -> None:
        """Wait until no process is left; the guards need a moment after a SIGKILL."""
        await until(lambda: not self.processes())

    def ports(self) -> list[int]:
        """Every port that was chosen for this sandbox."""
        addresses = json.loads((FOLDER / "run" / "world.json").read_text())["addresses"]
        return [
            *(addresses["firestore"], addresses["pubsub_emulator"], addresses["gateway"]),
            *addresses["stand_ins"].values(),
            *addresses["functions"].values(),
        ]


@asynccontextmanager
async def sandbox(
    mark: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Sandbox]:
    """Start a day; what is left of it at the end is killed. `mark` is a folder for it alone."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.sandbox.day", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
        env={**(os.environ if environment is None else environment), "TMPDIR": str(mark)},
    )
    try:
        yield Sandbox(process, mark)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


def run_day(folder: Path, arguments: Sequence[str], *, busy_processes: int = 0) -> Day:
    """Run a day to its end, with so many processes beside it that only burn time."""

    (folder / "mark").mkdir()

    async def story() -> Day:
        json_file, mark = folder / "summary.json", folder / "mark"
        busy = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", _BUSY)
            for _ in range(busy_processes)
        ]
        try:
            async with sandbox(mark, "--json", str(json_file), *arguments) as running:
                status, output = await running.ended()
        finally:
            for process in busy:
                process.kill()
                await process.wait()
        json_bytes = json_file.read_bytes() if json_file.exists() else b""
        return Day(status=status, output=output, json_bytes=json_bytes)

    return asyncio.run(story())


async def until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    """Look again and again: what other processes do rings no bell here."""
    async with asyncio.timeout(seconds):
        for _ in itertools.takewhile(lambda _: not is_so(), itertools.count()):
            await asyncio.sleep(_LOOK_SECONDS)
