"""What is recorded of a session: `sessions/{session_date}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.followers import FollowerId
from shared.domain.session_record import SessionRecord


class SessionReader(Protocol):
    """Session documents, for the gateway."""

    async def read(self, session_date: str) -> SessionRecord | None:
        """Read it, or None."""


class Sessions(Protocol):
    """Session documents, for functions and jobs."""

    def open(self, record: SessionRecord) -> bool:
        """Create the session's document; False where it exists already (a no-op)."""

    def read(self, session_date: str) -> SessionRecord | None:
        """Read it, or None."""

    def followers_in_trade(self) -> frozenset[FollowerId]:
        """Name who holds a position or has an order that may be live."""

    def note_gaps(self, session_date: str, gaps: Sequence[int]) -> None:
        """Set the due slots that were never marked (`gaps`), replacing what was noted before."""
