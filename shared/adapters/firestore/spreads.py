"""Spreads: `spreads/{spread_id}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import in_parts, of_session, read_all, replacement
from shared.domain.spreads import SpreadId
from shared.domain.time_value import SpreadRecord
from shared.ports.documents import AsyncDocuments, Documents


class FirestoreSpreadRecords:
    """`SpreadRecordReader` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def of_session(self, session_date: str) -> tuple[SpreadRecord, ...]:
        """Read the spreads that were watched in a session last, in id order."""
        return read_all(SpreadRecord, self._documents.find(of_session("spreads", session_date)))


class AsyncFirestoreSpreadRecords:
    """`SpreadRecords` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def read(self, spread_ids: Sequence[SpreadId]) -> dict[SpreadId, SpreadRecord]:
        """Read the records of these spreads; those without one are left out."""
        found = await self._documents.get_many([_path(one) for one in spread_ids])
        return {record.spread_id: record for record in read_all(SpreadRecord, found)}

    async def write(self, records: Sequence[SpreadRecord]) -> None:
        """Write records (replacing)."""
        for part in in_parts(records):
            await self._documents.commit([replacement(_path(one.spread_id), one) for one in part])


def _path(spread_id: SpreadId) -> str:
    return f"spreads/{spread_id}"
