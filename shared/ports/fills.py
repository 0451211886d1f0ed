"""Fills: `fills/{exec_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.fills import Fill
from shared.domain.followers import FollowerId


class FillReader(Protocol):
    """Fills, for functions and jobs."""

    def of_session(self, session_date: str) -> tuple[Fill, ...]:
        """Read a session's fills, in id order."""

    def of_follower(
        self, follower_id: FollowerId, session_dates: Sequence[str]
    ) -> tuple[Fill, ...]:
        """Read a follower's fills of these sessions, in id order."""


class FillBook(Protocol):
    """Fills, for the gateway."""

    async def record(self, fills: Sequence[Fill]) -> None:
        """Write fills; the same execution again, or a later revision or fee of it, replaces."""

    async def of_session(self, session_date: str) -> tuple[Fill, ...]:
        """Read a session's fills, in id order."""
