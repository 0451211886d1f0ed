"""Daily roll-ups: `pnl_daily/{session_date}~{follower_id}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import in_parts, of_session, read_all, replacement
from shared.domain.daily_pnl import DailyPnl
from shared.domain.followers import FollowerId
from shared.domain.positions import Position, PositionId
from shared.ports.documents import AsyncDocuments, Documents, Filter, Query


class FirestoreDailyPnl:
    """`DailyPnlBook` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def write(self, days: Sequence[DailyPnl]) -> None:
        """Write roll-ups (replacing)."""
        for part in in_parts(days):
            self._documents.commit(
                [replacement(_path(day.session_date, day.follower_id), day) for day in part]
            )

    def of_session(self, session_date: str) -> tuple[DailyPnl, ...]:
        """Read a session's roll-ups, in follower order."""
        return read_all(DailyPnl, self._documents.find(of_session("pnl_daily", session_date)))

    def of_follower(
        self, follower_id: FollowerId, session_dates: Sequence[str]
    ) -> tuple[DailyPnl, ...]:
        """Read a follower's roll-ups of these sessions, in their order, without the missing."""
        paths = [f"pnl_daily/{date}~{follower_id}" for date in session_dates]
        return read_all(DailyPnl, self._documents.get_many(paths))


class FirestoreEarlier:
    """`EarlierBook` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def carried_into(self, session_date: str) -> tuple[Position, ...]:
        """Read what was opened before a session and may have been held in it, in id order."""
        found: dict[str, Position] = {}
        for one in (Filter("spread.expiry", ">=", session_date), Filter("is_open", "==", True)):
            query = Query(collection="positions", filters=(one,))
            for position in read_all(Position, await self._documents.find(query)):
                if position.session_date < session_date:
                    found[position.position_id] = position
        return tuple(found[key] for key in sorted(found))

    async def positions(self, position_ids: Sequence[PositionId]) -> tuple[Position, ...]:
        """Read positions in the given order, without the missing ones."""
        paths = [f"positions/{position_id}" for position_id in position_ids]
        return read_all(Position, await self._documents.get_many(paths))

    async def days(self, wanted: Sequence[tuple[str, FollowerId]]) -> tuple[DailyPnl, ...]:
        """Read roll-ups by session date and follower, without the missing."""
        found: list[DailyPnl] = []
        for part in in_parts(wanted):
            paths = [_path(session_date, follower_id) for session_date, follower_id in part]
            found += read_all(DailyPnl, await self._documents.get_many(paths))
        return tuple(found)


def _path(session_date: str, follower_id: FollowerId) -> str:
    return f"pnl_daily/{session_date}~{follower_id}"
