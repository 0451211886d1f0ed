"""Monthly roll-ups: `pnl_monthly/{month}~{follower_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.followers import FollowerId
from shared.domain.monthly_pnl import MonthlyPnl
from shared.domain.months import Month


class MonthlyPnlBook(Protocol):
    """Monthly roll-ups, for functions and jobs."""

    def write(self, months: Sequence[MonthlyPnl]) -> None:
        """Write roll-ups (replacing), at most 400 a commit."""

    def of_month(self, month: Month) -> tuple[MonthlyPnl, ...]:
        """Read a month's roll-ups, in follower order."""

    def of_follower(self, follower_id: FollowerId) -> tuple[MonthlyPnl, ...]:
        """Read all months of a follower, oldest first."""
