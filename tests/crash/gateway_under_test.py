"""The gateway as in production, but watched: `python -m tests.crash.gateway_under_test`.

`--record FILE` writes down every boundary it passes; `--kill-at BOUNDARY --occurrence N` ends it
by SIGKILL where it passes that boundary for the N-th time.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from gateway.__main__ import RANK, serve
from gateway.composition import Seams
from shared.adapters.held_clock_async import AsyncHeldClock, run_held
from shared.config import CoreSettings, GatewaySettings, read_settings
from tests.crash.boundaries import Boundary
from tests.crash.watched import WatchedBroker, WatchedClock, WatchedDocuments


class Recorder:
    """Writes down every boundary, a line each, as it is passed."""

    def __init__(self, lines: TextIO) -> None:
        self._lines = lines

    def passed(self, boundary: Boundary) -> None:
        self._lines.write(f"{boundary}\n")


class Killer:
    """Kills its own process at one boundary: no finally, no flush, no goodbye."""

    def __init__(self, at: Boundary, occurrence: int) -> None:
        self._at = at
        self._occurrence = occurrence
        self._counts: Counter[Boundary] = Counter()

    def passed(self, boundary: Boundary) -> None:
        self._counts[boundary] += 1
        if boundary == self._at and self._counts[boundary] == self._occurrence:
            os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: Sequence[str]) -> int:
    """Serve under held market time until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", type=Path)
    parser.add_argument("--kill-at", type=Boundary.read)
    parser.add_argument("--occurrence", type=int, default=1)
    given = parser.parse_args(arguments)
    read = read_settings(os.environ, CoreSettings, GatewaySettings)
    core, settings = read.of(CoreSettings), read.of(GatewaySettings)
    with Path(given.record or os.devnull).open("a", buffering=1) as lines:
        watch = Killer(given.kill_at, given.occurrence) if given.kill_at else Recorder(lines)
        seams = Seams(
            documents=lambda documents: WatchedDocuments(documents, watch),
            broker=lambda broker: WatchedBroker(broker, watch),
        )

        async def held(clock: AsyncHeldClock) -> None:
            watched = WatchedClock(clock, watch)
            await serve(watched, core, settings, clock.count_traffic, seams)

        run_held(core.market_clock, held, name=core.process_name, rank=RANK)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
