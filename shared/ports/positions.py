"""Positions: `positions/{follower_id}~{spread_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.positions import Position


class PositionReader(Protocol):
    """Positions, for functions and jobs."""

    def of_session(self, session_date: str) -> tuple[Position, ...]:
        """Read the positions opened in a session, in id order."""


class PositionBook(Protocol):
    """Positions, for the gateway."""

    async def save(self, positions: Sequence[Position]) -> None:
        """Write positions (replacing), at most 400 a commit."""

    async def of_session(self, session_date: str) -> tuple[Position, ...]:
        """Read the positions opened in a session, in id order."""
