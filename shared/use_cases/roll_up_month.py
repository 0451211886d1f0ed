"""Roll a month up: everybody's days added, the measures of them, and the commission so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from shared.domain.daily_pnl import DailyPnl
from shared.domain.errors import InvalidInput
from shared.domain.followers import FollowerId
from shared.domain.monthly_pnl import MonthlyPnl, sum_up_month
from shared.domain.months import Month, as_month, month_of, previous_month
from shared.domain.session_record import Finality
from shared.domain.sessions import Session, SessionTable, session_date_at
from shared.ports.clock import Clock
from shared.ports.daily_pnl import DailyPnlBook
from shared.ports.fills import FillReader
from shared.ports.monthly_pnl import MonthlyPnlBook
from shared.ports.sessions import Sessions


class _MonthSource(Protocol):
    """Whatever carries the adapters that rolling a month up needs, under these names."""

    @property
    def clock(self) -> Clock: ...

    @property
    def session_table(self) -> SessionTable: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def fills(self) -> FillReader: ...

    @property
    def daily_pnl(self) -> DailyPnlBook: ...

    @property
    def monthly_pnl(self) -> MonthlyPnlBook: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthPorts:
    """What rolling a month up reads and writes."""

    clock: Clock
    table: SessionTable
    sessions: Sessions
    fills: FillReader
    daily_pnl: DailyPnlBook
    monthly_pnl: MonthlyPnlBook

    @classmethod
    def of(cls, source: _MonthSource) -> MonthPorts:
        """Take the ports from whatever carries them."""
        return cls(
            clock=source.clock,
            table=source.session_table,
            sessions=source.sessions,
            fills=source.fills,
            daily_pnl=source.daily_pnl,
            monthly_pnl=source.monthly_pnl,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthRolledUp:
    """What a roll-up did.

    Attributes:
        month: Which month.
        finality: Whether all of its sessions are final.
        followers: Months in the books now.
        written: Months that were new or changed.
        waits_for: Dates of its sessions that are not final yet.
    """

    month: Month
    finality: Finality
    followers: int
    written: int
    waits_for: tuple[str, ...]


def roll_up_month(ports: MonthPorts, *, month: str | None = None) -> MonthRolledUp:
    """Roll one month up, from the days that are there.

    - Whoever had a day in it has a month, whether he still follows or not.
    - The month is final once every session of it is over and final. A session that nobody ever
      opened counts as final where no fill is on record for it: we were not there yet.
    - Figures that have not changed are left as they are: a repeat writes nothing.

    Args:
        ports: What it takes.
        month: `YYYY-MM`; the one before today's in New York by default.

    Raises:
        InvalidInput: The month is malformed, outside the session table, or in the future.
        AdapterError: The database failed; doing it again is safe.
    """
    now = ports.clock.now()
    chosen = _chosen_month(month, now)
    sessions = ports.table.sessions_in_month(chosen)
    waits_for = tuple(one.session_date for one in sessions if not _is_final(ports, one, now))
    finality = Finality.PROVISIONAL if waits_for else Finality.FINAL
    days = _days_by_follower(ports, sessions)
    months = [
        sum_up_month(chosen, who, his_days, finality=finality, now=now)
        for who, his_days in sorted(days.items())
    ]
    changed = _changed(months, ports.monthly_pnl.of_month(chosen))
    if changed:
        ports.monthly_pnl.write(changed)
    return MonthRolledUp(
        month=chosen,
        finality=finality,
        followers=len(months),
        written=len(changed),
        waits_for=waits_for,
    )


def _chosen_month(month: str | None, now: datetime) -> Month:
    current = month_of(session_date_at(now))
    if month is None:
        return previous_month(current)
    chosen = as_month(month)
    if chosen > current:
        raise InvalidInput("month", f"{chosen} is in the future; it is {current} in New York")
    return chosen


def _is_final(ports: MonthPorts, session: Session, now: datetime) -> bool:
    if now < session.close_at:
        return False
    record = ports.sessions.read(session.session_date)
    if record is None:
        return not ports.fills.of_session(session.session_date)
    return record.finality is Finality.FINAL


def _days_by_follower(
    ports: MonthPorts, sessions: Iterable[Session]
) -> Mapping[FollowerId, Sequence[DailyPnl]]:
    found: dict[FollowerId, list[DailyPnl]] = {}
    for session in sessions:
        for day in ports.daily_pnl.of_session(session.session_date):
            found.setdefault(day.follower_id, []).append(day)
    return found


def _changed(months: Sequence[MonthlyPnl], stored: Iterable[MonthlyPnl]) -> list[MonthlyPnl]:
    before = {one.follower_id: one for one in stored}
    return [one for one in months if _differs(one, before.get(one.follower_id))]


def _differs(month: MonthlyPnl, before: MonthlyPnl | None) -> bool:
    if before is None:
        return True
    return replace(month, rolled_up_at=before.rolled_up_at) != before
