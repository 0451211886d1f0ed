"""300 logins in one process: how long until all are connected, and what memory they need."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.opening_stage import SEED, individual, opening_stage
from tests.bench.rows import Row
from tests.sandbox.blueprint import ROOT
from tests.sandbox.cast import Cast

_LOGINS = 300
_REPEATS = 5


def rows() -> list[Row]:
    """Connect 300 logins, ours and bare in turn, each time from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Row]:
    async with opening_stage(folder, followers=_LOGINS, logins=_logins) as stage:
        ports = folder / "ports.json"
        ports.write_text(json.dumps(stage.ports))
        ours, bare = [], []
        for _ in range(_REPEATS):
            ours.append(await _connected("ours", ports))
            bare.append(await _connected("bare", ports))
    method = f"median of {_REPEATS}, {_LOGINS} logins, each with its first sweep; bare: no sweep"
    return [
        _row("connected", method, "s", [s for s, _ in ours], [s for s, _ in bare]),
        _row("peak RSS", method, "MiB", [m for _, m in ours], [m for _, m in bare]),
    ]


def _row(name: str, method: str, unit: str, ours: Sequence[float], bare: Sequence[float]) -> Row:
    return Row(
        name=f"{_LOGINS} logins in one process, {name}",
        method=method,
        seed=SEED,
        unit=unit,
        median=statistics.median(ours),
        p95=max(ours),
        bare=statistics.median(bare),
    )


async def _connected(who: str, ports: Path) -> tuple[float, float]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.logins_process", who, str(ports)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    said = json.loads(output.decode().splitlines()[-1])
    return said["seconds"], said["peak_rss_mib"]


def _logins(cast: Cast) -> list[dict[str, object]]:
    return [individual(f.login_id, f.account_id, 100_000) for f in cast.followers]
