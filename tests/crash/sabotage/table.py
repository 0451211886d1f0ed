"""The proof of the proof: every known mistake, made on purpose, must be caught."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.table import Table

from tests.crash.both_books import Violation
from tests.crash.in_memory import Dies, MortalWorld, drawn_deaths, play_day
from tests.crash.matrix import hushed
from tests.crash.sabotage.brokers import CancelIsFinal, LongLegFirst, NewIdOnResend, NoReconcile
from tests.crash.sabotage.claims import LateClaims
from tests.crash.sabotage.leases import TwoLeaders, UnfencedDocuments
from tests.crash.sabotage.unkind import LateCancels, LostAnswers, TakesLegs
from tests.crash.sabotage.worlds import MistakenWorld

DAYS = 24

Make = Callable[[int, Sequence[Dies], int], MortalWorld]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """One known mistake.

    Attributes:
        name: What is done wrong.
        wrong: Makes the world that does it.
        right: Makes the same world, as unkind, without the mistake.
    """

    name: str
    wrong: Make
    right: Make


MISTAKES = (
    Mistake(
        name="claim after send",
        wrong=partial(MistakenWorld, documents=LateClaims),
        right=MistakenWorld,
    ),
    Mistake(
        name="cancel taken as final",
        wrong=partial(MistakenWorld, broker=CancelIsFinal, unkind=LateCancels),
        right=partial(MistakenWorld, unkind=LateCancels),
    ),
    Mistake(
        name="no reconcile",
        wrong=partial(MistakenWorld, broker=NoReconcile),
        right=MistakenWorld,
    ),
    Mistake(
        name="resend with a new id",
        wrong=partial(MistakenWorld, broker=NewIdOnResend, unkind=LostAnswers),
        right=partial(MistakenWorld, unkind=LostAnswers),
    ),
    Mistake(
        name="lease ignored",
        wrong=partial(TwoLeaders, documents=UnfencedDocuments),
        right=TwoLeaders,
    ),
    Mistake(
        name="long leg closed first",
        wrong=partial(MistakenWorld, broker=LongLegFirst, unkind=TakesLegs),
        right=partial(MistakenWorld, unkind=TakesLegs),
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of one mistake.

    Attributes:
        mistake: Which.
        caught: What did not hold with it, on as many days as it took.
        days: Days played with it.
        false_alarms: What did not hold without it.
    """

    mistake: Mistake
    caught: tuple[Violation, ...]
    days: int
    false_alarms: tuple[Violation, ...]

    @property
    def is_proved(self) -> bool:
        """True where the mistake is caught, and nothing without it."""
        return bool(self.caught) and not self.false_alarms


def prove(console: Console) -> int:
    """Make every mistake; 0 only if each is caught, and the same days without it hold."""
    table = Table(title="Known mistakes, made on purpose")
    for heading in ("Mistake", "Days", "Violations", "Without it", "Caught by"):
        table.add_column(heading)
    verdicts = [examine(mistake) for mistake in MISTAKES]
    for verdict in verdicts:
        caught = sorted({one.invariant for one in verdict.caught})
        table.add_row(
            verdict.mistake.name,
            str(verdict.days),
            str(len(verdict.caught)),
            str(len(verdict.false_alarms)),
            "; ".join(caught) or "NOT CAUGHT",
        )
        for violation in verdict.false_alarms:
            console.print(f"without {verdict.mistake.name}: {violation}", markup=False)
    console.print(table)
    missed = [verdict.mistake.name for verdict in verdicts if not verdict.is_proved]
    if missed:
        console.print(f"not proved: {', '.join(missed)}", style="red")
    return 1 if missed else 0


def examine(mistake: Mistake, days: int = DAYS) -> Verdict:
    """Play days with a mistake until it is caught, and as many without it."""
    caught: tuple[Violation, ...] = ()
    played = 0
    with hushed():
        while not caught and played < days:
            caught = _played(mistake.wrong, played)
            played += 1
        false_alarms = [one for day in range(played) for one in _played(mistake.right, day)]
    return Verdict(mistake=mistake, caught=caught, days=played, false_alarms=tuple(false_alarms))


def _played(make: Make, day: int) -> tuple[Violation, ...]:
    return play_day(day, drawn_deaths(day), seed=day, make=make).violations
