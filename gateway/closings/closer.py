"""The closing engine's loop: works off what was asked, every minute and whenever it is rung."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.closings.closing_asks import ClosingAsk
from gateway.closings.closing_orders import ClosingOrders
from gateway.closings.closing_work import LAST_SEND, ClosingWork
from gateway.desk import happened_before
from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.errors import AdapterError
from shared.domain.figures_text import new_york_clock
from shared.domain.orders import Order, Purpose
from shared.domain.positions import Position, PositionId, position_id_of
from shared.domain.reasons import Reason
from shared.domain.spreads import SpreadId
from shared.domain.trading_settings import TradingSettings

_LOOK = timedelta(seconds=60)
_PATIENCE = timedelta(seconds=60)
"""What is still open so long after it was asked is paged, and tried on."""
_MOST_NAMED = 10


class Closer:
    """Closes what is wanted closed, from the open to the last seconds before the close.

    Args:
        floor: What the leader works with.
        orders: Plans, claims and releases.
        work: Works what was released.
    """

    def __init__(self, floor: TradingFloor, orders: ClosingOrders, work: ClosingWork) -> None:
        self._floor = floor
        self._orders = orders
        self._work = work
        self._settings = TradingSettings()
        self._paged: set[tuple[PositionId, datetime]] = set()

    async def run(self) -> None:
        """Close what is asked; returns when nothing may be sent any more.

        A failing database or broker only delays: what failed is tried again a minute later.
        """
        floor = self._floor
        last_send_at = floor.session.close_at - LAST_SEND
        self._take_over()
        await floor.clock.sleep_until(floor.session.open_at)
        while floor.clock.now() < last_send_at:
            floor.closing_asks.rung.clear()
            self._forget_closed()
            await self._look()
            await self._page_overdue()
            due = min(self._next_look(), last_send_at)
            await happened_before(floor.closing_asks.rung, due, floor.clock)
        self._work.end_all(self._settings)

    def _take_over(self) -> None:
        """Ask again for what an earlier leader began to close and did not bring to its end."""
        floor = self._floor
        last: dict[PositionId, Order] = {}
        for order in floor.desk.orders():
            is_todays = order.session_date == floor.session.session_date
            if order.purpose is Purpose.CLOSE and is_todays:
                position_id = position_id_of(order.follower_id, order.spread)
                held = last.get(position_id)
                if held is None or held.planned_at <= order.planned_at:
                    last[position_id] = order
        for position_id, order in last.items():
            cause = order.close_cause or CloseCause.END_OF_DAY
            if cause is CloseCause.EXCESS or order.reason is Reason.CANCELED_BY_OPERATOR:
                continue
            floor.closing_asks.ask(position_id, cause, at=floor.clock.now())

    async def _look(self) -> None:
        try:
            if self._floor.closing_asks.all():
                self._settings = await self._floor.controls.trading()
            await self._orders.advance(self._settings)
        except AdapterError as error:
            log_event("closings_put_off", severity="WARNING", why=str(error))

    def _next_look(self) -> datetime:
        """The next whole minute, or when the patience with what is open ends."""
        now = self._floor.clock.now()
        ends = [ask.asked_at + _PATIENCE for ask in self._floor.closing_asks.all()]
        whole_minute = now.replace(second=0, microsecond=0) + _LOOK
        return min([whole_minute, *(at for at in ends if at > now)])

    def _forget_closed(self) -> None:
        """Drop the asks that are fulfilled."""
        floor = self._floor
        for ask in floor.closing_asks.all():
            position = floor.desk.position(ask.position_id)
            if position is None or position.open_quantity <= ask.leave_quantity:
                floor.closing_asks.withdraw(ask.position_id)

    async def _page_overdue(self) -> None:
        """Page what is open a minute after it was asked: once, spread by spread."""
        floor, now = self._floor, self._floor.clock.now()
        late: dict[SpreadId, list[tuple[ClosingAsk, Position]]] = {}
        for ask in floor.closing_asks.all():
            position = floor.desk.position(ask.position_id)
            is_over = now >= ask.asked_at + _PATIENCE and position is not None
            if position is None or not is_over or (ask.position_id, ask.asked_at) in self._paged:
                continue
            if position.open_quantity > ask.leave_quantity:
                self._paged.add((ask.position_id, ask.asked_at))
                late.setdefault(position.spread.spread_id, []).append((ask, position))
        for spread_id, found in late.items():
            await floor.raise_alert(
                AlertType.CLOSE_FAILED, f"{spread_id} {new_york_clock(now)}", _words(found)
            )


def _words(late: list[tuple[ClosingAsk, Position]]) -> str:
    names = [
        f"{position.follower_id} ({position.open_quantity}, {ask.cause})" for ask, position in late
    ]
    more = len(names) - _MOST_NAMED
    told = ", ".join(names[:_MOST_NAMED]) + (f" and {more} others" if more > 0 else "")
    spread = late[0][1].spread.spread_id
    return (
        f"{len(late)} positions in {spread} are still open a minute after they were to be closed; "
        f"it is tried on: {told}"
    )
