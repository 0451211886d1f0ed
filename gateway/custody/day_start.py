"""Where a day counts from: the results rolled up for what is carried, read and read again."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.adapters.session_table import session_table
from shared.domain.carried_days import CarriedIn, EarlierDays, carried_in
from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.positions import position_id_of
from shared.ports.daily_pnl import EarlierBook
from shared.ports.fills import FillBook
from shared.use_cases.read_earlier_days import read_earlier_days_async

_BEFORE_OPEN = timedelta(minutes=1)
"""So long before the open it is read anew: the morning's statement may have corrected the day
before."""


class DayStart:
    """Keeps `floor.carried` as the roll-ups before the session have it.

    Args:
        floor: What the leader works with.
        earlier: What came before the session.
        fills: Fills in the database.
    """

    def __init__(self, floor: TradingFloor, earlier: EarlierBook, fills: FillBook) -> None:
        self._floor = floor
        self._earlier = earlier
        self._fills = fills
        self._read_at: datetime | None = None
        self._told: frozenset[FollowerId] = frozenset()

    async def read(self) -> None:
        """Read it; what fails or is missing stays unknown, is logged, and is looked for again."""
        floor = self._floor
        try:
            earlier = await read_earlier_days_async(
                self._earlier,
                self._fills,
                session_table(),
                floor.session.session_date,
                self._todays_fills(),
            )
        except (AdapterError, InvalidInput) as error:
            log_event("days_before_unread", severity="WARNING", why=str(error))
            return
        self._read_at = floor.clock.now()
        self._keep(earlier)

    async def read_again(self) -> None:
        """Read it again where something is not known, and once shortly before the open."""
        floor = self._floor
        last_at = floor.session.open_at - _BEFORE_OPEN
        is_old = self._read_at is None or self._read_at < last_at <= floor.clock.now()
        if floor.carried.unknown or (is_old and floor.carried.is_anything_carried):
            await self.read()

    def _todays_fills(self) -> list[Fill]:
        desk, date = self._floor.desk, self._floor.session.session_date
        return [
            fill
            for order in desk.orders()
            for fill in desk.fills_of(order.order_id)
            if fill.session_date == date
        ]

    def _keep(self, earlier: dict[FollowerId, EarlierDays]) -> None:
        """Keep what is known, and name of our followers those of whom it is not."""
        floor = self._floor
        orders = floor.desk.orders()
        ours = {order.follower_id for order in orders}
        position_of = {one.order_id: position_id_of(one.follower_id, one.spread) for one in orders}
        known: dict[FollowerId, CarriedIn] = {}
        for follower_id, days in earlier.items():
            found = carried_in(days, position_of)
            if found is not None:
                known[follower_id] = found
        unknown = frozenset(ours & set(earlier)) - set(known)
        floor.carried.keep(known, unknown)
        floor.desk.board_changed.set()
        if unknown - self._told:
            self._tell(unknown, earlier)
        self._told = unknown

    @staticmethod
    def _tell(unknown: frozenset[FollowerId], earlier: dict[FollowerId, EarlierDays]) -> None:
        missing = sorted({date for who in unknown for date in earlier[who].missing})
        log_event(
            "carried_result_unknown",
            severity="ERROR",
            followers=len(unknown),
            first=min(unknown),
            not_rolled_up=", ".join(missing),
        )
