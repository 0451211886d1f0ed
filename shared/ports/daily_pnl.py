"""Daily roll-ups: `pnl_daily/{session_date}~{follower_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.daily_pnl import DailyPnl


class DailyPnlBook(Protocol):
    """Daily roll-ups, for functions and jobs."""

    def write(self, days: Sequence[DailyPnl]) -> None:
        """Write roll-ups (replacing), at most 400 a commit."""

    def of_session(self, session_date: str) -> tuple[DailyPnl, ...]:
        """Read a session's roll-ups, in follower order."""
