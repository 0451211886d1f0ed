"""The faults armed against one simulator: which act on what happens, and what is due later."""

import heapq
import itertools
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

from gateway.simulator.config import Clock, Json
from gateway.simulator.draws import uniform
from gateway.simulator.fault_catalog import CATALOG
from gateway.simulator.fault_reading import read_fault
from gateway.simulator.faults import SENT_EVENT, ArmedFault, Occasion, Scene, kind_json
from gateway.simulator.orders import Execution

_Due = tuple[datetime, int, Callable[[], None]]


class FaultActions(Protocol):
    """What faults with a moment do, and what happens to a fill."""

    def begin(self, fault: ArmedFault, scene: Scene | None) -> None:
        """Do what a fault does at its moment; ``scene`` is the event it was armed on."""
        ...

    def end(self, fault: ArmedFault) -> None:
        """Undo a fault that lasts."""
        ...

    def spoil_fill(self, fault: ArmedFault, scene: Scene, rows: list[Execution]) -> None:
        """Correct or take back a fill."""
        ...


class FaultBoard:
    """Arms faults, counts their occasions and keeps what they do later.

    ``wake`` tells the simulator to look again when its next instant is.
    """

    def __init__(
        self, *, seed: int, clock: Clock, login_ids: Collection[str], wake: Callable[[], None]
    ) -> None:
        self.clock = clock
        self.faults: dict[int, ArmedFault] = {}
        self.hears_sent = False
        self._seed = seed
        self._login_ids = login_ids
        self._wake = wake
        self._actions: FaultActions | None = None
        self._live: list[ArmedFault] = []
        self._due: list[_Due] = []
        self._count = itertools.count(1)

    @property
    def is_quiet(self) -> bool:
        """Tell whether no fault is waiting or at work."""
        return not self._live and not self._due

    def act_by(self, actions: FaultActions) -> None:
        """Take those that do what faults do; before the first fault is armed."""
        self._actions = actions

    def arm(self, document: Json, place: str = "fault") -> ArmedFault:
        """Arm a fault; one with a moment that has come begins at once.

        Raises:
            FaultError: The document is no fault; the message names the field.
        """
        fault_id = len(self.faults) + 1
        fault = read_fault(document, place=place, fault_id=fault_id, login_ids=self._login_ids)
        self.faults[fault_id] = fault
        self._tidy()
        if fault.kind.occasion is Occasion.MOMENT and fault.on is None:
            self.at(fault.at or self.clock.now(), lambda: self._begin(fault, None))
        return fault

    def remove(self, fault_id: int) -> ArmedFault:
        """Disarm a fault; one at work ends. KeyError if there is none of this id."""
        fault = self.faults[fault_id]
        fault.is_removed = True
        self._end(fault, fault.begun - fault.ended)
        return fault

    def finish(self, fault: ArmedFault) -> None:
        """End a fault that lasts without undoing it: another has done so."""
        fault.ended = fault.begun
        self._tidy()

    def take(
        self,
        name: str,
        scene: Scene,
        accepts: Callable[[ArmedFault], bool] = lambda _: True,
    ) -> ArmedFault | None:
        """Return the fault of this name that spoils what happens now, if any; it is counted."""
        now = self.clock.now()
        for fault in self._live:
            if fault.kind.name != name or fault.is_spent or not fault.concerns(scene, now):
                continue
            if accepts(fault) and self._counts(fault):
                return fault
        return None

    def fire(self, event: str, scene: Scene) -> None:
        """Begin the faults that were armed on this event."""
        now = self.clock.now()
        for fault in list(self._live):
            if fault.on != event or fault.is_spent or not fault.concerns(scene, now):
                continue
            if self._counts(fault):
                self._begin(fault, scene)

    def active(self, name: str, login_id: str, client_id: int | None) -> ArmedFault | None:
        """Return the fault of this name that is at work on a client, if any."""
        for fault in self._live:
            if fault.kind.name == name and fault.is_at_work and fault.reaches(login_id, client_id):
                return fault
        return None

    def spoil_fill(self, fault: ArmedFault, scene: Scene, rows: list[Execution]) -> None:
        """Have a fill corrected or taken back, when its time has come."""
        actions = self._actions
        if actions is not None:
            self.later(fault.delay(), lambda: actions.spoil_fill(fault, scene, rows))

    def later(self, delay: timedelta, act: Callable[[], None]) -> None:
        """Do something after so much market time; without a delay at once."""
        self.at(self.clock.now() + delay, act)

    def at(self, at: datetime, act: Callable[[], None]) -> None:
        """Do something at an instant; at once if it has come."""
        if at <= self.clock.now():
            act()
            return
        heapq.heappush(self._due, (at, next(self._count), act))
        self._wake()

    def next_at(self) -> datetime | None:
        """Return when the next thing is due."""
        return self._due[0][0] if self._due else None

    def step(self, at: datetime) -> None:
        """Do what is due by an instant."""
        while self._due and self._due[0][0] <= at:
            _, _, act = heapq.heappop(self._due)
            act()

    def document(self) -> Json:
        """Return the catalog and every fault armed so far, as JSON."""
        return {
            "catalog": [kind_json(kind) for kind in CATALOG.values()],
            "armed": [fault.document() for fault in self.faults.values()],
        }

    def _begin(self, fault: ArmedFault, scene: Scene | None) -> None:
        if fault.is_removed:
            return
        if scene is None:
            self._note(fault)
        if fault.kind.lasts:
            fault.begun += 1
            lasts = fault.delay()
            if lasts:
                self.at(self.clock.now() + lasts, lambda: self._end(fault, 1))
        self._tidy()
        if self._actions is not None:
            self._actions.begin(fault, scene)

    def _end(self, fault: ArmedFault, count: int) -> None:
        """End one or more beginnings; the last of them undoes the fault."""
        if not fault.is_at_work:
            self._tidy()
            return
        fault.ended = min(fault.ended + count, fault.begun)
        self._tidy()
        if not fault.is_at_work and self._actions is not None:
            self._actions.end(fault)

    def _counts(self, fault: ArmedFault) -> bool:
        """Count an occasion and tell whether the fault spoils it."""
        fault.seen += 1
        if fault.seen < fault.nth:
            return False
        if uniform(self._seed, "fault", fault.fault_id, fault.seen) >= float(fault.chance):
            return False
        self._note(fault)
        self._tidy()
        return True

    def _note(self, fault: ArmedFault) -> None:
        fault.fired += 1
        fault.log.append(self.clock.now())

    def _tidy(self) -> None:
        """Keep at hand only what can still act."""
        self._live = [f for f in self.faults.values() if f.is_at_work or not f.is_spent]
        self.hears_sent = any(f.on is not None and f.on.startswith(SENT_EVENT) for f in self._live)
