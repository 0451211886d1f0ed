"""Runs `python -m tests.sandbox.month` as a person does, and reads what it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from tests.e2e.days import Check
from tests.sandbox.blueprint import ROOT

_SECONDS = 400.0


class BilledFollower(TypedDict):
    """A follower in the summary."""

    id: str
    base: str | None
    commission: str | None
    currency: str | None
    due: str | None
    statement: str
    state: str | None
    held_reason: str | None
    mails: list[str]
    files: dict[str, str]


class MonthSummary(TypedDict):
    """What `--json` writes."""

    month: str
    sessions: list[str]
    followers: list[BilledFollower]
    alerts: dict[str, int]
    checks: list[Check]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayedMonth:
    """A month that has ended.

    Attributes:
        status: Exit status.
        output: Everything it wrote.
        json_bytes: The summary's bytes; empty where none was written.
    """

    status: int
    output: str
    json_bytes: bytes

    @property
    def summary(self) -> MonthSummary:
        """The summary."""
        summary: MonthSummary = json.loads(self.json_bytes)
        return summary

    @property
    def shown(self) -> str:
        """What a person is shown of it, without what differs from run to run."""
        lines = self.output.splitlines()
        begin = next(place for place, line in enumerate(lines) if "sessions" in line)
        return "\n".join(line.rstrip() for line in lines[begin:]).strip()

    def failed_checks(self) -> list[Check]:
        """Checks that do not hold."""
        return [check for check in self.summary["checks"] if not check["holds"]]

    def holds(self, words: str) -> bool:
        """Tell whether there is a check of these words, and it holds."""
        return any(words in one["name"] and one["holds"] for one in self.summary["checks"])


def run_month(folder: Path, arguments: Sequence[str]) -> PlayedMonth:
    """Run a month to its end."""
    json_file = folder / "month.json"

    async def story() -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.sandbox.month", "--json", str(json_file), *arguments),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        return await process.wait(), output.decode()

    status, output = asyncio.run(story())
    json_bytes = json_file.read_bytes() if json_file.exists() else b""
    return PlayedMonth(status=status, output=output, json_bytes=json_bytes)
