"""A whole trading day on this machine: `python -m tests.sandbox.day --help`."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from rich.console import Console

from shared.domain.sessions import at_new_york
from tests.crash.readings import read_broker
from tests.sandbox.blueprint import ROOT
from tests.sandbox.books import read_books
from tests.sandbox.broker_state import read_broker_state
from tests.sandbox.cast import Cast, make_cast
from tests.sandbox.checks import Check, check_day
from tests.sandbox.conductor import Stalled, Stopped
from tests.sandbox.delivered import read_delivered
from tests.sandbox.drill_acts import DrillInProgress
from tests.sandbox.emulators import EmulatorError
from tests.sandbox.firebase_emulators import firebase_emulators
from tests.sandbox.options import DayOptions, read_options
from tests.sandbox.stack import Stack, StackError, running_stack
from tests.sandbox.summary import print_summary, summary_json
from tests.sandbox.timeline import Timeline

FOLDER = ROOT / ".sandbox"
_FROM, _TO = "08:59", "16:45"


class AlreadyUp(Exception):
    """Another sandbox of this checkout is up."""


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keep a second sandbox of this checkout from starting.

    Raises:
        AlreadyUp: If one is up.
    """
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyUp(
                "a sandbox of this checkout is up already: end it with Ctrl-C where it runs"
            ) from None
        yield


async def run_day(options: DayOptions, console: Console) -> bool:
    """Run a day; True where every check holds."""
    cast = make_cast(options)
    folder = FOLDER / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    start_at = at_new_york(options.session.session_date, _FROM)
    started = time.monotonic()
    console.print(f"Starting the sandbox for {options.followers} followers ...")
    async with running_stack(folder, options, cast, start_at=start_at) as stack:
        console.print(f"Up after {time.monotonic() - started:.1f} s; logs in {_shown(stack.logs)}")
        played = time.monotonic()
        with Timeline(console, stack, options.session) as timeline:
            told = await _play(options, stack, timeline)
        console.print(
            f"The day took {time.monotonic() - played:.1f} s, {stack.conductor.jumps} jumps"
        )
        for line in told:
            console.print(line, markup=False, soft_wrap=True)
        checks = _examine(options, cast, stack, console)
        if options.stay:
            await _stay(stack, console)
    return all(check.holds for check in checks)


async def _play(options: DayOptions, stack: Stack, timeline: Timeline) -> list[str]:
    """Play the day, and what goes wrong on it; returns what is to be told of that."""
    date = options.session.session_date
    if options.drill is None:
        await _conduct(stack, at_new_york(date, _TO), timeline)
        return []
    drill = DrillInProgress(options.drill, stack, date, lambda at: _conduct(stack, at, timeline))
    drill.arm()
    try:
        await drill.play()
        await _conduct(stack, at_new_york(date, _TO), timeline)
        return drill.describe()
    finally:
        await drill.end()


async def _conduct(stack: Stack, end_at: datetime, timeline: Timeline) -> None:
    """Let market time run, and fail at once if a process dies."""
    conducting = asyncio.create_task(
        asyncio.to_thread(stack.conductor.run_until, end_at, on_jump=timeline.at)
    )
    dying = asyncio.create_task(stack.first_death())
    try:
        await asyncio.wait({conducting, dying}, return_when=asyncio.FIRST_COMPLETED)
        if dying.done():
            raise StackError(dying.result())
        await conducting
    finally:
        # Whatever happened, Ctrl-C included: the thread must not conduct what is being torn down.
        if not conducting.done():
            stack.conductor.stop()
        dying.cancel()
        with contextlib.suppress(Stalled, Stopped):
            await conducting


def _examine(options: DayOptions, cast: Cast, stack: Stack, console: Console) -> tuple[Check, ...]:
    books = read_books(stack.addresses, options.session.session_date)
    delivered = read_delivered(stack.addresses, books.alerts)
    checks = check_day(
        session=options.session,
        cast=cast,
        books=books,
        broker=read_broker_state(stack.control_url),
        seen=read_broker(stack.control_url),
        drill=options.drill,
        delivered=delivered,
    )
    print_summary(console, options, books, checks)
    if options.json_file is not None:
        summary = summary_json(options, cast, books, checks)
        options.json_file.write_text(json.dumps(summary, indent=1) + "\n")
    return checks


async def _stay(stack: Stack, console: Console) -> None:
    """Show the pages and stay until Ctrl-C; fails if a process dies meanwhile."""
    console.print("Starting the pages (Firebase Hosting and Auth emulators) ...")
    async with firebase_emulators(stack.logs) as pages:
        stopping = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopping.set)
        console.print("The sandbox stays up; Ctrl-C ends it. It listens here:")
        console.print_json(json.dumps(stack.addresses.as_json()))
        console.print(f"Pages at {pages.hosting_url}, sign-in at {pages.auth_address}")
        stopped = asyncio.create_task(stopping.wait())
        dying = asyncio.create_task(stack.first_death())
        await asyncio.wait({stopped, dying}, return_when=asyncio.FIRST_COMPLETED)
        for task in (stopped, dying):
            task.cancel()
        if not stopping.is_set():
            raise StackError(dying.result())


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def main(arguments: list[str]) -> int:
    """Run a day; 0 only if its checks hold, 1 if not, 3 where it could not be run."""
    options = read_options(arguments)
    console = Console(highlight=False)
    # A shell without job control starts programs in the background deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with only_one(FOLDER):
            return 0 if asyncio.run(run_day(options, console)) else 1
    except (AlreadyUp, EmulatorError, StackError, Stalled) as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 3
    except KeyboardInterrupt:
        console.print("stopped")
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
