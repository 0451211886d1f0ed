"""Fills: `fills/{exec_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.adapters.firestore.records import (
    in_parts,
    of_session,
    read,
    read_all,
    replacement,
)
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.ports.documents import (
    MAX_IN_VALUES,
    AsyncDocuments,
    Documents,
    Filter,
    Query,
    Replace,
    Snapshot,
    Write,
)


class FirestoreFills:
    """`FillReader` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def of_session(self, session_date: str) -> tuple[Fill, ...]:
        """Read a session's fills, in id order."""
        return read_all(Fill, self._documents.find(of_session("fills", session_date)))

    def of_follower(
        self, follower_id: FollowerId, session_dates: Sequence[str]
    ) -> tuple[Fill, ...]:
        """Read a follower's fills of these sessions, in id order.

        Both conditions ask for equality, so no index of two fields is needed.
        """
        found: list[Fill] = []
        for part in in_parts(sorted(set(session_dates)), MAX_IN_VALUES):
            asked = (
                Filter("follower_id", "==", follower_id),
                Filter("session_date", "in", tuple(part)),
            )
            found += read_all(Fill, self._documents.find(Query(collection="fills", filters=asked)))
        return tuple(sorted(found, key=lambda fill: fill.exec_id))


class FirestoreFillCorrections:
    """`FillCorrections` in a document database.

    Each part is written only if none of its fills changed since it was read; else it is read
    anew.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def record(self, fills: Sequence[Fill]) -> None:
        """Write fills; what is stored gives way only to the same or a later revision."""
        newest = list(_newest(fills).values())
        for part in in_parts(newest):
            self._record(part)

    def _record(self, fills: Sequence[Fill]) -> None:
        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], None]:
            return _changes(fills, found), None

        self._documents.transact([_path(fill) for fill in fills], decide)


class AsyncFirestoreFills:
    """`FillBook` in a document database; the one writer of a fill is its shard's leader."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def record(self, fills: Sequence[Fill]) -> None:
        """Write fills; what is stored already gives way only to something newer."""
        for part in in_parts(list(_newest(fills).values())):
            stored = await self._documents.get_many([_path(fill) for fill in part])
            await self._documents.commit(_changes(part, stored))

    async def of_session(self, session_date: str) -> tuple[Fill, ...]:
        """Read a session's fills, in id order."""
        return read_all(Fill, await self._documents.find(of_session("fills", session_date)))


def newer_of(stored: Fill | None, told: Fill) -> Fill:
    """Choose between what is stored and what the broker tells now of the same execution.

    A later revision replaces an earlier one. The broker tells an execution before its fee, and
    tells executions again without fees after a reconnect, so a known fee is never forgotten.
    """
    if stored is None:
        return told
    if _rank(told.revision) < _rank(stored.revision):
        return stored
    return told if told.fee is not None else replace(told, fee=stored.fee)


def _newest(fills: Sequence[Fill]) -> dict[str, Fill]:
    """Keep of fills that are told twice what would be left in the end."""
    newest: dict[str, Fill] = {}
    for fill in fills:
        newest[fill.exec_id] = newer_of(newest.get(fill.exec_id), fill)
    return newest


def _rank(revision: str) -> tuple[int, str]:
    return len(revision), revision


def _changes(fills: Sequence[Fill], snapshots: Sequence[Snapshot | None]) -> list[Replace]:
    changes: list[Replace] = []
    for fill, snapshot in zip(fills, snapshots, strict=True):
        stored = None if snapshot is None else read(Fill, snapshot)
        newer = newer_of(stored, fill)
        if newer != stored:
            changes.append(replacement(_path(newer), newer))
    return changes


def _path(fill: Fill) -> str:
    return f"fills/{fill.exec_id}"
