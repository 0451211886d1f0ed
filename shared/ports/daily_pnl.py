"""Daily roll-ups: `pnl_daily/{session_date}~{follower_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.daily_pnl import DailyPnl
from shared.domain.followers import FollowerId
from shared.domain.positions import Position, PositionId


class DailyPnlBook(Protocol):
    """Daily roll-ups, for functions and jobs."""

    def write(self, days: Sequence[DailyPnl]) -> None:
        """Write roll-ups (replacing), at most 400 a commit."""

    def of_session(self, session_date: str) -> tuple[DailyPnl, ...]:
        """Read a session's roll-ups, in follower order."""

    def of_follower(
        self, follower_id: FollowerId, session_dates: Sequence[str]
    ) -> tuple[DailyPnl, ...]:
        """Read a follower's roll-ups of these sessions, in their order, without the missing."""


class EarlierBook(Protocol):
    """What was there before a session, for the gateway: it says what the session counts from."""

    async def carried_into(self, session_date: str) -> tuple[Position, ...]:
        """Read what was opened before a session and may have been held in it, in id order."""

    async def positions(self, position_ids: Sequence[PositionId]) -> tuple[Position, ...]:
        """Read positions in the given order, without the missing ones."""

    async def days(self, wanted: Sequence[tuple[str, FollowerId]]) -> tuple[DailyPnl, ...]:
        """Read roll-ups by session date and follower, in the given order, without the missing."""
