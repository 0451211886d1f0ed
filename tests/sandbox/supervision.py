"""Supervision: tells which process of a running sandbox dies first, and its last words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path

from tests.sandbox.processes import Child

_LOOK_SECONDS = 1.0
_LAST_LINES = 20


async def accepts(port: int) -> bool:
    """Tell whether somebody accepts connections on a loopback port."""
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False


async def first_death(
    children: Mapping[str, Child], emulators: Mapping[str, int], logs: Path
) -> str:
    """Wait until a process dies, and say which, with its last words.

    Args:
        children: Our processes by name.
        emulators: Ports by name of log file; one is dead when it accepts no connection.
        logs: Folder of the emulators' logs.
    """
    deaths = [asyncio.create_task(_death(name, child)) for name, child in sorted(children.items())]
    deaths += [
        asyncio.create_task(_silence(name, port, logs)) for name, port in sorted(emulators.items())
    ]
    try:
        done, _ = await asyncio.wait(deaths, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for death in deaths:
            death.cancel()
    return next(death.result() for death in deaths if death in done)


async def _death(name: str, child: Child) -> str:
    status = await child.process.wait()
    return f"{name} died with status {status}; its last words:\n{child.log_tail(_LAST_LINES)}"


async def _silence(name: str, port: int, logs: Path) -> str:
    answers = True
    while answers:
        await asyncio.sleep(_LOOK_SECONDS)
        answers = await accepts(port)
    lines = (logs / f"{name}.log").read_text(errors="replace").splitlines()
    last_words = "\n".join(lines[-_LAST_LINES:])
    return f"{name} no longer answers on port {port}; its last words:\n{last_words}"
