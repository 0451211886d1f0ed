"""Private data: `followers_private/{follower_id}`."""

from __future__ import annotations

from shared.adapters.firestore.records import read
from shared.adapters.json_log import log_event
from shared.domain.errors import InvalidInput
from shared.domain.followers import FollowerId
from shared.domain.payees import Payee
from shared.ports.documents import Documents, Query

_COLLECTION = "followers_private"


class FirestorePayees:
    """`Payees` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def get(self, follower_id: FollowerId) -> Payee | None:
        """Read one, or None."""
        snapshot = self._documents.get(f"{_COLLECTION}/{follower_id}")
        return None if snapshot is None else read(Payee, snapshot)

    def all(self) -> tuple[Payee, ...]:
        """Read all, in id order; one whose document cannot be read is left out and logged."""
        found = []
        for snapshot in self._documents.find(Query(collection=_COLLECTION)):
            try:
                found.append(read(Payee, snapshot))
            except InvalidInput as error:
                # The codec's words name fields and types, never what stands in them.
                log_event("payee_not_read", severity="ERROR", why=str(error))
        return tuple(found)
