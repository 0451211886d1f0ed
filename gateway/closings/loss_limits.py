"""Daily loss limits: watched every minute; who reaches his opens nothing until the next session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from gateway.closings.end_of_day import FIRST_QUOTES
from gateway.custody.carried_results import positions_of_the_day
from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.boards import NOTHING
from shared.domain.close_causes import CloseCause
from shared.domain.errors import AdapterError
from shared.domain.followers import Follower, FollowerId, OnBreach
from shared.domain.loss_limit import Breach, is_breached, result_of
from shared.domain.money import round_to_cents, usd_text
from shared.domain.options import ContractKey
from shared.domain.orders import OrderId, OrderState, Purpose
from shared.domain.positions import Position
from shared.domain.reasons import Reason
from shared.ports.breaches import Breaches

_LOOK = timedelta(seconds=60)
_FOLLOWERS_AGE = timedelta(minutes=10)


class LossLimits:
    """Bars followers that have lost as much as they may in a session.

    Args:
        floor: What the leader works with; who is barred stands in `floor.barred`.
        breaches: Reached limits in the database: a bar outlives its leader.
        cancel: Cancels a working order, for a reason.
    """

    def __init__(
        self,
        floor: TradingFloor,
        breaches: Breaches,
        cancel: Callable[[OrderId, Reason], None],
    ) -> None:
        self._floor = floor
        self._breaches = breaches
        self._cancel = cancel
        self._max_age_seconds = 0.0
        self._limited: dict[FollowerId, Follower] = {}
        self._read_at: datetime | None = None
        self._unrecorded: dict[FollowerId, Breach] = {}
        self._since_opening: set[FollowerId] = set()

    async def watch(self) -> None:
        """Look every whole minute of the session; returns at its close."""
        clock, session = self._floor.clock, self._floor.session
        await clock.sleep_until(max(session.open_at, clock.now()) + FIRST_QUOTES)
        while clock.now() < session.close_at:
            try:
                await self._look()
            except AdapterError as error:
                log_event("loss_limits_put_off", severity="WARNING", why=str(error))
            await clock.sleep_until(clock.now().replace(second=0, microsecond=0) + _LOOK)

    async def take_over(self) -> None:
        """Bar whom an earlier leader barred.

        Raises:
            AdapterError: If the database failed: who may open is not known then.
        """
        found = await self._breaches.of_session(self._floor.session.session_date)
        self._floor.barred.update({breach.follower_id: _words(breach) for breach in found})

    async def _look(self) -> None:
        await self._refresh()
        held = self._held()
        for follower_id in sorted(held):
            follower = self._limited.get(follower_id)
            if follower is None or follower.daily_loss_limit is None:
                continue
            if follower_id not in self._floor.barred:
                await self._judge(follower_id, held[follower_id], follower.daily_loss_limit)
            if follower_id in self._floor.barred:
                self._cancel_openings(follower_id)
                if follower.on_breach is OnBreach.CLOSE:
                    self._close(held[follower_id])
        for follower_id, breach in list(self._unrecorded.items()):
            await self._breaches.record(breach)
            del self._unrecorded[follower_id]

    async def _refresh(self) -> None:
        now = self._floor.clock.now()
        if self._read_at is not None and now - self._read_at < _FOLLOWERS_AGE:
            return
        followers = await self._floor.followers.all()
        self._limited = {
            one.follower_id: one for one in followers if one.daily_loss_limit is not None
        }
        self._max_age_seconds = (await self._floor.controls.trading()).mark_stale_seconds
        self._read_at = now

    def _held(self) -> dict[FollowerId, list[Position]]:
        floor = self._floor
        return positions_of_the_day(floor.desk, floor.carried, floor.session.session_date)

    async def _judge(
        self, follower_id: FollowerId, positions: list[Position], limit: Decimal
    ) -> None:
        """Bar a follower whose result of the day is known and has reached his limit.

        Where nobody knows what he carried in, it is the result since the opening.
        """
        floor = self._floor
        carried = floor.carried.of(follower_id, positions, floor.session.session_date)
        if carried is None:
            self._note_unknown(follower_id)
        result = result_of(positions, self._mids(), carried or NOTHING)
        if result is None or not is_breached(result, limit):
            return
        breach = Breach(
            follower_id=follower_id,
            session_date=floor.session.session_date,
            total=round_to_cents(result.total),
            limit=limit,
            at=floor.clock.now(),
        )
        self._unrecorded[follower_id] = breach
        floor.barred[follower_id] = _words(breach)
        words = f"{follower_id}: {_words(breach)}; he opens nothing until the next session"
        await floor.raise_alert(AlertType.DAILY_LOSS, follower_id, words, follower_id=follower_id)

    def _note_unknown(self, follower_id: FollowerId) -> None:
        if follower_id not in self._since_opening:
            self._since_opening.add(follower_id)
            log_event("loss_judged_since_opening", severity="WARNING", follower=follower_id)

    def _mids(self) -> dict[ContractKey, Decimal]:
        now = self._floor.clock.now()
        return {
            key: quote.mid
            for key, quote in self._floor.quotes().items()
            if quote.mid is not None and quote.age_seconds(now) <= self._max_age_seconds
        }

    def _cancel_openings(self, follower_id: FollowerId) -> None:
        for order in self._floor.desk.orders():
            is_opening = order.purpose is Purpose.OPEN and order.state is OrderState.WORKING
            if order.follower_id == follower_id and is_opening:
                self._cancel(order.order_id, Reason.LOSS_LIMIT)

    def _close(self, positions: list[Position]) -> None:
        for position in positions:
            if position.open_quantity > 0:
                self._floor.closing_asks.ask(
                    position.position_id, CloseCause.DAILY_LOSS, at=self._floor.clock.now()
                )


def _words(breach: Breach) -> str:
    return (
        f"the day's result of {usd_text(breach.total)} USD has reached the limit of "
        f"{usd_text(breach.limit)} USD"
    )
