"""The outbox: `emails/{outbox_id}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.codec import decode, encode
from shared.ports.documents import Documents, Replace, Snapshot, Update, Write
from shared.ports.outbox import OutboxRow, OutboxState


class FirestoreOutbox:
    """`Outbox` over a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def claim(self, row: OutboxRow) -> bool:
        """Make the row, or take one up again that was refused, in one transaction."""

        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], bool]:
            stored = found[0]
            if stored is not None and not _was_refused(stored):
                return (), False
            return (Replace(path=_path(row.outbox_id), data=encode(row)),), True

        return self._documents.transact((_path(row.outbox_id),), decide)

    def sent(self, outbox_id: str, *, message_id: str) -> None:
        """Note that the provider has accepted the mail."""
        self._note(outbox_id, {"state": str(OutboxState.SENT), "message_id": message_id})

    def refused(self, outbox_id: str, *, error: str) -> None:
        """Note that the provider has not accepted the mail; it may be claimed again."""
        self._note(outbox_id, {"state": str(OutboxState.REFUSED), "error": error})

    def _note(self, outbox_id: str, fields: dict[str, object]) -> None:
        self._documents.commit((Update(path=_path(outbox_id), fields=fields),))


def _was_refused(stored: Snapshot) -> bool:
    return decode(OutboxRow, stored.data).state is OutboxState.REFUSED


def _path(outbox_id: str) -> str:
    return f"emails/{outbox_id}"
