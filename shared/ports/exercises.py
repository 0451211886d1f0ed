"""Exercises that we ask for: `exercises/{position_id}~exercise~{n}`."""

from __future__ import annotations

from typing import Protocol

from shared.domain.exercises import ExerciseWish


class Exercises(Protocol):
    """Exercise wishes, for the gateway."""

    async def pending(self) -> tuple[ExerciseWish, ...]:
        """Read the wishes that nothing has proved yet, in id order."""

    async def ask(self, wish: ExerciseWish, *, shard: int, token: int) -> bool:
        """Write a wish down, in one transaction with the lease.

        Returns:
            False where it is written already, by whoever: it may have been sent, so it must not
            be sent now.

        Raises:
            Conflict: If the lease does not hold our token.
        """

    async def prove(self, exercise_id: str) -> None:
        """Note that what is held proves it."""
