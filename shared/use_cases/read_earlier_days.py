"""Read what followers carried into a session: the days since its opening."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from shared.domain.carried_days import EarlierDays
from shared.domain.daily_pnl import DailyPnl
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.pnl import ProfitAndLoss
from shared.domain.positions import PositionId
from shared.domain.sessions import SessionTable
from shared.ports.daily_pnl import DailyPnlBook
from shared.ports.fills import FillReader
from shared.ports.positions import PositionReader

_CLOSERS = ("~close~", "~remedy~")


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
    since = {
        one.follower_id: one.session_date
        for one in sorted(
            ports.positions.carried_into(session_date),
            key=lambda one: one.session_date,
            reverse=True,
        )
    }
    days = _Days(ports, session_date)
    _extend(since, ports, fills)
    # What is closed in an earlier day may itself have been carried into it: ever earlier dates.
    while since and _extend(since, ports, days.fills(min(since.values()), since)):
        pass
    return {who: days.of(who, date) for who, date in since.items() if date < session_date}


def _extend(since: dict[FollowerId, str], ports: _EarlierSource, fills: Iterable[Fill]) -> bool:
    """Go back to the openings that fills speak of; True where a date became earlier."""
    told = list(fills)
    openings = [(fill.follower_id, fill.order_id[:10]) for fill in told if _is_opening(fill)]
    ids = sorted({found for fill in told if (found := _position_of(fill)) is not None})
    closed = ports.positions.read(ids) if ids else ()
    openings += [(one.follower_id, one.session_date) for one in closed]
    is_earlier = False
    for who, date in openings:
        is_known = who in since
        if (is_known and date < since[who]) or (not is_known and _differs(who, date, told)):
            since[who] = date
            is_earlier = True
    return is_earlier


def _differs(who: FollowerId, date: str, fills: list[Fill]) -> bool:
    return any(fill.follower_id == who and fill.session_date > date for fill in fills)


def _is_opening(fill: Fill) -> bool:
    """True for fills under an opening order, whose id begins with its session's date."""
    return fill.order_id.endswith("~open")


def _position_of(fill: Fill) -> PositionId | None:
    for closer in _CLOSERS:
        before, found, _ = fill.order_id.partition(closer)
        if found:
            return PositionId(before)
    return None


class _Days:
    """Fills and days of earlier sessions, each read once."""

    def __init__(self, ports: _EarlierSource, session_date: str) -> None:
        self._ports = ports
        self._session_date = session_date
        self._fills: dict[str, tuple[Fill, ...]] = {}
        self._results: dict[str, dict[FollowerId, DailyPnl]] = {}

    def fills(self, first: str, since: Mapping[FollowerId, str]) -> list[Fill]:
        """Fills of these followers, each from his own first date on."""
        return [
            fill
            for date in self._dates(first)
            for fill in self._fills_of(date)
            if since.get(fill.follower_id, self._session_date) <= date
        ]

    def of(self, who: FollowerId, first: str) -> EarlierDays:
        """One follower's earlier days."""
        result = ProfitAndLoss()
        for date in self._dates(first):
            day = self._results_of(date).get(who)
            if day is not None:
                result += ProfitAndLoss(
                    realized=day.realized, unrealized=day.unrealized, fees=day.fees
                )
        return EarlierDays(fills=tuple(self.fills(first, {who: first})), result=result)

    def _dates(self, first: str) -> list[str]:
        dates: list[str] = []
        date = self._session_date
        while date > first:
            date = self._ports.table.previous_session(date).session_date
            dates.append(date)
        return dates[::-1]

    def _fills_of(self, date: str) -> tuple[Fill, ...]:
        if date not in self._fills:
            self._fills[date] = self._ports.fills.of_session(date)
        return self._fills[date]

    def _results_of(self, date: str) -> dict[FollowerId, DailyPnl]:
        if date not in self._results:
            days = self._ports.daily_pnl.of_session(date)
            self._results[date] = {day.follower_id: day for day in days}
        return self._results[date]
