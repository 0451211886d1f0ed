"""Boards: `boards/{session_date}-{shard}-{part}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.boards import Board, BoardLine


class BoardReader(Protocol):
    """Boards, for functions and jobs."""

    def lines(self, session_date: str) -> tuple[BoardLine, ...]:
        """Read every line of a session, in follower order."""


class BoardWriter(Protocol):
    """Boards, for the gateway."""

    async def write(self, boards: Sequence[Board]) -> None:
        """Write boards (replacing), one commit."""
