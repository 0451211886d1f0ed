"""When a session's figures are final: what they still wait for, and until when they may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from shared.domain.account_snapshot import AccountSnapshot
from shared.domain.fills import Fill
from shared.domain.followers import AccountId
from shared.domain.sessions import SessionTable, at_new_york

SWEEP_AFTER = "07:00:00"
"""From this New York time on a comparison counts: assignments of the night arrive until 04:00."""
FINAL_BY = "08:00:00"
"""New York time of the second business day after a session by which it is to be final."""


def swept_from(session_date: str, table: SessionTable) -> datetime:
    """The instant from which a comparison of positions counts as the next morning's.

    That is the morning of the next session: on a weekend nobody compares anything.
    """
    return at_new_york(table.next_session(session_date).session_date, SWEEP_AFTER)


def final_by(session_date: str, table: SessionTable) -> datetime:
    """The instant from which a session that is not final is an alert."""
    second = table.next_session(table.next_session(session_date).session_date)
    return at_new_york(second.session_date, FINAL_BY)


def unswept(
    accounts: Iterable[AccountId],
    snapshots: Mapping[AccountId, AccountSnapshot],
    *,
    since: datetime,
) -> list[str]:
    """Say which accounts no morning's sweep has found to agree with the books.

    Args:
        accounts: Accounts that had anything in the session.
        snapshots: The last comparison of each.
        since: From when on a comparison counts.
    """
    told = []
    for account_id in sorted(accounts):
        snapshot = snapshots.get(account_id)
        if snapshot is None or snapshot.checked_at < since:
            told.append(f"{account_id}: its positions were not compared since the night")
        elif not snapshot.agrees:
            told.append(f"{account_id}: {snapshot.why}")
    return told


def without_fee(fills: Iterable[Fill]) -> list[str]:
    """Say for which executions the broker has told no fee."""
    return [
        f"{fill.account_id}: no fee for execution {fill.exec_id}"
        for fill in sorted(fills, key=lambda one: one.exec_id)
        if not fill.is_combo and fill.quantity and fill.fee is None
    ]
