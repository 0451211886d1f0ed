"""The two client libraries, each in an environment of its own: both ship a package `eventkit`."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path
from types import TracebackType

from tests.walkthrough.decoding import Plain

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = {"ib_insync": 176, "ib_async": 178}
"""The wire version that each one agrees on with a Gateway."""

_IB_ASYNC = ".venv-ib-async"
_INSTALL_SECONDS = 300
_ANSWER_SECONDS = 30
_LINE_BYTES = 1 << 20


async def python_of(library: str) -> str:
    """The Python that has the library; makes ib_async's environment where there is none yet."""
    if library == "ib_insync":
        return sys.executable
    make = shutil.which("make")
    assert make is not None
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    making = await asyncio.create_subprocess_exec(
        make,
        "--silent",
        f"{_IB_ASYNC}/installed",
        cwd=ROOT,
        env=environment,
        stdout=PIPE,
        stderr=STDOUT,
    )
    said, _ = await asyncio.wait_for(making.communicate(), _INSTALL_SECONDS)
    assert making.returncode == 0, said.decode()
    return str(ROOT / _IB_ASYNC / "bin" / "python")


class DecoderProcess:
    """A library's decoder at work in its own process; a context manager."""

    def __init__(self, library: str) -> None:
        self.version = LIBRARIES[library]
        self._runner = asyncio.Runner()
        self._process = self._runner.run(_start(library))

    def __enter__(self) -> DecoderProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runner.run(asyncio.wait_for(self._process.communicate(b""), _ANSWER_SECONDS))
        self._runner.close()

    def decode(self, frame: bytes) -> list[Plain]:
        """Give the calls that the library's decoder makes of a frame."""
        asked = json.dumps({"version": self.version, "frame": frame.hex()}) + "\n"
        calls: list[Plain] = json.loads(self._runner.run(_ask(self._process, asked)))
        return calls


async def _start(library: str) -> Process:
    return await asyncio.create_subprocess_exec(
        await python_of(library),
        "-m",
        "tests.walkthrough.decoding",
        library,
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
        limit=_LINE_BYTES,
    )


async def _ask(process: Process, line: str) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line.encode())
    await process.stdin.drain()
    return await asyncio.wait_for(process.stdout.readline(), _ANSWER_SECONDS)
