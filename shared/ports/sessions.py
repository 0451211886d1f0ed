"""What is recorded of a session: `sessions/{session_date}`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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

    def note_waiting(self, session_date: str, waits_for: Sequence[str]) -> None:
        """Set why a session is still provisional; NotFound where there is no document."""

    def make_final(self, session_date: str, at: datetime) -> None:
        """Make a session final, and clear what it waited for; NotFound without a document."""

    def reopen(self, session_date: str, why: str) -> None:
        """Make a final session provisional again; NotFound where there is no document."""
