"""What the days before made of what is carried: the day counts from there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gateway.desk import SessionDesk
from shared.domain.boards import NOTHING
from shared.domain.carried_days import CarriedIn
from shared.domain.followers import FollowerId
from shared.domain.pnl import ProfitAndLoss
from shared.domain.positions import Position, PositionId, position_id_of


class CarriedResults:
    """Results of the days before, by follower, as they were read last.

    Until they are read nobody's is known who carries something: unknown is not zero.
    """

    def __init__(self) -> None:
        self._known: dict[FollowerId, CarriedIn] = {}
        self._unknown: frozenset[FollowerId] = frozenset()
        self._held: frozenset[PositionId] = frozenset()
        self._is_read = False

    @property
    def unknown(self) -> frozenset[FollowerId]:
        """Followers of whom nobody can tell what they carried in."""
        return self._unknown

    @property
    def is_anything_carried(self) -> bool:
        """True where somebody carried something in, or that is not known yet."""
        return bool(self._known or self._unknown) or not self._is_read

    def keep(self, known: Mapping[FollowerId, CarriedIn], unknown: Collection[FollowerId]) -> None:
        """Keep what was read, in place of what was kept before."""
        self._known = dict(known)
        self._unknown = frozenset(unknown)
        self._held = frozenset(held for one in self._known.values() for held in one.held)
        self._is_read = True

    def was_held(self, position_id: PositionId) -> bool:
        """Tell whether a position was held at the end before, as far as that is known."""
        return position_id in self._held

    def of(
        self, follower_id: FollowerId, shown: Sequence[Position], session_date: str
    ) -> ProfitAndLoss | None:
        """What a follower's positions had made by the end before; None where nobody knows.

        Args:
            follower_id: Whose.
            shown: His positions of the day, whole, as `positions_of_the_day` gives them.
            session_date: The day's, ISO text.
        """
        carried = self._known.get(follower_id)
        if carried is not None:
            return carried.of({position.position_id for position in shown})
        carries = any(position.session_date < session_date for position in shown)
        is_unread = carries and not self._is_read
        return None if follower_id in self._unknown or is_unread else NOTHING


def positions_of_the_day(
    desk: SessionDesk, carried: CarriedResults, session_date: str
) -> dict[FollowerId, list[Position]]:
    """What each follower holds, what he held when the day began, and whatever he traded today."""
    todays = {
        position_id_of(order.follower_id, order.spread)
        for order in desk.orders()
        if order.session_date == session_date
    }
    found: dict[FollowerId, list[Position]] = {}
    for position in desk.positions():
        name = position.position_id
        if position.is_open or name in todays or carried.was_held(name):
            found.setdefault(position.follower_id, []).append(position)
    return found
