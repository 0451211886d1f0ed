"""Ladders: every released order worked side by side, and ended by the broker's own books."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta

from gateway.floor import TradingFloor
from shared.adapters.json_log import log_error, log_event
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.reasons import Reason
from shared.domain.signals import Signal
from shared.domain.trading_settings import TradingSettings
from shared.use_cases.settle_order import settle_order
from shared.use_cases.work_order import Floor, LadderEnd, broker_ids, work_order

REFUSALS = frozenset({110, 200, 201, 203, 321, 478})
"""IBKR's codes by which a new order is refused outright: off tick, no such contract, rejected,
not allowed for the account, not valid, contradicting its contract id."""

_CANCEL_SECONDS = 10
_SWITCH_SECONDS = 0.5


class Ladders:
    """Works released orders.

    Args:
        floor: What the leader works with.
        tasks: Where the work is supervised.
    """

    def __init__(self, floor: TradingFloor, tasks: asyncio.TaskGroup) -> None:
        self.unsent: set[OrderId] = set()
        """Orders that we released, and certainly have not sent."""
        self._floor = floor
        self._tasks = tasks
        self._canceled: dict[OrderId, Reason] = {}
        self._attended: set[OrderId] = set()
        self._canceling: set[OrderId] = set()

    def floor_of(self, order: Order, settings: TradingSettings) -> Floor:
        """What one order's ladder needs."""
        floor = self._floor
        return Floor(
            desk=floor.desk,
            broker=floor.connections[order.login_id],
            clock=floor.clock,
            rules=settings.ladder,
            market=lambda: floor.market(order.legs, settings),
            may_open=floor.may_open,
            cutoff_at=floor.cutoff_at(settings),
        )

    def start(
        self, signal: Signal, order_ids: Sequence[OrderId], settings: TradingSettings
    ) -> None:
        """Work orders whose first rung was sent, and tell of those that did not fill."""
        self._tasks.create_task(self._work_all(signal, order_ids, settings))

    def was_canceled(self, order_id: OrderId) -> Reason | None:
        """Say why we asked for an order's cancel; None where we did not."""
        return self._canceled.get(order_id)

    def is_unsent(self, order: Order) -> bool:
        """Tell whether an order that is released was certainly not sent.

        A limit is kept before it is sent, so what we work and has no limit was not sent by us.
        """
        return order.order_id in self.unsent or (
            order.order_id in self._attended
            and order.state is OrderState.RELEASING
            and not order.rungs
        )

    def take_up(self, settings: TradingSettings) -> None:
        """Work every live opening that nobody works: a leader before us left it, or it was lost.

        Its ladder goes on from the rung it stands at; past its end, what is left is canceled.
        """
        for order in self._working_openings():
            if order.order_id not in self._attended:
                walk = self._walk(order.order_id, settings)
                self._tasks.create_task(self.attend(order.order_id, walk))

    async def cancel_where_forbidden(self) -> None:
        """Cancel working openings as soon as the kill switch leaves normal, for ever.

        It looks on the machine's clock, like the switch itself: market time may stand still.
        """
        while True:
            await asyncio.sleep(_SWITCH_SECONDS)
            if self._floor.kill_switch.mode().may_open:
                continue
            for order in self._working_openings():
                if order.order_id not in self._canceling:
                    cancel = self.cancel(order.order_id, Reason.TRADING_HALTED)
                    self._tasks.create_task(self.attend(order.order_id, cancel))

    async def attend(self, order_id: OrderId, work: Coroutine[object, object, None]) -> None:
        """See one order's work through; what goes wrong with it is told and stays with it."""
        self._attended.add(order_id)
        (failure,) = await asyncio.gather(work, return_exceptions=True)
        self._attended.discard(order_id)
        if isinstance(failure, Exception):
            log_error("order_work_failed", failure, order=order_id)
            order = self._floor.desk.order(order_id)
            words = f"the work on the order of {order.follower_id} failed: {failure}"
            await self._alert(AlertType.ORDER_UNCONFIRMED, order, words)

    def _working_openings(self) -> list[Order]:
        return [
            order
            for order in self._floor.desk.orders()
            if order.purpose is Purpose.OPEN and order.state is OrderState.WORKING
        ]

    async def _work_all(
        self, signal: Signal, order_ids: Sequence[OrderId], settings: TradingSettings
    ) -> None:
        walks = [self.attend(key, self._walk(key, settings)) for key in order_ids]
        await asyncio.gather(*walks)
        ended = [self._floor.desk.order(key) for key in order_ids]
        short = [order for order in ended if order.reason is Reason.LIMIT_REACHED]
        filled = sum(order.state is OrderState.FILLED for order in ended)
        log_event("ladders_ended", orders=len(ended), filled=filled)
        if short:
            names = ", ".join(sorted(order.follower_id for order in short)[:10])
            words = (
                f"the ladder ended before {len(short)} of {len(ended)} orders were filled: "
                f"{names}{' and others' if len(short) > 10 else ''}"
            )
            await self._floor.raise_alert(
                AlertType.LIMIT_REACHED, signal.signal_id, words, traceparent=signal.traceparent
            )

    async def _walk(self, order_id: OrderId, settings: TradingSettings) -> None:
        order = self._floor.desk.order(order_id)
        if not order.rungs:
            # Sent by an earlier leader that died before it could write its limit down.
            await self.cancel(order_id, Reason.LIMIT_REACHED)
            return
        match await work_order(order_id, self.floor_of(order, settings)):
            case LadderEnd.FINISHED:
                return
            case LadderEnd.USED_UP:
                await self.cancel(order_id, Reason.LIMIT_REACHED)
            case LadderEnd.FORBIDDEN:
                await self.cancel(order_id, Reason.TRADING_HALTED)

    async def cancel(self, order_id: OrderId, reason: Reason) -> None:
        """Ask for a cancel and see it through: a cancel is a request, the books decide.

        A request that came to nothing is repeated until the session's close ends the order.
        """
        if order_id in self._canceling:
            return
        self._canceling.add(order_id)
        self._canceled.setdefault(order_id, reason)
        try:
            while self._floor.clock.now() < self._floor.session.close_at:
                await self._cancel_once(order_id)
                if self._floor.desk.order(order_id).state not in _CANCELABLE:
                    return
        finally:
            self._canceling.discard(order_id)

    async def _cancel_once(self, order_id: OrderId) -> None:
        desk, clock = self._floor.desk, self._floor.clock
        until = clock.now() + timedelta(seconds=_CANCEL_SECONDS)
        if not self._ask_to_cancel(desk.order(order_id)):
            await clock.sleep_until(until)
        while not desk.order(order_id).is_terminal and await desk.changed(order_id, until):
            pass
        if not desk.order(order_id).is_terminal:
            words = _CANCEL_WORDS.get(self._canceled[order_id], "the ladder ended")
            await self.settle(order_id, words)

    def _ask_to_cancel(self, order: Order) -> bool:
        """Send a cancel; False where no connection or lease let it out."""
        if not self._floor.lease.stands():
            return False
        try:
            self._floor.connections[order.login_id].cancel(broker_ids(order))
        except AdapterError:
            return False
        return True

    async def settle(self, order_id: OrderId, words: str, code: int = 0) -> None:
        """End an order if the broker's books say so; page where they do not tell its outcome.

        Books that cannot be read conclude nothing: the order is looked at again when its login
        has come back, and every minute.
        """
        floor, order = self._floor, self._floor.desk.order(order_id)
        canceled = self.was_canceled(order_id)
        rejected = code in REFUSALS and canceled is None
        try:
            settled = await settle_order(
                order_id,
                desk=floor.desk,
                broker=floor.connections[order.login_id],
                clock=floor.clock,
                ended_by=OrderState.REJECTED if rejected else OrderState.CANCELED,
                reason=canceled
                or (Reason.REJECTED_BY_BROKER if rejected else Reason.CANCELED_AT_BROKER),
                detail=words,
            )
        except AdapterError as error:
            log_event("not_settled", severity="WARNING", order=order_id, why=str(error))
            return
        await self._tell(settled)

    async def _tell(self, order: Order) -> None:
        alert_type = _ALERTS.get(order.reason) if order.reason else None
        if order.state is OrderState.UNCONFIRMED:
            alert_type = AlertType.ORDER_UNCONFIRMED
        if alert_type is not None:
            await self._alert(alert_type, order, f"order of {order.follower_id}: {order.detail}")

    async def _alert(self, alert_type: AlertType, order: Order, words: str) -> None:
        await self._floor.raise_alert(
            alert_type,
            order.follower_id,
            words,
            follower_id=order.follower_id,
            traceparent=order.traceparent,
        )


_CANCELABLE = frozenset({OrderState.RELEASING, OrderState.WORKING})
_CANCEL_WORDS = {
    Reason.TRADING_HALTED: "the kill switch or the lease let the ladder go no further",
}
_ALERTS: dict[Reason, AlertType] = {
    Reason.REJECTED_BY_BROKER: AlertType.ORDER_REJECTED,
    Reason.CANCELED_AT_BROKER: AlertType.ORDER_REJECTED,
    Reason.NO_MARGIN: AlertType.NO_MARGIN,
}
