"""Child processes that can not outlive the sandbox, and loopback ports to give them.

A child runs under a few lines of POSIX shell which hold the read end of a pipe; the sandbox holds
the only write end. However the sandbox ends, even by SIGKILL, the pipe closes and the child is
killed with everything it started. (Linux' PR_SET_PDEATHSIG was not taken: it fires when the
*thread* that forked ends, and knows nothing of grandchildren.)
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# The guard keeps descriptor 3 for itself; the child sees an empty standard input.
_GUARDED = """
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
exec >/dev/null 2>&1
{ cat <&3; kill -KILL 0; } &
guard=$!
trap 'told=1; kill -TERM $child' TERM
trap 'kill -KILL $child' USR1
wait $child
status=$?
while kill -0 $child; do wait $child; status=$?; done
if [ -n "$told" ]; then
  # The signal ended the first wait with a status of its own; 127: there is nothing left to ask.
  wait $child
  again=$?
  [ $again -eq 127 ] || status=$again
fi
kill $guard
exit $status
"""

# Below Linux' and macOS' ephemeral range (32768 and 49152 up): an outgoing connection of somebody
# else can not take the port between its choice and the moment the child listens on it.
_FIRST_PORT, _LAST_PORT = 20_000, 32_000
_KILL_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A running child process and the file that receives what it writes.

    Attributes:
        process: The guarding shell; its return code is the child's.
        log_path: Standard output and standard error, appended.
    """

    process: Process
    log_path: Path

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines that the child wrote."""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    async def wait(self) -> int:
        """Wait for the child to end by itself and return its exit status (128 + n: signal n)."""
        try:
            return await self.process.wait()
        finally:
            self._close_pipe()

    async def stop(self, grace_seconds: float = 0.0) -> None:
        """End the child and whatever it started; returns when the child is dead.

        Args:
            grace_seconds: How long after SIGTERM to wait before SIGKILL; 0 kills at once.
        """
        if grace_seconds > 0:
            await self._signal(signal.SIGTERM, grace_seconds)
        # The shell kills the child at this signal and reaps it before it ends itself.
        await self._signal(signal.SIGUSR1, _KILL_SECONDS)
        # The group may still hold grandchildren although its first process is gone.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        self._close_pipe()

    async def _signal(self, number: int, patience_seconds: float) -> None:
        """Signal the shell and wait for it to end, for a while."""
        if self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), patience_seconds)

    def _close_pipe(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()


async def start_child(
    arguments: Sequence[str],
    *,
    log_path: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Child:
    """Start a command in a process group of its own that dies with this process.

    Args:
        arguments: The command and its arguments; no shell interprets them.
        log_path: File that receives its output; its folder is made.
        cwd: Working directory; ours by default.
        env: Whole environment; ours by default.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    starting = asyncio.create_task(_start_guarded(arguments, log_path, cwd, env))
    try:
        process = await asyncio.shield(starting)
    except asyncio.CancelledError:
        # asyncio waits for ever for a process whose creation was canceled half-way.
        await Child(process=await starting, log_path=log_path).stop()
        raise
    return Child(process=process, log_path=log_path)


async def _start_guarded(
    arguments: Sequence[str], log_path: Path, cwd: Path | None, env: Mapping[str, str] | None
) -> Process:
    with log_path.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            _GUARDED,
            "guarded",
            *arguments,
            stdin=PIPE,
            stdout=log,
            stderr=log,
            cwd=cwd,
            env=None if env is None else dict(env),
            start_new_session=True,
        )


def free_port() -> int:
    """Return a loopback TCP port that nobody listens on now.

    Raises:
        RuntimeError: If every port of the range is taken.
    """
    for port in _candidates():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise RuntimeError(f"no free port on 127.0.0.1 between {_FIRST_PORT} and {_LAST_PORT}")


_calls = itertools.count()


def _candidates() -> Iterator[int]:
    """Yield every port of the range once, from a place that differs per process and per call."""
    span = _LAST_PORT - _FIRST_PORT
    start = os.getpid() * 97 + next(_calls)
    yield from (_FIRST_PORT + (start + step) % span for step in range(span))
