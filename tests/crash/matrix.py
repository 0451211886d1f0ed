"""The matrix: which points are played, and playing them side by side."""

from __future__ import annotations

import contextlib
import gc
import logging
import multiprocessing
import os
import shutil
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.simulator.draws import digest
from shared.domain.errors import AdapterError
from tests.crash.both_books import Violation
from tests.crash.boundaries import Boundary, Kind, When
from tests.crash.in_memory import Played, play_seed
from tests.crash.play import Outcome, Point, play, record
from tests.crash.stage import Emulators, StageError
from tests.crash.stories import STORIES
from tests.sandbox.conductor import Stalled
from tests.sandbox.emulators import firestore_emulator, pubsub_emulator, running

SEEDS_PER_BOUNDARY = 3
_RECORDED_SEEDS = (1, 2, 4, 5)
_LEASE_EVERY = 8
"""One in so many runs waits until the dead one's lease has run out."""

_BREAKDOWNS = (StageError, Stalled, AdapterError, RuntimeError, OSError)
"""What a machine that is far too busy does to a run, and a gateway that ends by itself."""

_LONG_STORY = "expiry"
_MORE_ATTEMPTS = 2

Recordings = Mapping[tuple[str, int], Counter[Boundary]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Workshop:
    """Where runs are played.

    Attributes:
        pool: Worker processes.
        folder: Logs, a folder a run; those of runs that held are removed.
        emulators: Shared by all.
    """

    pool: ProcessPoolExecutor
    folder: Path
    emulators: Emulators

    def record_all(self, stories: Sequence[str]) -> tuple[Recordings, tuple[Violation, ...]]:
        """Run every story with a few seeds and nobody dying."""
        told = {
            (story, seed): self._recorded(story, seed)
            for story in stories
            for seed in _RECORDED_SEEDS
        }
        found = {key: future.result() for key, future in told.items()}
        violations = tuple(one for _, faults in found.values() for one in faults)
        return {key: passings for key, (passings, _) in found.items()}, violations

    def play_all(self, points: Sequence[Point]) -> Iterator[Outcome]:
        """Play points side by side; yields each as it is over."""
        playing = [self._played(number, point) for number, point in enumerate(points)]
        for future in as_completed(playing):
            yield future.result()

    def play_seeds(self, seeds: Sequence[int], chunk: int = 25) -> Iterator[Played]:
        """Play days in memory, so many a task."""
        parts = [seeds[start : start + chunk] for start in range(0, len(seeds), chunk)]
        for future in as_completed([self.pool.submit(played_seeds, part) for part in parts]):
            yield from future.result()

    def _recorded(
        self, story: str, seed: int
    ) -> Future[tuple[Counter[Boundary], tuple[Violation, ...]]]:
        name = f"{story}-{seed}"
        folder = self.folder / f"recorded-{name}"
        return self.pool.submit(record, story, seed, folder, f"demo-{name}", self.emulators)

    def _played(self, number: int, point: Point) -> Future[Outcome]:
        folder, project = self.folder / f"point-{number:04d}", f"demo-crash-{number}"
        return self.pool.submit(played, point, folder, project, self.emulators)


@contextmanager
def workshop(folder: Path, workers: int) -> Iterator[Workshop]:
    """Start the emulators and the workers."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    spawn = multiprocessing.get_context("spawn")
    with (
        running(firestore_emulator, folder) as firestore,
        running(pubsub_emulator, folder) as pubsub,
        ProcessPoolExecutor(workers, mp_context=spawn) as pool,
    ):
        emulators = Emulators(firestore=firestore, pubsub=pubsub)
        yield Workshop(pool=pool, folder=folder, emulators=emulators)


@contextmanager
def hushed() -> Iterator[None]:
    """Keep what leaders in memory log, and asyncio says of their deaths, to ourselves."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        warnings.catch_warnings(),
    ):
        # What a leader was about to begin when it died is never begun.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        yield
        gc.collect()


def played(point: Point, folder: Path, project: str, emulators: Emulators) -> Outcome:
    """Play one point; a run that breaks down again and again is a violation as well.

    How often the database is written behind, and what in one go, depends on the machine: a passing
    that does not come is followed by runs that die at the first.
    """
    outcome = _played_once(point, folder, project, emulators)
    for attempt in range(_MORE_ATTEMPTS):
        if outcome.died_at is not None:
            break
        first = replace(point, occurrence=1)
        outcome = _played_once(first, folder, f"{project}-again-{attempt}", emulators)
    if not outcome.violations:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def _played_once(point: Point, folder: Path, project: str, emulators: Emulators) -> Outcome:
    try:
        return play(point, folder, project, emulators)
    except _BREAKDOWNS as error:
        broken = Violation(invariant="harness", words=f"{type(error).__name__}: {error}")
        return Outcome(point=point, violations=(broken,), died_at=None, log=str(folder))


def played_seeds(seeds: Sequence[int]) -> list[Played]:
    """Play days in memory, one after another."""
    with hushed():
        return [play_seed(seed) for seed in seeds]


def choose_points(recordings: Recordings) -> tuple[Point, ...]:
    """Choose runs for every boundary, with different seeds and at different passings.

    What persists or sends dies with three seeds, a wait with one. A boundary dies in whichever
    stories pass it, drawn from its name; in the long one only where no other passes it. A death
    before a reading or a wait is one after whatever came before it: those are left out.
    """
    passed: dict[Boundary, list[tuple[str, int, int]]] = {}
    for (story, seed), passings in recordings.items():
        for boundary, count in passings.items():
            passed.setdefault(boundary, []).append((story, seed, count))
    points: list[Point] = []
    for boundary, where in sorted(passed.items()):
        if (boundary.kind, boundary.when) == (Kind.AWAIT, When.BEFORE):
            continue
        for number in range(1 if boundary.kind is Kind.AWAIT else SEEDS_PER_BOUNDARY):
            story, seed, count = _nth_seed(_in_turn(boundary, where), number)
            spread = (count - 1) * number // (SEEDS_PER_BOUNDARY - 1)
            points.append(
                Point(
                    story=story,
                    boundary=boundary,
                    occurrence=1 + spread,
                    seed=seed,
                    waits_for_lease=len(points) % _LEASE_EVERY == 0,
                )
            )
    return tuple(points)


def _in_turn(
    boundary: Boundary, where: Sequence[tuple[str, int, int]]
) -> list[tuple[str, int, int]]:
    short = [one for one in where if one[0] != _LONG_STORY] or where
    return sorted(short, key=lambda one: digest(str(boundary), one[0], one[1]))


def _nth_seed(drawn: Sequence[tuple[str, int, int]], number: int) -> tuple[str, int, int]:
    """The n-th of these with a seed of its own; where there are too few, again from the first."""
    by_seed: dict[int, tuple[str, int, int]] = {}
    for one in drawn:
        by_seed.setdefault(one[1], one)
    kept = list(by_seed.values())
    return kept[number % len(kept)]


def choose_dead(points: Sequence[Point]) -> tuple[Point, ...]:
    """Of every boundary that sends in a morning, one run in which nobody comes back.

    What may fill behind a dead gateway is what was sent: a death at a write leaves the broker with
    what the send before it has left there.
    """
    chosen: dict[Boundary, Point] = {}
    for point in points:
        if point.boundary.kind is Kind.SEND and point.story != _LONG_STORY:
            chosen.setdefault(point.boundary, point)
    return tuple(replace(point, is_revived=False) for point in chosen.values())


def stories_named(name: str | None) -> tuple[str, ...]:
    """All stories, or the one that is named."""
    return (name,) if name else tuple(STORIES)
