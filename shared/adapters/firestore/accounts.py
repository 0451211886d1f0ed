"""Broker accounts as they were last compared with the books: `accounts/{account_id}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import in_parts, read_all, replacement
from shared.domain.account_snapshot import AccountSnapshot
from shared.domain.followers import AccountId
from shared.ports.documents import AsyncDocuments, Documents, Query


class FirestoreAccounts:
    """`AccountReader` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def all(self) -> tuple[AccountSnapshot, ...]:
        """Read every account's last snapshot, in id order."""
        return read_all(AccountSnapshot, self._documents.find(Query(collection="accounts")))

    def get_many(self, account_ids: Sequence[AccountId]) -> dict[AccountId, AccountSnapshot]:
        """Read the last snapshots of these accounts; those without one are left out."""
        found = self._documents.get_many([_path(account_id) for account_id in account_ids])
        return {one.account_id: one for one in read_all(AccountSnapshot, found)}


class AsyncFirestoreAccounts:
    """`AccountWriter` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def write(self, snapshots: Sequence[AccountSnapshot]) -> None:
        """Write snapshots (replacing)."""
        for part in in_parts(snapshots):
            await self._documents.commit([replacement(_path(one.account_id), one) for one in part])


def _path(account_id: AccountId) -> str:
    return f"accounts/{account_id}"
