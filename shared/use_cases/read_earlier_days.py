"""Read what followers carried into a session: the days since its opening."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from shared.domain.carried_days import EarlierDays
from shared.domain.carried_trail import CarriedTrail
from shared.domain.daily_pnl import DailyPnl
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.pnl import ProfitAndLoss
from shared.domain.sessions import SessionTable
from shared.ports.daily_pnl import DailyPnlBook, EarlierBook
from shared.ports.fills import FillBook, FillReader
from shared.ports.positions import PositionReader


class _EarlierSource(Protocol):
    """Whatever carries the ports that this needs, under these names."""

    @property
    def table(self) -> SessionTable: ...

    @property
    def positions(self) -> PositionReader: ...

    @property
    def fills(self) -> FillReader: ...

    @property
    def daily_pnl(self) -> DailyPnlBook: ...


def read_earlier_days(
    ports: _EarlierSource, session_date: str, fills: Iterable[Fill]
) -> dict[FollowerId, EarlierDays]:
    """Read the earlier days of every follower who carried something into a session.

    Args:
        ports: What it takes.
        session_date: ISO text.
        fills: Fills of the session.

    Returns:
        By follower; without an entry for who carried nothing.

    Raises:
        AdapterError: If the database failed.
    """
    carried = ports.positions.carried_into(session_date)
    trail = CarriedTrail(session_date, carried, fills, _since(ports.table, session_date))
    while (dates := trail.sessions_to_read()) or trail.positions_to_read():
        for date in dates:
            trail.give_fills(date, ports.fills.of_session(date))
        if ids := trail.positions_to_read():
            trail.give_positions(ids, ports.positions.read(ids))
    wanted = sorted({date for who in trail.since for date in trail.days_of(who)})
    return _added_up(trail, [day for date in wanted for day in ports.daily_pnl.of_session(date)])


async def read_earlier_days_async(
    book: EarlierBook,
    fill_book: FillBook,
    table: SessionTable,
    session_date: str,
    fills: Iterable[Fill],
) -> dict[FollowerId, EarlierDays]:
    """Do the same for the gateway: one authority says what a day counts from.

    Args:
        book: What came before the session.
        fill_book: Fills in the database.
        table: The sessions.
        session_date: ISO text.
        fills: Fills of the session so far.

    Returns:
        By follower; without an entry for who carried nothing.

    Raises:
        AdapterError: If the database failed.
    """
    carried = await book.carried_into(session_date)
    trail = CarriedTrail(session_date, carried, fills, _since(table, session_date))
    while (dates := trail.sessions_to_read()) or trail.positions_to_read():
        for date in dates:
            trail.give_fills(date, await fill_book.of_session(date))
        if ids := trail.positions_to_read():
            trail.give_positions(ids, await book.positions(ids))
    wanted = [(date, who) for who in sorted(trail.since) for date in trail.days_of(who)]
    return _added_up(trail, await book.days(wanted) if wanted else ())


def _since(table: SessionTable, session_date: str) -> Callable[[str], list[str]]:
    """Name the sessions from a first date to the last one before a session, oldest first."""

    def since(first: str) -> list[str]:
        dates: list[str] = []
        date = session_date
        while date > first:
            date = table.previous_session(date).session_date
            dates.append(date)
        return dates[::-1]

    return since


def _added_up(trail: CarriedTrail, days: Iterable[DailyPnl]) -> dict[FollowerId, EarlierDays]:
    found = {(day.session_date, day.follower_id): day for day in days}
    earlier: dict[FollowerId, EarlierDays] = {}
    for who in sorted(trail.since):
        result = ProfitAndLoss()
        for date in trail.days_of(who):
            if (day := found.get((date, who))) is not None:
                result += ProfitAndLoss(
                    realized=day.realized, unrealized=day.unrealized, fees=day.fees
                )
        earlier[who] = EarlierDays(
            fills=trail.fills_of(who),
            result=result,
            missing=tuple(date for date in trail.busy_days_of(who) if (date, who) not in found),
        )
    return earlier
