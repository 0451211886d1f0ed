"""Whether anybody works: a look at every row of held market time at one and the same instant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.adapters.held_time import ACTIVITY, ANSWERED, NEVER, NEXT_AT, RECEIVED, SENT, WORK
from tests.sandbox.conductor_door import Member

Rows = list[tuple[Member, tuple[int, ...]]]


class Table(Protocol):
    """What is read of the shared memory."""

    def get(self, row: int, field: int) -> int:
        """Read one cell."""

    def row(self, row: int) -> tuple[int, ...]:
        """Read a whole row, cell by cell in the order of the fields."""


def read_rows(table: Table, members: Sequence[Member]) -> Rows:
    """Read every row, one after the other: nobody vouches for the whole."""
    return [(member, table.row(member.row)) for member in members]


def steady_rows(table: Table, members: Sequence[Member]) -> Rows | None:
    """Read every row as it stood at one instant at which nobody was at work.

    Returns:
        None where there was no such instant. Else rows of an instant before the call returned.
    """
    before = [table.get(member.row, ACTIVITY) for member in members]
    if any(activity % 2 for activity in before):
        return None
    rows = read_rows(table, members)
    return rows if [row[ACTIVITY] for _, row in rows] == before else None


def is_quiet(rows: Rows) -> bool:
    """Tell whether no work is held, no wake-up unanswered and no byte on its way."""
    if any(row[ANSWERED] != member.granted for member, row in rows):
        return False
    work = sum(row[WORK] for _, row in rows)
    return work == 0 and sum(row[SENT] - row[RECEIVED] for _, row in rows) == 0


def earliest(rows: Rows) -> tuple[Member | None, int]:
    """Give whoever is to be woken first, by instant, rank and name, and when (micros UTC)."""
    due = [(row[NEXT_AT], member.rank, member.name, member.row, member) for member, row in rows]
    if not due:
        return None, NEVER
    next_at, *_, member = min(due, key=lambda item: item[:4])
    return member, next_at


def describe(rows: Rows) -> list[str]:
    """Say of each process what it is at, a line each."""
    lines = []
    for member, row in rows:
        state = "at work" if row[ACTIVITY] % 2 else "idle"
        lines.append(
            f"{member.name}: {state}, work {row[WORK]}, unanswered "
            f"{member.granted - row[ANSWERED]}, sent {row[SENT]}, received {row[RECEIVED]}, "
            f"activity {row[ACTIVITY]}"
        )
    return lines
