"""Walk a client library through the simulator: `python -m tests.walkthrough ib_insync|ib_async`.

Prints a line per step and `N steps passed`; otherwise the name of the step that failed, and why,
and exits with 1. Nothing but Python, the library and the simulator is needed.
"""

from __future__ import annotations

import asyncio
import importlib
import platform
import sys
from collections.abc import Sequence
from types import ModuleType

from tests.walkthrough.steps import STEPS, Step
from tests.walkthrough.walk import walking

_STEP_SECONDS = 30


async def walk_through(library: ModuleType, steps: Sequence[Step] = STEPS) -> None:
    """Take the steps in order."""
    say(f"{library.__name__} {library.__version__} on Python {platform.python_version()}")
    async with walking(library) as walk:
        for step in steps:
            name = step.__name__.replace("_", " ")
            try:
                words = await asyncio.wait_for(step(walk), _STEP_SECONDS)
            except BaseException:
                say(f"FAILED at: {name}")
                raise
            say(f"  {name}: {words}")
    say(f"{len(steps)} steps passed")


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(walk_through(importlib.import_module(sys.argv[1])))
