"""Terms: `followers/{follower_id}/terms/{from_month}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.adapters.firestore.records import read
from shared.adapters.json_log import log_event
from shared.domain.errors import InvalidInput
from shared.domain.followers import FollowerId
from shared.domain.terms import Terms
from shared.ports.documents import Documents, Query, Snapshot

EVERYBODYS_TERMS = Query(collection="terms", group=True)


class FirestoreTerms:
    """`TermsBook` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def all(self) -> Mapping[FollowerId, tuple[Terms, ...]]:
        """Read all terms, oldest first, by follower."""
        return terms_by_follower(self._documents.find(EVERYBODYS_TERMS))[0]

    def of(self, follower_id: FollowerId) -> tuple[Terms, ...]:
        """Read one follower's terms, oldest first."""
        found = self._documents.find(Query(collection=f"followers/{follower_id}/terms"))
        return terms_by_follower(found)[0].get(follower_id, ())


def terms_path(follower_id: FollowerId, terms: Terms) -> str:
    """Name the document of terms."""
    return f"followers/{follower_id}/terms/{terms.from_month}"


def terms_by_follower(
    snapshots: Sequence[Snapshot],
) -> tuple[dict[FollowerId, tuple[Terms, ...]], frozenset[FollowerId]]:
    """Sort terms by follower, oldest first.

    Returns:
        The terms, and who has a document that cannot be read: he has no terms then, for the
        others may no longer be the ones in force. It holds up nobody else.
    """
    found: dict[FollowerId, list[Terms]] = {}
    unreadable: set[FollowerId] = set()
    for snapshot in snapshots:
        follower_id = FollowerId(snapshot.path.split("/")[1])
        try:
            found.setdefault(follower_id, []).append(read(Terms, snapshot))
        except InvalidInput as error:
            log_event("terms_not_read", severity="ERROR", why=str(error))
            unreadable.add(follower_id)
    in_order = {
        who: tuple(sorted(terms, key=lambda one: one.from_month))
        for who, terms in found.items()
        if who not in unreadable
    }
    return in_order, frozenset(unreadable)
