"""Trades of others: `external_trades/{trade_id}`.

They live apart from our fills, so that nothing that adds fills up to money can take one in.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import in_parts, of_session, read_all, replacement
from shared.domain.external_trades import ExternalTrade
from shared.ports.documents import AsyncDocuments


class AsyncFirestoreExternalTrades:
    """`ExternalTradeBook` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def record(self, trades: Sequence[ExternalTrade]) -> None:
        """Write trades (replacing), at most 400 a commit."""
        for part in in_parts(trades):
            await self._documents.commit(
                [replacement(f"external_trades/{one.trade_id}", one) for one in part]
            )

    async def of_session(self, session_date: str) -> tuple[ExternalTrade, ...]:
        """Read what was seen in a session, in id order."""
        found = await self._documents.find(of_session("external_trades", session_date))
        return read_all(ExternalTrade, found)
