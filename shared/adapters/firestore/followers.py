"""Followers and logins: `followers/{follower_id}`, `logins/{login_id}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import read_all
from shared.domain.followers import Follower, FollowerState, Login
from shared.ports.documents import AsyncDocuments, Documents, Query, Snapshot

_FOLLOWERS = Query(collection="followers")
_LOGINS = Query(collection="logins")


class FirestoreFollowers:
    """`Followers` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def all(self) -> tuple[Follower, ...]:
        """Read every follower that is not archived, in id order."""
        return _present(self._documents.find(_FOLLOWERS))

    def logins(self) -> tuple[Login, ...]:
        """Read every login, in id order."""
        return read_all(Login, self._documents.find(_LOGINS))


class AsyncFirestoreFollowers:
    """`FollowerReader` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def all(self) -> tuple[Follower, ...]:
        """Read every follower that is not archived, in id order."""
        return _present(await self._documents.find(_FOLLOWERS))

    async def logins(self, shard: int) -> tuple[Login, ...]:
        """Read the logins of a shard, in id order."""
        # Not a condition of the query: a login without the field is one of shard 0.
        found = read_all(Login, await self._documents.find(_LOGINS))
        return tuple(login for login in found if login.shard == shard)


def _present(snapshots: Sequence[Snapshot]) -> tuple[Follower, ...]:
    followers = read_all(Follower, snapshots)
    return tuple(one for one in followers if one.state is not FollowerState.ARCHIVED)
