"""One run with real processes: a story, a boundary at which the gateway dies, and the checks."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from gateway.simulator.draws import between
from tests.crash.both_books import BrokerBook, Violation
from tests.crash.boundaries import Boundary
from tests.crash.invariants import check_ended, check_invariants
from tests.crash.readings import read_broker, read_ours
from tests.crash.stage import Emulators, Stage, a_stage
from tests.crash.stories import SETTINGS, STORIES, Story, new_york, switched
from tests.sandbox.conductor import Left
from tests.sandbox.processes import Child

_KILLED = (128 + signal.SIGKILL, -signal.SIGKILL)
_SWITCH_SECONDS = 2.5
"""Machine seconds in which every gateway has seen that the kill switch was turned."""
_LONGEST_OUTAGE_SECONDS = 12
"""Market seconds that pass at most before somebody leads again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """Where a run's gateway dies.

    Attributes:
        story: Name of the story.
        boundary: At which boundary.
        occurrence: At its how-manieth passing.
        seed: Decides market, partial fills and the outage.
        is_revived: Whether somebody leads again afterwards.
        waits_for_lease: Whether the successor waits until the dead one's lease has run out; else
            the harness, who knows that it is dead, clears it.
    """

    story: str
    boundary: Boundary
    occurrence: int
    seed: int
    is_revived: bool = True
    waits_for_lease: bool = False

    def __str__(self) -> str:
        dead = "" if self.is_revived else " --stay-dead"
        return (
            f'--story {self.story} --point "{self.boundary}" --occurrence {self.occurrence} '
            f"--seed {self.seed}{dead}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        point: Which run.
        violations: What did not hold.
        died_at: Market time of the death; None where the boundary was not passed.
        log: The run's folder.
    """

    point: Point
    violations: tuple[Violation, ...]
    died_at: datetime | None
    log: str


def play(point: Point, folder: Path, project: str, emulators: Emulators) -> Outcome:
    """Play one point; blocks."""
    _empty(folder)
    return asyncio.run(_played(point, folder, project, emulators))


def record(
    story: str, seed: int, folder: Path, project: str, emulators: Emulators
) -> tuple[Counter[Boundary], tuple[Violation, ...]]:
    """Run a story to its end without a death: what boundaries it passes, and how often."""
    _empty(folder)
    return asyncio.run(_recorded(STORIES[story], seed, folder, project, emulators))


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


async def _recorded(
    story: Story, seed: int, folder: Path, project: str, emulators: Emulators
) -> tuple[Counter[Boundary], tuple[Violation, ...]]:
    passed = folder / "boundaries.txt"
    async with a_stage(folder, project, seed, emulators) as stage:
        await stage.start_gateway("--record", str(passed))
        await _Run(stage, story).to_the_end()
        violations = _examine(stage, story)
        return _counted(passed), violations


def _counted(passed: Path) -> Counter[Boundary]:
    # Its gateway is alive still: of the last line there may be half.
    whole = passed.read_text().rpartition("\n")[0]
    return Counter(Boundary.read(line) for line in whole.splitlines())


async def _played(point: Point, folder: Path, project: str, emulators: Emulators) -> Outcome:
    story = STORIES[point.story]
    async with a_stage(folder, project, point.seed, emulators) as stage:
        arguments = ("--kill-at", str(point.boundary), "--occurrence", str(point.occurrence))
        stage.conductor.guard("gateway")
        gateway = await stage.start_gateway(*arguments)
        run = _Run(stage, story)
        died_at: datetime | None = None
        dead_orders: BrokerBook | None = None
        try:
            await _alive(gateway)
            await run.to_the_end()
        except Left:
            died_at = stage.conductor.now()
            stage.conductor.unguard("gateway")
            await _buried(gateway)
            await stage.settle()
            dead_orders = await _after_death(point, stage, run, died_at)
        if dead_orders is not None:
            violations = _examine_the_dead(stage, dead_orders)
        else:
            violations = _examine(stage, story)
        return Outcome(point=point, violations=violations, died_at=died_at, log=str(folder))


async def _alive(gateway: Child) -> None:
    """Tell a death before the gateway came to lead like any other."""
    if gateway.process.returncode is not None:
        raise Left("gateway")


async def _buried(gateway: Child) -> None:
    status = await asyncio.wait_for(gateway.wait(), 30)
    if status not in _KILLED:
        raise RuntimeError(f"the gateway ended by itself ({status}):\n{gateway.log_tail()}")


async def _after_death(
    point: Point, stage: Stage, run: _Run, died_at: datetime
) -> BrokerBook | None:
    """Let time pass without a leader; then revive it, or leave it dead to the end."""
    if not point.is_revived:
        book = await asyncio.to_thread(read_broker, stage.control_url)
        await run.to_the_end()
        return book
    outage = between(0, _LONGEST_OUTAGE_SECONDS, point.seed, "outage", str(point.boundary))
    back_at = min(died_at + timedelta(seconds=outage), run.story.end_at - timedelta(seconds=30))
    await run.to(max(back_at, died_at))
    if not point.waits_for_lease:
        stage.release_lease()
    await stage.start_gateway()
    if run.done:
        # Whoever begins under a turned switch acts on it on machine time.
        await asyncio.sleep(_SWITCH_SECONDS)
    await run.to_the_end()
    return None


@dataclass
class _Run:
    """A story on a stage: market time runs, and what is to happen happens when it is due."""

    stage: Stage
    story: Story
    done: set[datetime] = field(default_factory=set)

    async def to_the_end(self) -> None:
        await self.to(self.story.end_at)

    async def to(self, at: datetime) -> None:
        for turn in self.story.turns:
            if turn.at in self.done or turn.at > at:
                continue
            await self.stage.run_until(turn.at)
            self.done.add(turn.at)
            if turn.fault is not None:
                self.stage.arm(*turn.fault)
            if turn.mode is not None:
                self.stage.write(switched(turn.mode))
                # The switch is read on machine time, which nobody holds.
                await asyncio.sleep(_SWITCH_SECONDS)
        await self.stage.run_until(at)


def _examine(stage: Stage, story: Story) -> tuple[Violation, ...]:
    broker = read_broker(stage.control_url)
    ours = read_ours(stage.documents, stage.alerts.read())
    return check_invariants(ours, broker) + check_ended(ours, broker, flat=story.ends_flat)


def _examine_the_dead(stage: Stage, at_death: BrokerBook) -> tuple[Violation, ...]:
    """What filled after the death was live when it came, and ended by itself at the cut-off."""
    broker = read_broker(stage.control_url)
    ours = read_ours(stage.documents, ())
    live = {order.order_ref for order in at_death.orders if order.is_live}
    known = {one.exec_id for one in at_death.executions}
    cutoff_at = new_york(SETTINGS.entry_cutoff)
    openings = {
        order.broker.order_ref
        for order in ours.orders
        if order.broker and order.order_id.endswith("~open")
    }
    late = [one for one in broker.executions if one.exec_id not in known]
    faults = [
        f"{one.exec_id} filled an order that was not live"
        for one in late
        if one.order_ref not in live
    ]
    faults += [
        f"{one.exec_id} opened after the entry cut-off"
        for one in late
        if one.order_ref in openings and one.at > cutoff_at
    ]
    faults += [
        f"{order.order_ref} opens, and is live at the end"
        for order in broker.orders
        if order.is_live and order.order_ref in openings
    ]
    found = tuple(Violation(invariant="dead stays dead", words=words) for words in faults)
    return found + tuple(one for one in check_invariants(ours, broker) if one.invariant[0] in "37")
