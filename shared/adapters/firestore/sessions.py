"""Session documents: `sessions/{session_date}`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.records import read
from shared.domain.errors import Conflict
from shared.domain.followers import FollowerId
from shared.domain.orders import LIVE_STATES
from shared.domain.session_record import Finality, SessionRecord
from shared.ports.documents import AsyncDocuments, Create, Documents, Filter, Query, Update

_OPEN_POSITIONS = Query(collection="positions", filters=(Filter("is_open", "==", True),))
_LIVE_ORDERS = Query(
    collection="orders",
    filters=(Filter("state", "in", tuple(sorted(str(state) for state in LIVE_STATES))),),
)


class FirestoreSessions:
    """`Sessions` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def open(self, record: SessionRecord) -> bool:
        """Create the session's document; False where it exists already."""
        path = session_path(record.session_date)
        try:
            self._documents.commit([Create(path=path, data=encode(record))])
        except Conflict:
            return False
        return True

    def read(self, session_date: str) -> SessionRecord | None:
        """Read it, or None."""
        snapshot = self._documents.get(session_path(session_date))
        return None if snapshot is None else read(SessionRecord, snapshot)

    def followers_in_trade(self) -> frozenset[FollowerId]:
        """Name who holds a position or has an order that may be live."""
        found = [
            *self._documents.find(_OPEN_POSITIONS),
            *self._documents.find(_LIVE_ORDERS),
        ]
        return frozenset(FollowerId(str(one.data["follower_id"])) for one in found)

    def note_gaps(self, session_date: str, gaps: Sequence[int]) -> None:
        """Replace the noted gaps; NotFound where there is no session document."""
        self._documents.commit(
            [Update(path=session_path(session_date), fields={"gaps": tuple(gaps)})]
        )

    def note_waiting(self, session_date: str, waits_for: Sequence[str]) -> None:
        """Set why a session is still provisional; NotFound where there is no document."""
        fields: dict[str, object] = {"waits_for": tuple(waits_for)}
        self._documents.commit([Update(path=session_path(session_date), fields=fields)])

    def make_final(self, session_date: str, at: datetime) -> None:
        """Make a session final, and clear what it waited for; NotFound without a document."""
        fields: dict[str, object] = {
            "finality": Finality.FINAL.value,
            "final_at": at,
            "waits_for": (),
        }
        self._documents.commit([Update(path=session_path(session_date), fields=fields)])

    def reopen(self, session_date: str, why: str) -> None:
        """Make a final session provisional again; NotFound where there is no document."""
        fields: dict[str, object] = {
            "finality": Finality.PROVISIONAL.value,
            "final_at": None,
            "waits_for": (why,),
        }
        self._documents.commit([Update(path=session_path(session_date), fields=fields)])


class AsyncFirestoreSessions:
    """`SessionReader` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def read(self, session_date: str) -> SessionRecord | None:
        """Read it, or None."""
        snapshot = await self._documents.get(session_path(session_date))
        return None if snapshot is None else read(SessionRecord, snapshot)


def session_path(session_date: str) -> str:
    """Name a session's document."""
    return f"sessions/{session_date}"
