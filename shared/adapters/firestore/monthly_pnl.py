"""Monthly roll-ups: `pnl_monthly/{month}~{follower_id}`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.records import in_parts, read_all, replacement
from shared.domain.followers import FollowerId
from shared.domain.monthly_pnl import MonthlyPnl
from shared.domain.months import Month
from shared.ports.documents import Documents, Filter, Query

_COLLECTION = "pnl_monthly"


class FirestoreMonthlyPnl:
    """`MonthlyPnlBook` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def write(self, months: Sequence[MonthlyPnl]) -> None:
        """Write roll-ups (replacing)."""
        for part in in_parts(months):
            self._documents.commit([replacement(_path(one), one) for one in part])

    def of_month(self, month: Month) -> tuple[MonthlyPnl, ...]:
        """Read a month's roll-ups, in follower order."""
        return self._where("month", month)

    def of_follower(self, follower_id: FollowerId) -> tuple[MonthlyPnl, ...]:
        """Read all months of a follower, oldest first: ids begin with the month."""
        return self._where("follower_id", follower_id)

    def _where(self, field: str, value: str) -> tuple[MonthlyPnl, ...]:
        query = Query(collection=_COLLECTION, filters=(Filter(field, "==", value),))
        return read_all(MonthlyPnl, self._documents.find(query))


def _path(month: MonthlyPnl) -> str:
    return f"{_COLLECTION}/{month.month}~{month.follower_id}"
