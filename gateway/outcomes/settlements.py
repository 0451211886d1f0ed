"""Settlements: orders whose outcome is in question; only the broker's own books answer.

What two whole readings do not know is sent again under the same ids where that may still be; what
is unknown after a minute is called unconfirmed and paged, and asked about every minute after.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from gateway.floor import TradingFloor
from gateway.outcomes.readings import Readings
from gateway.outcomes.resends import Resends
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.reasons import Reason
from shared.use_cases.settle_order import EndCause, Outcome, settle_order, unconfirmed

REFUSALS = frozenset({110, 200, 201, 203, 321, 478})
"""IBKR's codes by which a new order is refused outright: off tick, no such contract, rejected,
not allowed for the account, not valid, contradicting its contract id."""

_PATIENCE = timedelta(seconds=60)
_AGAIN = timedelta(seconds=10)
_UNKNOWN = "open orders, completed orders and executions do not tell its outcome"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Doubt:
    """A question about an order.

    Attributes:
        words: What raised it.
        code: IBKR's code, 0 without one.
        since: Market time (UTC) of the first question that has no answer yet.
    """

    words: str
    code: int
    since: datetime


class Settlements:
    """Answers questions about orders, each order by itself.

    Args:
        floor: What the leader works with.
        readings: Reads the logins' books.
        resends: Sends again what is absent.
        canceled: Orders whose cancel we asked for, with the reason.
        gone: Orders whose end the broker has told.
        tasks: Where the questions are pursued.
    """

    def __init__(
        self,
        floor: TradingFloor,
        readings: Readings,
        resends: Resends,
        canceled: Mapping[OrderId, Reason],
        gone: set[OrderId],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._cutoff_at: datetime | None = None
        self._floor = floor
        self._readings = readings
        self._resends = resends
        self._canceled = canceled
        self._gone = gone
        self._tasks = tasks
        self._doubts: dict[OrderId, _Doubt] = {}
        self._pursued: set[OrderId] = set()
        self._asking: defaultdict[OrderId, asyncio.Lock] = defaultdict(asyncio.Lock)

    def is_asked(self, order_id: OrderId) -> bool:
        """Tell whether a question about an order has no answer yet."""
        return order_id in self._doubts

    def answered(self, order_id: OrderId) -> None:
        """Drop a question: the broker has told that the order lives, or nothing was sent."""
        self._doubts.pop(order_id, None)

    async def settle(self, order_id: OrderId, words: str, code: int = 0) -> None:
        """Ask the broker's books about an order, and go on asking for a minute.

        Books that cannot be read conclude nothing.
        """
        since = self._doubts[order_id].since if order_id in self._doubts else self._now
        self._doubts[order_id] = _Doubt(words=words, code=code, since=since)
        await self._ask(order_id)
        is_paged = self._order(order_id).state is OrderState.UNCONFIRMED
        if order_id in self._doubts and is_paged:
            self.answered(order_id)
        elif order_id in self._doubts and order_id not in self._pursued:
            self._pursued.add(order_id)
            self._tasks.create_task(self._pursue(order_id))

    async def _pursue(self, order_id: OrderId) -> None:
        try:
            while (doubt := self._doubts.get(order_id)) is not None:
                give_up_at = doubt.since + _PATIENCE
                if self._now >= give_up_at:
                    await self._give_up(order_id)
                    return
                await self._floor.clock.sleep_until(min(self._now + _AGAIN, give_up_at))
                is_due = self._now < give_up_at and not self._asking[order_id].locked()
                if order_id in self._doubts and is_due:
                    await self._ask(order_id)
        finally:
            self._pursued.discard(order_id)

    async def _ask(self, order_id: OrderId) -> None:
        """Ask once: two readings where the first does not tell."""
        async with self._asking[order_id]:
            doubt = self._doubts.get(order_id)
            if doubt is None or self._order(order_id).is_terminal:
                self.answered(order_id)
                return
            outcome = await self._outcome(order_id, doubt)
            if outcome in (Outcome.ENDED, Outcome.LIVE):
                self._gone.discard(order_id)
                self.answered(order_id)
                await self._tell(self._order(order_id))
            elif outcome is Outcome.ABSENT and await self._resends.send_again(order_id):
                self.answered(order_id)

    async def _outcome(self, order_id: OrderId, doubt: _Doubt) -> Outcome:
        await self._know_cutoff()
        try:
            return await settle_order(
                order_id,
                desk=self._floor.desk,
                read=partial(self._readings.read, self._order(order_id).login_id),
                clock=self._floor.clock,
                cause=self._cause(order_id, doubt),
            )
        except AdapterError as error:
            log_event("not_settled", severity="WARNING", order=order_id, why=str(error))
            return Outcome.UNCLEAR

    async def _know_cutoff(self) -> None:
        """Read the entry cut-off once; without the database an end is settled without it."""
        if self._cutoff_at is None:
            with suppress(AdapterError):
                self._cutoff_at = self._floor.cutoff_at(await self._floor.controls.trading())

    def _cause(self, order_id: OrderId, doubt: _Doubt) -> EndCause:
        canceled = self._canceled.get(order_id)
        is_refused = doubt.code in REFUSALS and canceled is None
        if canceled is None and not is_refused and self._is_over(order_id):
            return EndCause(
                ended_by=OrderState.EXPIRED,
                reason=Reason.LIMIT_REACHED,
                detail="nobody worked it at the entry cut-off, and the broker ended it",
            )
        named = Reason.REJECTED_BY_BROKER if is_refused else Reason.CANCELED_AT_BROKER
        return EndCause(
            ended_by=OrderState.REJECTED if is_refused else OrderState.CANCELED,
            reason=canceled or named,
            detail=doubt.words,
        )

    def _is_over(self, order_id: OrderId) -> bool:
        """True for an opening after the entry cut-off: its end is what it was sent with."""
        is_opening = self._order(order_id).purpose is Purpose.OPEN
        return is_opening and self._cutoff_at is not None and self._now >= self._cutoff_at

    async def _give_up(self, order_id: OrderId) -> None:
        self.answered(order_id)
        order = self._order(order_id)
        if not order.is_terminal:
            self._floor.desk.put(unconfirmed(order, _UNKNOWN))
            await self._tell(self._order(order_id))

    async def _tell(self, order: Order) -> None:
        alert_type = _ALERTS.get(order.reason) if order.reason else None
        if order.state is OrderState.UNCONFIRMED:
            alert_type = AlertType.ORDER_UNCONFIRMED
        if alert_type is not None:
            words = f"order of {order.follower_id}: {order.detail}"
            await self._floor.alert_order(alert_type, order, words)

    def _order(self, order_id: OrderId) -> Order:
        return self._floor.desk.order(order_id)

    @property
    def _now(self) -> datetime:
        return self._floor.clock.now()


_ALERTS: dict[Reason, AlertType] = {
    Reason.REJECTED_BY_BROKER: AlertType.ORDER_REJECTED,
    Reason.CANCELED_AT_BROKER: AlertType.ORDER_REJECTED,
    Reason.NO_MARGIN: AlertType.NO_MARGIN,
}
