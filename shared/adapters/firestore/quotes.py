"""Quotes: `quotes/{contract_key}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import read_all, replacement
from shared.domain.options import ContractKey
from shared.domain.quotes import Quote
from shared.ports.documents import AsyncDocuments, Documents


class FirestoreQuotes:
    """`QuoteReader` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def read(self, keys: Sequence[ContractKey]) -> dict[ContractKey, Quote]:
        """Read the last quotes of these contracts; those without one are left out."""
        found = self._documents.get_many([_path(key) for key in keys])
        return {quote.contract_key: quote for quote in read_all(Quote, found)}


class AsyncFirestoreQuotes:
    """`QuoteBook` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def write(self, quotes: Sequence[Quote]) -> None:
        """Write quotes (replacing), one commit."""
        await self._documents.commit(
            [replacement(_path(quote.contract_key), quote) for quote in quotes]
        )

    async def read(self, keys: Sequence[ContractKey]) -> dict[ContractKey, Quote]:
        """Read the last quotes of these contracts; those without one are left out."""
        found = await self._documents.get_many([_path(key) for key in keys])
        return {quote.contract_key: quote for quote in read_all(Quote, found)}


def _path(key: ContractKey) -> str:
    return f"quotes/{key}"
