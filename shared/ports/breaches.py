"""Daily loss limits that were reached: `breaches/{session_date}~{follower_id}`."""

from __future__ import annotations

from typing import Protocol

from shared.domain.loss_limit import Breach


class Breaches(Protocol):
    """Reached limits, for the gateway."""

    async def of_session(self, session_date: str) -> tuple[Breach, ...]:
        """Read a session's breaches, in follower order."""

    async def record(self, breach: Breach) -> None:
        """Create a breach; one that is recorded already stays as it is."""
