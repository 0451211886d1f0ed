"""Signal documents: `signals/{session_date}-{ticker}-{n}`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.records import read, read_all
from shared.adapters.firestore.sessions import session_path
from shared.domain.errors import NotFound
from shared.domain.session_record import SessionRecord
from shared.domain.signals import Signal, SignalId, SignalState
from shared.ports.documents import (
    AsyncDocuments,
    Create,
    Documents,
    Snapshot,
    Update,
    Write,
    field_path,
)


class FirestoreSignals:
    """`Signals` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def record(self, signal: Signal) -> bool:
        """Create the signal and make it active; False where the ticker has an active one.

        Raises:
            NotFound: There is no session document.
        """
        path = session_path(signal.session_date)

        def decide(snapshots: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], bool]:
            (session,) = snapshots
            if session is None:
                raise NotFound("firestore", f"{path}: open the session before its signals")
            if signal.ticker in read(SessionRecord, session).active_signals:
                return (), False
            active = field_path("active_signals", signal.ticker)
            return (
                Create(path=_path(signal.signal_id), data=encode(signal)),
                Update(path=path, fields={active: signal.signal_id}),
            ), True

        return self._documents.transact([path], decide)

    def active(self, session_date: str, ticker: str) -> Signal | None:
        """Read the session's active signal for a ticker, or None."""
        session = self._documents.get(session_path(session_date))
        if session is None:
            return None
        signal_id = read(SessionRecord, session).active_signals.get(ticker)
        found = None if signal_id is None else self._documents.get(_path(signal_id))
        return None if found is None else read(Signal, found)

    def verify(self, signal_id: SignalId, at: datetime) -> None:
        """Set `verified_at`."""
        self._documents.commit([Update(path=_path(signal_id), fields={"verified_at": at})])

    def mark_changed(self, signal_id: SignalId) -> None:
        """Set the state `changed`."""
        fields = {"state": SignalState.CHANGED.value}
        self._documents.commit([Update(path=_path(signal_id), fields=fields)])


class AsyncFirestoreSignals:
    """`SignalReader` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def active(self, session_date: str) -> tuple[Signal, ...]:
        """Read the session's active signals, by id."""
        session = await self._documents.get(session_path(session_date))
        if session is None:
            return ()
        signal_ids = sorted(read(SessionRecord, session).active_signals.values())
        return read_all(Signal, await self._documents.get_many([_path(one) for one in signal_ids]))


def _path(signal_id: str) -> str:
    return f"signals/{signal_id}"
