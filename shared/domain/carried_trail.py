"""How far back what a follower carried into a session goes: to its first opening."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.options import ContractKey
from shared.domain.positions import Position, PositionId

_CLOSERS = ("~close~", "~remedy~")


class CarriedTrail:
    """Follows what was carried into a session back to its openings.

    What is closed in an earlier day may itself have been carried into it: what the trail asks
    for (`sessions_to_read`, `positions_to_read`) is to be given until it asks for nothing.

    Args:
        session_date: ISO text.
        carried: What was opened before the session and may have been held in it.
        fills: Fills of the session itself.
        sessions_since: Names the sessions from a date to the last before the session.
    """

    def __init__(
        self,
        session_date: str,
        carried: Iterable[Position],
        fills: Iterable[Fill],
        sessions_since: Callable[[str], list[str]],
    ) -> None:
        self._session_date = session_date
        self._todays = tuple(fills)
        self._sessions_since = sessions_since
        self._fills: dict[str, tuple[Fill, ...]] = {}
        self._known: dict[PositionId, Position | None] = {}
        self.since: dict[FollowerId, str] = {}
        """First session of each follower that his days are counted from."""
        for position in carried:
            self._count_from(position.follower_id, position.session_date)
        self._follow()

    def sessions_to_read(self) -> list[str]:
        """Sessions whose fills are not given yet."""
        first = min(self.since.values(), default=self._session_date)
        return [date for date in self._sessions_since(first) if date not in self._fills]

    def positions_to_read(self) -> list[PositionId]:
        """Positions that were closed and are not given yet, in id order."""
        named = {found for fill in self._told() if (found := _closed_by(fill)) is not None}
        return sorted(named - set(self._known))

    def give_fills(self, session_date: str, fills: Sequence[Fill]) -> None:
        """Give the fills of an earlier session."""
        self._fills[session_date] = tuple(fills)
        self._follow()

    def give_positions(self, asked: Iterable[PositionId], found: Iterable[Position]) -> None:
        """Give what was found of the positions asked for."""
        self._known.update(dict.fromkeys(asked))
        self._known.update({position.position_id: position for position in found})
        self._follow()

    def fills_of(self, follower_id: FollowerId) -> tuple[Fill, ...]:
        """A follower's fills of the earlier sessions, in the order of the sessions."""
        return tuple(fill for fill in self._earlier() if fill.follower_id == follower_id)

    def days_of(self, follower_id: FollowerId) -> list[str]:
        """Earlier sessions that a follower's result is added up over, oldest first."""
        return self._sessions_since(self.since[follower_id])

    def busy_days_of(self, follower_id: FollowerId) -> list[str]:
        """Those of them in which he held or traded something: each must have been rolled up."""
        fills = self.fills_of(follower_id)
        return [
            date
            for date in self.days_of(follower_id)
            if any(fill.session_date == date for fill in fills)
            or _holds([fill for fill in fills if fill.session_date < date])
        ]

    def _told(self) -> Iterator[Fill]:
        yield from self._todays
        yield from self._earlier()

    def _earlier(self) -> Iterator[Fill]:
        for date in sorted(self._fills):
            for fill in self._fills[date]:
                if self.since.get(fill.follower_id, self._session_date) <= date:
                    yield fill

    def _follow(self) -> None:
        before: dict[FollowerId, str] | None = None
        while self.since != before:  # an earlier start brings earlier fills into view
            before = dict(self.since)
            for fill in list(self._told()):
                self._go_back(fill)

    def _go_back(self, fill: Fill) -> None:
        """Go back to the opening that a fill speaks of."""
        if fill.order_id.endswith("~open"):  # its id begins with its session's date
            self._count_from(fill.follower_id, fill.order_id[:10])
        closed = self._known.get(_closed_by(fill) or PositionId(""))
        if closed is not None:
            self._count_from(closed.follower_id, closed.session_date)

    def _count_from(self, follower_id: FollowerId, date: str) -> None:
        if date < self.since.get(follower_id, self._session_date):
            self.since[follower_id] = date


def _closed_by(fill: Fill) -> PositionId | None:
    """The position that a closing or remedy's order id begins with."""
    for closer in _CLOSERS:
        before, found, _ = fill.order_id.partition(closer)
        if found:
            return PositionId(before)
    return None


def _holds(fills: Iterable[Fill]) -> bool:
    held: dict[ContractKey, int] = {}
    for fill in fills:
        if not fill.is_combo:
            held[fill.contract_key] = held.get(fill.contract_key, 0) + fill.signed_quantity
    return any(held.values())
