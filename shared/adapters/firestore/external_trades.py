"""Trades of others: `external_trades/{trade_id}`.

They live apart from our fills, so that nothing that adds fills up to money can take one in.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import (
    in_parts,
    of_session,
    read,
    read_all,
    replacement,
)
from shared.domain.external_trades import ExternalTrade, supersedes
from shared.domain.followers import AccountId
from shared.ports.documents import (
    MAX_IN_VALUES,
    AsyncDocuments,
    Documents,
    Filter,
    Query,
    Snapshot,
    Write,
)

_COLLECTION = "external_trades"


class FirestoreExternalTrades:
    """`ExternalTrades` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def record(self, trades: Sequence[ExternalTrade]) -> None:
        """Write trades; what is stored gives way only to what supersedes it."""
        newest: dict[str, ExternalTrade] = {}
        for one in trades:
            if supersedes(one, newest.get(one.trade_id)):
                newest[one.trade_id] = one
        for part in in_parts(list(newest.values())):
            self._record(part)

    def of_session(self, session_date: str) -> tuple[ExternalTrade, ...]:
        """Read what was seen in a session, in id order."""
        found = self._documents.find(of_session(_COLLECTION, session_date))
        return read_all(ExternalTrade, found)

    def of_accounts(self, account_ids: Sequence[AccountId]) -> tuple[ExternalTrade, ...]:
        """Read all that was ever seen in these accounts, in id order."""
        found: list[ExternalTrade] = []
        for part in in_parts(sorted(set(account_ids)), MAX_IN_VALUES):
            asked = (Filter("account_id", "in", tuple(part)),)
            query = Query(collection=_COLLECTION, filters=asked)
            found += read_all(ExternalTrade, self._documents.find(query))
        return tuple(sorted(found, key=lambda one: one.trade_id))

    def _record(self, trades: Sequence[ExternalTrade]) -> None:
        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], None]:
            stored = [None if one is None else read(ExternalTrade, one) for one in found]
            return [
                replacement(_path(one), one)
                for one, kept in zip(trades, stored, strict=True)
                if supersedes(one, kept)
            ], None

        self._documents.transact([_path(one) for one in trades], decide)


class AsyncFirestoreExternalTrades:
    """`ExternalTradeBook` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def record(self, trades: Sequence[ExternalTrade]) -> None:
        """Write trades (replacing), at most 400 a commit."""
        for part in in_parts(trades):
            await self._documents.commit([replacement(_path(one), one) for one in part])

    async def of_session(self, session_date: str) -> tuple[ExternalTrade, ...]:
        """Read what was seen in a session, in id order."""
        found = await self._documents.find(of_session(_COLLECTION, session_date))
        return read_all(ExternalTrade, found)


def _path(trade: ExternalTrade) -> str:
    return f"{_COLLECTION}/{trade.trade_id}"
