"""A whole month on this machine: `python -m tests.sandbox.month --help`."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
import time

from rich.console import Console

from shared.domain.sessions import at_new_york
from tests.sandbox.conductor import Stalled
from tests.sandbox.day import FOLDER, AlreadyUp, only_one
from tests.sandbox.emulators import EmulatorError
from tests.sandbox.month.draw import draw_month
from tests.sandbox.month.options import MonthOptions, read_options
from tests.sandbox.month.play import START, MonthPlay
from tests.sandbox.month.scene import Scene
from tests.sandbox.month.stack import MonthStack, running_month
from tests.sandbox.month.summary import print_summary, summary_json
from tests.sandbox.stack import StackError

_LEAST_WIDTH = 130


async def run_month(options: MonthOptions, console: Console) -> bool:
    """Run a month; True where every check holds."""
    drawn = draw_month(
        month=options.month,
        followers=options.followers,
        seed=options.seed,
        sessions=options.sessions,
    )
    folder = FOLDER / "month"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    fault = options.fault
    started = time.monotonic()
    console.print(f"Starting the sandbox for {options.followers} followers ...")
    async with running_month(
        folder,
        start_at=at_new_york(drawn.dates[0], START),
        trap=fault.trap(drawn) if fault and fault.trap else None,
        is_mute=bool(fault and fault.is_mute),
        retries=0 if fault else 1,
    ) as stack:
        console.print(f"Up after {time.monotonic() - started:.1f} s")
        played = time.monotonic()
        with console.status("the month begins") as status:
            play = MonthPlay(Scene(drawn, stack), fault, lambda words: status.update(words))
            left = await play.run()
        console.print(f"The month took {time.monotonic() - played:.1f} s")
        print_summary(console, drawn, left, play.checks)
        if options.json_file is not None:
            summary = summary_json(options, drawn, left, play.checks)
            options.json_file.write_text(json.dumps(summary, indent=1) + "\n")
        if options.stay:
            await _stay(stack, console)
    return all(check.holds for check in play.checks)


async def _stay(stack: MonthStack, console: Console) -> None:
    """Stay until Ctrl-C; fails if a process dies meanwhile."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopping.set)
    console.print("The sandbox stays up; Ctrl-C ends it. It listens here:")
    console.print_json(json.dumps(stack.addresses.as_json()))
    stopped = asyncio.create_task(stopping.wait())
    dying = asyncio.create_task(stack.first_death())
    await asyncio.wait({stopped, dying}, return_when=asyncio.FIRST_COMPLETED)
    for task in (stopped, dying):
        task.cancel()
    if not stopping.is_set():
        raise StackError(dying.result())


def main(arguments: list[str]) -> int:
    """Run a month; 0 only if its checks hold, 1 if not, 3 where it could not be run."""
    options = read_options(arguments)
    console = Console(highlight=False)
    # The table is wider than what a pipe is taken for.
    console.width = max(console.width, _LEAST_WIDTH)
    # A shell without job control starts programs in the background deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with only_one(FOLDER):
            return 0 if asyncio.run(run_month(options, console)) else 1
    except (AlreadyUp, EmulatorError, StackError, Stalled) as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 3
    except KeyboardInterrupt:
        console.print("stopped")
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
