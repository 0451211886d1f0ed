"""Followers and logins: `followers/{follower_id}`, `logins/{login_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.adapters.firestore.records import read
from shared.adapters.firestore.terms import EVERYBODYS_TERMS, terms_by_follower
from shared.adapters.json_log import log_event
from shared.domain.errors import InvalidInput
from shared.domain.followers import Follower, FollowerId, FollowerState, Login, LoginId
from shared.domain.months import month_of
from shared.domain.sharding import faults_of_login, logins_of_shard
from shared.domain.terms import multiplier_in_force
from shared.ports.documents import AsyncDocuments, Documents, Query, Snapshot
from shared.ports.followers import LoginBook

_FOLLOWERS = Query(collection="followers")
_LOGINS = Query(collection="logins")


class FirestoreFollowers:
    """`Followers` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def all(self) -> tuple[Follower, ...]:
        """Read every follower that is not archived and whose document can be read."""
        return _present(self._documents.find(_FOLLOWERS))

    def names(self) -> dict[FollowerId, str]:
        """Read everybody's name, archived followers' too: who has left is billed by name."""
        return {
            FollowerId(one.document_id): str(one.data.get("name") or one.document_id)
            for one in self._documents.find(_FOLLOWERS)
        }

    def in_force(self, session_date: str) -> tuple[Follower, ...]:
        """Read as `all`, each with the multiplier of his terms on a session."""
        terms = self._documents.find(EVERYBODYS_TERMS)
        return _under_terms(self.all(), terms, session_date)

    def logins(self) -> tuple[Login, ...]:
        """Read every login that can be served, in id order."""
        return _login_book(self._documents.find(_LOGINS)).logins


class AsyncFirestoreFollowers:
    """`FollowerReader` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def all(self) -> tuple[Follower, ...]:
        """Read every follower that is not archived and whose document can be read."""
        return _present(await self._documents.find(_FOLLOWERS))

    async def in_force(self, session_date: str) -> tuple[Follower, ...]:
        """Read as `all`, each with the multiplier of his terms on a session."""
        terms = await self._documents.find(EVERYBODYS_TERMS)
        return _under_terms(await self.all(), terms, session_date)

    async def login_book(self) -> LoginBook:
        """Read every login, and what is wrong with those that cannot be served."""
        return _login_book(await self._documents.find(_LOGINS))

    async def logins(self, shard: int) -> tuple[Login, ...]:
        """Read the logins of a shard that can be served, in id order."""
        # Not a condition of the query: a login without the field is one of shard 0.
        return logins_of_shard((await self.login_book()).logins, None, shard)


def _present(snapshots: Sequence[Snapshot]) -> tuple[Follower, ...]:
    """Keep who is not archived; one document that cannot be read holds up no other follower."""
    found = []
    for snapshot in snapshots:
        try:
            found.append(read(Follower, snapshot))
        except InvalidInput as error:
            log_event("follower_not_read", severity="ERROR", why=str(error))
    return tuple(one for one in found if one.state is not FollowerState.ARCHIVED)


def _under_terms(
    followers: Sequence[Follower], snapshots: Sequence[Snapshot], session_date: str
) -> tuple[Follower, ...]:
    """Put the multiplier in force in place; whose terms cannot be read is left out."""
    terms, unreadable = terms_by_follower(snapshots)
    month = month_of(session_date)
    return tuple(
        replace(
            one,
            multiplier_ratio=multiplier_in_force(
                terms.get(one.follower_id, ()), month, one.multiplier_ratio
            ),
        )
        for one in followers
        if one.follower_id not in unreadable
    )


def _login_book(snapshots: Sequence[Snapshot]) -> LoginBook:
    logins: list[Login] = []
    faults: dict[LoginId, str] = {}
    for snapshot in snapshots:
        login_id = LoginId(snapshot.path.rpartition("/")[2])
        try:
            login = read(Login, snapshot)
        except InvalidInput as error:
            faults[login_id] = str(error)
            continue
        if fault := faults_of_login(login):
            faults[login_id] = fault
        else:
            logins.append(login)
    return LoginBook(logins=tuple(logins), faults=faults)
