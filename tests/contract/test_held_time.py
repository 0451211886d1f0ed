"""A toy session over processes on held market time: always the same, whatever the machine does."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.contract.held_members import PATIENCE_SECONDS
from tests.contract.held_toy_wire import ORDERS, TICKS
from tests.contract.held_toy_wire import START_AT as TOY_START_AT
from tests.sandbox.conductor import Conductor

_ROOT = Path(__file__).parents[2]
_BUSY = "import time\nend = time.monotonic() + 20\nwhile time.monotonic() < end: sum(range(9999))"


class _Session:
    """The toy session: three processes under one conductor."""

    def __init__(self, folder: Path, conductor: Conductor) -> None:
        self._folder = folder
        self._conductor = conductor
        self.processes: list[asyncio.subprocess.Process] = []

    async def run(self) -> str:
        """Run it and return a hash over everything that was seen."""
        try:
            await self._start("market")
            trade_port, quote_port = await self._ports("market")
            await self._start("function", quote_port)
            [call_port] = await self._ports("function")
            trader = await self._start("trader", trade_port, call_port)
            await self._all_joined()
            end_at = TOY_START_AT + timedelta(minutes=TICKS + 2)
            await asyncio.to_thread(self._conductor.run_until, end_at, on_jump=lambda _: None)
            assert await trader.wait() == 0
        finally:
            for process in self.processes:
                if process.returncode is None:
                    process.kill()
                await process.wait()
        return hashlib.sha256((self._folder / "seen.json").read_bytes()).hexdigest()

    async def _start(self, role: str, *ports: int) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.contract.held_toy", role, self._conductor.address),
            *(str(self._folder), *map(str, ports)),
            cwd=_ROOT,
        )
        self.processes.append(process)
        return process

    async def _ports(self, role: str) -> list[int]:
        path = self._folder / f"{role}.json"
        await _until(path.exists)
        ports: list[int] = json.loads(path.read_text())
        return ports

    async def _all_joined(self) -> None:
        await _until(lambda: len(self._conductor.names()) == len(self.processes))


async def _until(is_so: Callable[[], bool]) -> None:
    """Look again and again: what other processes do rings no bell here."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in itertools.takewhile(lambda _: not is_so(), itertools.count()):
            await asyncio.sleep(0.002)


def _toy_hash(folder: Path) -> str:
    folder.mkdir()
    conductor = Conductor(folder, start_at=TOY_START_AT, stall_seconds=PATIENCE_SECONDS)
    try:
        return asyncio.run(_Session(folder, conductor).run())
    finally:
        conductor.close()


def test_a_session_over_three_processes_is_the_same_on_every_run_and_on_a_busy_machine(
    tmp_path: Path,
) -> None:
    hashes = {_toy_hash(tmp_path / "first"), _toy_hash(tmp_path / "second")}
    seen = json.loads((tmp_path / "first" / "seen.json").read_text())
    assert len([row for row in seen if row[0] == "tick"]) == TICKS
    assert len([row for row in seen if row[-1] is True]) == ORDERS

    async def beside_busy_processes() -> str:
        busy = [await asyncio.create_subprocess_exec(sys.executable, "-c", _BUSY) for _ in range(4)]
        try:
            return await asyncio.to_thread(_toy_hash, tmp_path / "busy")
        finally:
            for process in busy:
                process.kill()
                await process.wait()

    hashes.add(asyncio.run(beside_busy_processes()))
    assert len(hashes) == 1


def test_a_process_that_is_killed_in_mid_session_does_not_hold_the_others_up(
    tmp_path: Path,
) -> None:
    conductor = Conductor(tmp_path, start_at=TOY_START_AT, stall_seconds=PATIENCE_SECONDS)
    session = _Session(tmp_path, conductor)

    async def story() -> None:
        running = asyncio.create_task(session.run())
        await _until(lambda: conductor.jumps >= 100)
        session.processes[1].kill()
        await running

    try:
        asyncio.run(story())
    finally:
        conductor.close()
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert len([row for row in seen if row[0] == "tick"]) == TICKS
    assert conductor.now() == TOY_START_AT + timedelta(minutes=TICKS + 2)
