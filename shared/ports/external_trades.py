"""Trades of others: `external_trades/{trade_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.external_trades import ExternalTrade
from shared.domain.followers import AccountId


class ExternalTrades(Protocol):
    """Trades of others, for functions and jobs."""

    def record(self, trades: Sequence[ExternalTrade]) -> None:
        """Write trades; what is stored gives way only to what supersedes it.

        Raises:
            Conflict: A trade went on being written by others; record all of them again.
            AdapterError: If the database fails.
        """

    def of_session(self, session_date: str) -> tuple[ExternalTrade, ...]:
        """Read what was seen in a session, in id order."""

    def of_accounts(self, account_ids: Sequence[AccountId]) -> tuple[ExternalTrade, ...]:
        """Read all that was ever seen in these accounts, in id order."""


class ExternalTradeBook(Protocol):
    """Trades of others, for the gateway."""

    async def record(self, trades: Sequence[ExternalTrade]) -> None:
        """Write trades (replacing), at most 400 a commit."""

    async def of_session(self, session_date: str) -> tuple[ExternalTrade, ...]:
        """Read what was seen in a session, in id order."""
