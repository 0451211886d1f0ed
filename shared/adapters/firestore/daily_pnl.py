"""Daily roll-ups: `pnl_daily/{session_date}~{follower_id}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import in_parts, of_session, read_all, replacement
from shared.domain.daily_pnl import DailyPnl
from shared.ports.documents import Documents


class FirestoreDailyPnl:
    """`DailyPnlBook` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def write(self, days: Sequence[DailyPnl]) -> None:
        """Write roll-ups (replacing)."""
        for part in in_parts(days):
            self._documents.commit([replacement(_path(day), day) for day in part])

    def of_session(self, session_date: str) -> tuple[DailyPnl, ...]:
        """Read a session's roll-ups, in follower order."""
        return read_all(DailyPnl, self._documents.find(of_session("pnl_daily", session_date)))


def _path(day: DailyPnl) -> str:
    return f"pnl_daily/{day.session_date}~{day.follower_id}"
