"""The crash matrix: `python -m tests.crash`.

Without arguments: every boundary that the gateway passes is found by running; at each it is
killed (SIGKILL, real processes) and started again, with three seeds where it persists or sends,
and where it sends once more and left dead; and a thousand days are played in memory with deaths
drawn from the seed. After each run the invariants must hold. The last line is
`N points, M seeds, K violations`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console

from tests.crash.both_books import Violation
from tests.crash.boundaries import Boundary
from tests.crash.in_memory import play_seed
from tests.crash.matrix import Workshop, choose_dead, choose_points, hushed, stories_named, workshop
from tests.crash.play import Outcome, Point
from tests.crash.stories import STORIES
from tests.sandbox.blueprint import ROOT

FOLDER = ROOT / ".sandbox" / "crash"
_WORKERS_PER_CORE = 4
"""A run waits a good deal: for processes to start, for leases, for the locks of the dead."""

_TELL_EVERY = 50
_MOST_MISSED = 20
"""One in so many points may not be passed again."""


@dataclass
class Tally:
    """What was played, and what did not hold."""

    console: Console
    points: set[str] = field(default_factory=set)
    seeds: set[tuple[str, int]] = field(default_factory=set)
    violations: int = 0
    missed: int = 0

    def add(self, violations: Sequence[Violation], how: str) -> None:
        """Count a run, and show what did not hold with the command that repeats it."""
        self.violations += len(violations)
        for one in violations:
            self.console.print(f"VIOLATION {one}", style="red", markup=False, soft_wrap=True)
        if violations:
            self.console.print(f"  again: make crash ARGS='{how}'", markup=False, soft_wrap=True)

    @property
    def line(self) -> str:
        """The last line."""
        return f"{len(self.points)} points, {len(self.seeds)} seeds, {self.violations} violations"


def main(arguments: Sequence[str]) -> int:
    """Play the matrix, or what is asked for; 0 only without a violation."""
    given = _parser().parse_args(arguments)
    console = Console(highlight=False, file=sys.stdout)
    tally = Tally(console)
    if given.sabotage:
        from tests.crash.sabotage.table import prove

        return prove(console)
    if given.point is not None:
        _one_point(given, tally)
    elif given.day is not None:
        _one_day(given.day, tally)
    else:
        _all(given, tally)
    console.print(tally.line)
    return 1 if tally.violations else 0


def _all(given: argparse.Namespace, tally: Tally) -> None:
    with workshop(FOLDER, given.workers) as shop:
        if given.points != 0:
            _with_processes(given, shop, tally)
        _in_memory(given, shop, tally)


def _with_processes(given: argparse.Namespace, shop: Workshop, tally: Tally) -> None:
    started = time.monotonic()
    recordings, violations = shop.record_all(stories_named(given.story))
    tally.add(violations, "--points 0 --days 0")
    points = choose_points(recordings)
    if given.points is not None:
        points = points[:: max(1, len(points) // given.points)][: given.points]
    dead = choose_dead(points)
    tally.console.print(
        f"{len({point.boundary for point in points})} boundaries found in "
        f"{time.monotonic() - started:.0f} s; {len(points)} runs, and {len(dead)} that stay dead"
    )
    for number, outcome in enumerate(shop.play_all(_mixed([*points, *dead])), start=1):
        _take(outcome, tally)
        if number % _TELL_EVERY == 0:
            tally.console.print(f"  {number} runs, {time.monotonic() - started:.0f} s")
    _judge_missed(len(points) + len(dead), tally)
    tally.console.print(f"killed and checked in {time.monotonic() - started:.0f} s")


def _mixed(points: Sequence[Point]) -> list[Point]:
    """Mix the runs: those that wait a minute for locks go beside those that work."""
    return sorted(points, key=lambda point: hashlib.sha256(str(point).encode()).digest())


def _take(outcome: Outcome, tally: Tally) -> None:
    if outcome.died_at is None:
        tally.missed += 1
    else:
        tally.points.add(str(outcome.point.boundary))
    tally.seeds.add(("processes", outcome.point.seed))
    tally.add(outcome.violations, str(outcome.point))


def _judge_missed(runs: int, tally: Tally) -> None:
    """Points that are not passed again: a few are the machine's doing, many are a broken proof."""
    tally.console.print(f"{tally.missed} of {runs} points were not passed again")
    if tally.missed * _MOST_MISSED > runs:
        words = f"{tally.missed} of {runs} points were not passed again"
        tally.add((Violation(invariant="harness", words=words),), "--days 0")


def _in_memory(given: argparse.Namespace, shop: Workshop, tally: Tally) -> None:
    started, deaths = time.monotonic(), 0
    for day in shop.play_seeds(range(given.days)):
        deaths += len(day.deaths)
        tally.points.update(day.deaths)
        tally.seeds.add(("memory", day.seed))
        tally.add(day.violations, f"--day {day.seed}")
    seconds = time.monotonic() - started
    tally.console.print(f"{given.days} days in memory, {deaths} deaths, in {seconds:.0f} s")


def _one_point(given: argparse.Namespace, tally: Tally) -> None:
    point = Point(
        story=given.story,
        boundary=given.point,
        occurrence=given.occurrence,
        seed=given.seed,
        is_revived=not given.stay_dead,
        waits_for_lease=given.wait_for_lease,
    )
    with workshop(FOLDER, 1) as shop:
        for outcome in shop.play_all([point]):
            tally.console.print(f"died at {outcome.died_at}; logs in {outcome.log}")
            _take(outcome, tally)


def _one_day(seed: int, tally: Tally) -> None:
    with hushed():
        day = play_seed(seed)
    tally.console.print(f"deaths: {', '.join(day.deaths) or 'none'}", markup=False)
    tally.points.update(day.deaths)
    tally.seeds.add(("memory", seed))
    tally.add(day.violations, f"--day {seed}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make crash", description=__doc__)
    parser.add_argument("--sabotage", action="store_true", help="prove the matrix by mistakes")
    parser.add_argument("--days", type=int, default=1000, help="days in memory (1000)")
    parser.add_argument("--points", type=int, help="at most so many runs with processes (all)")
    parser.add_argument("--story", choices=sorted(STORIES), help="this story alone")
    parser.add_argument("--point", type=Boundary.read, help="play this boundary alone")
    parser.add_argument("--occurrence", type=int, default=1, help="its how-manieth passing (1)")
    parser.add_argument("--seed", type=int, default=1, help="seed of that point (1)")
    parser.add_argument("--stay-dead", action="store_true", help="nobody comes back")
    parser.add_argument("--wait-for-lease", action="store_true", help="wait until it ran out")
    parser.add_argument("--day", type=int, help="play this day in memory alone")
    workers = _WORKERS_PER_CORE * (os.cpu_count() or 1)
    parser.add_argument("--workers", type=int, default=workers, help=f"side by side ({workers})")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
