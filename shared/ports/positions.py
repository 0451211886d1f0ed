"""Positions: `positions/{follower_id}~{spread_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.positions import Position, PositionId


class PositionReader(Protocol):
    """Positions, for functions and jobs."""

    def of_session(self, session_date: str) -> tuple[Position, ...]:
        """Read the positions opened in a session, in id order."""

    def carried_into(self, session_date: str) -> tuple[Position, ...]:
        """Read what was opened before a session and may have been held in it, in id order.

        That is what expires with it or later, and whatever holds a leg now.
        """

    def read(self, position_ids: Sequence[PositionId]) -> tuple[Position, ...]:
        """Read positions in the given order, without the missing ones."""


class PositionBook(Protocol):
    """Positions, for the gateway."""

    async def save(self, positions: Sequence[Position]) -> None:
        """Write positions (replacing), at most 400 a commit."""

    async def of_session(self, session_date: str) -> tuple[Position, ...]:
        """Read the positions opened in a session, in id order."""
