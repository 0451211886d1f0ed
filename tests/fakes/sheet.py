"""`LeaderSheet` whose content changes with market time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.domain.errors import AdapterError
from shared.ports.clock import Clock
from shared.ports.sheet import SheetTable


class ScriptedSheet:
    """A sheet that shows, or fails with, whatever was set last before the time of reading."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._script: list[tuple[datetime, SheetTable | AdapterError]] = []
        self.read_at: list[datetime] = []

    def show(self, rows: Sequence[Sequence[str]], *, at: datetime | None = None) -> None:
        table = SheetTable(title="Sheet1", values=tuple(tuple(row) for row in rows))
        self._script.append((at or self._clock.now(), table))

    def fail(self, error: AdapterError, *, at: datetime | None = None) -> None:
        self._script.append((at or self._clock.now(), error))

    def read(self) -> SheetTable:
        now = self._clock.now()
        self.read_at.append(now)
        answer = [what for since, what in self._script if since <= now][-1]
        if isinstance(answer, AdapterError):
            raise answer
        return answer
