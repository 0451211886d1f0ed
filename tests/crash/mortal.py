"""A leader in memory that dies at a chosen boundary, as a process would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tests.crash.boundaries import Boundary, Killed, Kind, When

_DULL = ("commit(accounts)", "commit(boards)", "commit(quotes)", "commit(spreads)")


class Mortal:
    """A watch that ends a leader: from the chosen passing on nothing of it reaches anybody.

    Args:
        dies_at: Told each boundary that is passed and the how-manieth of those that count it is;
            true ends the leader there.
    """

    def __init__(self, dies_at: Callable[[Boundary, int], bool]) -> None:
        self.is_dead = False
        self.died_at: Boundary | None = None
        self.passings: Counter[Boundary] = Counter()
        self._dies_at = dies_at
        self._counted = 0

    def passed(self, boundary: Boundary) -> None:
        """Take note of a boundary.

        Raises:
            Killed: From the death on, every time.
        """
        if self.is_dead:
            raise Killed(str(boundary))
        self.passings[boundary] += 1
        self._counted += counts(boundary)
        if self._dies_at(boundary, self._counted):
            self.is_dead, self.died_at = True, boundary
            raise Killed(str(boundary))


def counts(boundary: Boundary) -> bool:
    """Tell whether a boundary is one at which money may be lost: it persists or sends."""
    return boundary.kind is not Kind.AWAIT and not boundary.site.startswith(_DULL)


def never(_boundary: Boundary, _number: int) -> bool:
    """Live for ever."""
    return False


def at_number(number: int) -> Callable[[Boundary, int], bool]:
    """Die at the n-th boundary that persists or sends."""
    return lambda boundary, counted: counted == number and counts(boundary)


def at_wait(number: int) -> Callable[[Boundary, int], bool]:
    """Die at the first wait after the n-th boundary that persists or sends."""
    return lambda boundary, counted: (
        counted >= number and (boundary.kind is Kind.AWAIT and boundary.when is When.AFTER)
    )


def at_passing(at: Boundary, occurrence: int) -> Callable[[Boundary, int], bool]:
    """Die at the n-th passing of one boundary."""
    seen = 0

    def dies(boundary: Boundary, _number: int) -> bool:
        nonlocal seen
        seen += boundary == at
        return boundary == at and seen == occurrence

    return dies
