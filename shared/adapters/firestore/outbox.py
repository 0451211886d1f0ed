"""The outbox: `emails/{outbox_id}`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from shared.adapters.firestore.codec import encode_field
from shared.adapters.firestore.records import read, read_all, replacement
from shared.domain import outbox as life
from shared.domain.errors import NotFound
from shared.domain.outbox import MailEvent, OutboxRow, OutboxState
from shared.ports.documents import Documents, Filter, Query, Snapshot, Update, Write


class FirestoreOutbox:
    """`Outbox` over a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def get(self, outbox_id: str) -> OutboxRow | None:
        """Read a row, or None."""
        snapshot = self._documents.get(_path(outbox_id))
        return None if snapshot is None else read(OutboxRow, snapshot)

    def claim(self, row: OutboxRow) -> bool:
        """Make the row, or take one up again that was refused, in one transaction."""

        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], bool]:
            stored = None if found[0] is None else read(OutboxRow, found[0])
            taken = life.claimed(row, stored)
            if taken is None:
                return (), False
            return (replacement(_path(row.outbox_id), taken),), True

        return self._documents.transact((_path(row.outbox_id),), decide)

    def sent(self, outbox_id: str, *, message_id: str) -> None:
        """Note that the provider has accepted the mail; what events told already stands."""
        self._must_change(outbox_id, lambda row: life.answered(row, message_id=message_id))

    def refused(self, outbox_id: str, *, error: str) -> None:
        """Note that the provider has not accepted the mail; it may be claimed again."""
        self._must_change(outbox_id, lambda row: life.refused(row, error=error))

    def resolve(self, outbox_id: str, event: MailEvent) -> OutboxRow | None:
        """Note what an event tells, in one transaction; late, twice and in any order."""
        return self._change(outbox_id, lambda row: life.resolved(row, event))

    def left_sending(self, before: datetime) -> tuple[OutboxRow, ...]:
        """Read the rows still `sending` that were claimed before an instant, in id order.

        Asked by the state alone, which Firestore indexes by itself: few rows are on their way.
        """
        sending = Filter("state", "==", OutboxState.SENDING.value)
        rows = read_all(
            OutboxRow, self._documents.find(Query(collection="emails", filters=(sending,)))
        )
        return tuple(row for row in rows if row.claimed_at < before)

    def told_unresolved(self, outbox_id: str, *, at: datetime) -> None:
        """Note that people were told that the mail's fate is unknown."""
        self._note(outbox_id, "unresolved_told_at", at)

    def told_bounced(self, outbox_id: str, *, at: datetime) -> None:
        """Note that people were told that the mail came back."""
        self._note(outbox_id, "bounce_told_at", at)

    def _must_change(self, outbox_id: str, change: Callable[[OutboxRow], OutboxRow]) -> None:
        if self._change(outbox_id, change) is None:
            raise NotFound("outbox", f"no row {outbox_id}; claim it before the mail is sent")

    def _change(self, outbox_id: str, change: Callable[[OutboxRow], OutboxRow]) -> OutboxRow | None:
        def decide(
            found: tuple[Snapshot | None, ...],
        ) -> tuple[Sequence[Write], OutboxRow | None]:
            if found[0] is None:
                return (), None
            row = read(OutboxRow, found[0])
            changed = change(row)
            if changed == row:
                return (), row
            return (replacement(_path(outbox_id), changed),), changed

        return self._documents.transact((_path(outbox_id),), decide)

    def _note(self, outbox_id: str, name: str, at: datetime) -> None:
        key, value = encode_field(OutboxRow, name, at)
        self._documents.commit((Update(path=_path(outbox_id), fields={key: value}),))


def _path(outbox_id: str) -> str:
    return f"emails/{outbox_id}"
