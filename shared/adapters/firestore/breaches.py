"""Daily loss limits that were reached: `breaches/{session_date}~{follower_id}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.records import of_session, read_all
from shared.domain.loss_limit import Breach
from shared.ports.documents import AsyncDocuments, Create, Snapshot, Write


class AsyncFirestoreBreaches:
    """`Breaches` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def of_session(self, session_date: str) -> tuple[Breach, ...]:
        """Read a session's breaches, in follower order."""
        return read_all(Breach, await self._documents.find(of_session("breaches", session_date)))

    async def record(self, breach: Breach) -> None:
        """Create a breach; one that is recorded already stays as it is."""
        path = f"breaches/{breach.session_date}~{breach.follower_id}"

        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], None]:
            (known,) = found
            return ([Create(path=path, data=encode(breach))] if known is None else []), None

        await self._documents.transact([path], decide)
