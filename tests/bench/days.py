"""Whole days: how long the sandbox takes to start and to play, and what memory it needs."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.rows import Row
from tests.sandbox.blueprint import ROOT

_SEED = 7
_SAMPLE_SECONDS = 0.5
_UP = re.compile(r"Up after ([\d.]+) s")
_PLAYED = re.compile(r"The day took ([\d.]+) s")
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


class DayFailed(Exception):
    """The day that was to be measured did not hold its own checks; shows its output."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DayFigures:
    """What one day took."""

    start_seconds: float
    day_seconds: float
    peak_pss_mib: float


def measure_day(followers: int) -> DayFigures:
    """Play one day in a process of its own and measure it.

    Raises:
        DayFailed: If its checks do not hold.
    """
    return asyncio.run(_measure(followers))


def rows_of(followers: int) -> list[Row]:
    """One day's rows."""
    figures = measure_day(followers)
    method = f"one day, {followers} followers"
    return [
        _row("sandbox start", method, "s", figures.start_seconds),
        _row(f"day of {followers} followers", method, "s", figures.day_seconds),
        _row("whole sandbox, peak PSS", method, "MiB", figures.peak_pss_mib),
    ]


def _row(name: str, method: str, unit: str, value: float) -> Row:
    return Row(name=name, method=method, seed=_SEED, unit=unit, median=value, p95=value)


async def _measure(followers: int) -> DayFigures:
    command = (sys.executable, "-m", "tests.sandbox.day")
    options = ("--followers", str(followers), "--seed", str(_SEED))
    process = await asyncio.create_subprocess_exec(
        *command,
        *options,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    peak = asyncio.create_task(_peak_pss(process.pid))
    output, _ = await process.communicate()
    text = output.decode(errors="replace")
    up, played = _UP.search(text), _PLAYED.search(text)
    if process.returncode != 0 or up is None or played is None:
        peak.cancel()
        raise DayFailed(text)
    return DayFigures(
        start_seconds=float(up[1]),
        day_seconds=float(played[1]),
        peak_pss_mib=await peak / 1024,
    )


async def _peak_pss(root: int) -> int:
    """Largest sum of proportional set sizes over a process and all below it, KiB."""
    peak = 0
    while total := sum(_pss_kib(pid) for pid in _family(root)):
        peak = max(peak, total)
        await asyncio.sleep(_SAMPLE_SECONDS)
    return peak


def _pss_kib(pid: int) -> int:
    with contextlib.suppress(OSError):
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
        return int(found[1]) if found else 0
    return 0


def _family(root: int) -> set[int]:
    """A process and everything it started, and what they started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                after_name = (entry / "stat").read_text().rpartition(")")[2]
                parents[int(entry.name)] = int(after_name.split()[1])
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family
