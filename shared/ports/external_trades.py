"""Trades of others: `external_trades/{trade_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.external_trades import ExternalTrade


class ExternalTradeBook(Protocol):
    """Trades of others, for the gateway."""

    async def record(self, trades: Sequence[ExternalTrade]) -> None:
        """Write trades (replacing), at most 400 a commit."""

    async def of_session(self, session_date: str) -> tuple[ExternalTrade, ...]:
        """Read what was seen in a session, in id order."""
