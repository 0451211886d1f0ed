"""The look for quiet is never fooled, however its readings fall between other processes' writes."""

from __future__ import annotations

import hashlib
import itertools
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.held_time import ACTIVITY, ANSWERED, ROW_FIELDS, WORK
from tests.sandbox.conductor_door import Member
from tests.sandbox.quiet import Rows, describe, earliest, is_quiet, steady_rows

WORLD, GATEWAY, FUNCTION = range(3)
_RESTS = (0, 0, 1, 4, 12, 25, 60)
_PACES = (1, 1, 1, 2, 5, 30)


@dataclass(kw_only=True, slots=True)
class _Write:
    """One write of one cell; it comes after what it depends on."""

    process: int
    cell: int
    change: int
    after: tuple[int, ...]
    is_done: bool = False


@dataclass(slots=True)
class _Story:
    """Writes of three processes that pass one piece of work around; each writes in its order."""

    writes: list[_Write] = field(default_factory=list)

    def add(self, process: int, cell: int, change: int, *after: int) -> int:
        mine = [number for number, write in enumerate(self.writes) if write.process == process]
        self.writes.append(
            _Write(process=process, cell=cell, change=change, after=(*after, *mine[-1:]))
        )
        return len(self.writes) - 1

    def visit(self, process: int, change: int, *after: int) -> int:
        """A loop wakes, changes its work and is idle again; returns the change."""
        self.add(process, ACTIVITY, 1, *after)
        changed = self.add(process, WORK, change)
        self.add(process, ACTIVITY, 1)
        return changed

    def function_tells_gateway(self, sent: int) -> None:
        """The function, at work since `sent`, publishes to the gateway, and returns or sleeps."""
        published = self.visit(WORLD, 1, sent)
        taken_up = self.add(GATEWAY, ACTIVITY, 1, published)
        self.visit(WORLD, -1, taken_up)

    def enabled(self) -> list[_Write]:
        return [
            write
            for write in self.writes
            if not write.is_done and all(self.writes[number].is_done for number in write.after)
        ]


def _story(rounds: list[bool]) -> _Story:
    """A sleeping handler is woken; work goes round between function and gateway, and ends."""
    story = _Story()
    story.add(FUNCTION, ACTIVITY, 1)
    story.add(FUNCTION, WORK, 1)
    answered = story.add(FUNCTION, ANSWERED, 1)
    story.add(FUNCTION, ACTIVITY, 1)
    story.function_tells_gateway(answered)
    story.visit(WORLD, -1, len(story.writes) - 1)
    for sleeps in rounds:
        # The gateway publishes to the function and waits for the answer outside its loop.
        asked = story.add(GATEWAY, WORK, 1)
        story.add(GATEWAY, ACTIVITY, 1)
        delivered = story.visit(WORLD, 1, asked)
        story.visit(GATEWAY, -1, delivered)
        story.function_tells_gateway(delivered)
        story.visit(FUNCTION if sleeps else WORLD, -1, len(story.writes) - 1)
    story.add(GATEWAY, ACTIVITY, 1)
    return story


class _Interleaved:
    """A table whose every cell read lets some of the story happen first."""

    def __init__(self, story: _Story, seed: int) -> None:
        self._story = story
        self._rest = 0
        self._draws = (hashlib.sha256(f"{seed} {n}".encode()).digest() for n in itertools.count())
        self._cells = [[0] * ROW_FIELDS for _ in range(3)]
        self._cells[WORLD][WORK] = 1
        self._cells[FUNCTION][WORK] = -1

    def get(self, row: int, field: int) -> int:
        if self._rest:
            self._rest -= 1
            return self._cells[row][field]
        rest, pace, *choices = next(self._draws)
        self._rest = _RESTS[rest % len(_RESTS)]
        for choice in choices[: _PACES[pace % len(_PACES)]]:
            enabled = self._story.enabled()
            if not enabled:
                break
            write = enabled[choice % len(enabled)]
            self._cells[write.process][write.cell] += write.change
            write.is_done = True
        return self._cells[row][field]

    def row(self, row: int) -> tuple[int, ...]:
        return tuple(self.get(row, field) for field in range(ROW_FIELDS))


@pytest.fixture
def members() -> Iterator[list[Member]]:
    with socket.socket() as unused:
        yield _members(unused)


def _members(connection: socket.socket) -> list[Member]:
    names = {"world": 9, "gateway": 1, "function": 5}
    return [
        Member(name=name, rank=rank, row=row, connection=connection)
        for row, (name, rank) in enumerate(names.items())
    ]


@settings(max_examples=400)
@given(
    rounds=st.lists(st.booleans(), max_size=3),
    order=st.permutations(range(3)),
    seed=st.integers(0, 2**32),
)
def test_quiet_is_never_seen_while_anything_is_yet_to_follow(
    rounds: list[bool], order: list[int], seed: int
) -> None:
    story = _story(rounds)
    with socket.socket() as unused:
        everybody = _members(unused)
        members = [everybody[place] for place in order]
        everybody[FUNCTION].granted = 1
        table = _Interleaved(story, seed)
        rows = steady_rows(table, members)
        while rows is None or not is_quiet(rows):
            rows = steady_rows(table, members)
    assert all(write.is_done for write in story.writes)


def test_of_nobody_the_earliest_is_never() -> None:
    member, _ = earliest([])
    assert member is None


def test_a_process_is_described_in_a_line(members: list[Member]) -> None:
    members[1].granted = 3
    rows: Rows = [(members[1], (2, 0, 1, 10, 9, 5))]
    assert describe(rows) == [
        "gateway: at work, work 2, unanswered 2, sent 10, received 9, activity 5"
    ]
