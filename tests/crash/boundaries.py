"""Boundaries: the instants between two of which a crash makes a difference.

A boundary is found by running once and writing down what is passed, never by hand: a call that
persists, sends or waits, before it and after it, named by what is called, on what, and by whom.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shared.ports.documents import Update, Write

_OURS = ("gateway.", "shared.use_cases.")
_PASSED_THROUGH = frozenset(
    {
        "gateway.logins.write_gate",
        "gateway.logins.pacer",
        "gateway.pacing",
    }
)
"""Modules that only hand a call on: whoever called them is the caller."""
_ALSO_PASSED_THROUGH = frozenset({"happened_before", "changed"})


class Kind(StrEnum):
    """What is done at a boundary."""

    PERSIST = "persist"
    SEND = "send"
    AWAIT = "await"


class When(StrEnum):
    """On which side of the call."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Boundary:
    """Where a process may die.

    Attributes:
        kind: What is done there.
        when: Before or after it.
        site: What is called on what, and by whom: `commit(open:working)@desk._write_dirty`.
    """

    kind: Kind
    when: When
    site: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.when}:{self.site}"

    @staticmethod
    def read(text: str) -> Boundary:
        """Read what `str` wrote.

        Raises:
            ValueError: If it is no boundary.
        """
        kind, when, site = text.split(":", 2)
        return Boundary(kind=Kind(kind), when=When(when), site=site)


class Killed(BaseException):
    """The process is dead; nothing it does from here on reaches anybody."""


class Watch(Protocol):
    """Told every boundary that is passed; it may end the process there."""

    def passed(self, boundary: Boundary) -> None:
        """Take note of one.

        Raises:
            Killed: In a process that only plays dead.
        """


def subject_of(writes: Iterable[Write]) -> str:
    """Name what is written: each collection once, orders by purpose and state."""
    return "+".join(sorted({_subject(write) for write in writes}))


def _subject(write: Write) -> str:
    collection = write.path.partition("/")[0]
    if collection != "orders":
        return collection
    fields = write.fields if isinstance(write, Update) else getattr(write, "data", {})
    return f"{fields.get('purpose', 'order')}:{fields.get('state', 'named')}"


def caller() -> str:
    """Name the function of the gateway on whose behalf we were called."""
    frame = sys._getframe(2)
    while True:
        module = str(frame.f_globals.get("__name__", ""))
        is_ours = module.startswith(_OURS) and module not in _PASSED_THROUGH
        if is_ours and frame.f_code.co_name not in _ALSO_PASSED_THROUGH:
            return f"{module.rpartition('.')[2]}.{frame.f_code.co_name.strip('<>')}"
        if frame.f_back is None:
            return "loop"
        frame = frame.f_back
