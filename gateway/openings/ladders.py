"""Ladders: every released order worked side by side, and ended by the broker's own books."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from gateway.floor import TradingFloor
from gateway.openings.ladder_floors import LadderFloors, RulesBook, rules_book
from gateway.outcomes.excesses import Excesses
from gateway.outcomes.readings import Readings
from gateway.outcomes.replacements import Replacements
from gateway.outcomes.resends import Resends
from gateway.outcomes.settlements import Settlements
from shared.adapters.json_log import log_error, log_event
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from shared.domain.orders import Order, OrderId, OrderState, Purpose, moved
from shared.domain.reasons import Reason
from shared.domain.signals import Signal
from shared.domain.trading_settings import TradingSettings
from shared.use_cases.reconcile_login import Reconciled
from shared.use_cases.work_order import Floor, LadderEnd, broker_ids, work_order

_CANCEL_SECONDS = 10
_SWITCH_SECONDS = 0.5


class Ladders:
    """Works released orders.

    Args:
        floor: What the leader works with.
        tasks: Where the work is supervised.
        logins: Logins of the shard.
    """

    def __init__(
        self,
        floor: TradingFloor,
        tasks: asyncio.TaskGroup,
        logins: Mapping[LoginId, Login] | None = None,
    ) -> None:
        self.unsent: dict[OrderId, str] = {}
        """Orders that are released and certainly not sent, with what withheld them."""
        self.gone: set[OrderId] = set()
        """Orders whose end the broker has told; only its books make it true."""
        self._floor = floor
        self._tasks = tasks
        self._logins = logins or {}
        self._canceled: dict[OrderId, Reason] = {}
        self._attended: Counter[OrderId] = Counter()
        self._canceling: set[OrderId] = set()
        self._settling: set[OrderId] = set()
        self._excesses = Excesses(floor)
        self._readings = readings = Readings(floor, self._excesses, self.gone)
        self._replacements = Replacements(floor, readings, self.floor_of, self._canceled)
        self._floors = LadderFloors(floor, self._replacements.under_way, self._doubt)
        self.resends = Resends(floor, self.floor_of, self._canceled, self.unsent)
        self._settlements = Settlements(
            floor, readings, self.resends, self._canceled, self.gone, tasks
        )

    def floor_of(self, order: Order, settings: TradingSettings) -> Floor:
        """What one order's ladder needs."""
        return self._floors.of(order, self.rules_book(settings))

    def floors_of(self, orders: Sequence[Order], settings: TradingSettings) -> dict[OrderId, Floor]:
        """What each order's ladder needs, all of them at one instant."""
        book = self.rules_book(settings)
        return {order.order_id: self._floors.of(order, book) for order in orders}

    def rules_book(self, settings: TradingSettings) -> RulesBook:
        """The ladder's rules for every order, as things stand now."""
        return rules_book(self._floor.desk.orders(), settings)

    def start(self, signal: Signal, ladders: Mapping[OrderId, Floor]) -> None:
        """Work orders whose first rung was sent, and tell of those that did not fill."""
        self._tasks.create_task(self._work_all(signal, ladders))

    def is_unsent(self, order: Order) -> bool:
        """Tell whether an order that is released was certainly not sent.

        A limit is kept before it is sent, so what we work and has no limit was not sent by us.
        """
        is_ours = order.order_id in self.unsent or self._attended[order.order_id] > 0
        return is_ours and order.state is OrderState.RELEASING and not order.rungs

    def take_back(self, order_id: OrderId, why: str) -> None:
        """Take in that what we sent last of an order was withheld in the end.

        A first limit leaves an unsent order; a later one leaves the limit before it.
        """
        order = self._floor.desk.order(order_id)
        if not order.rungs or order.is_terminal:
            return
        *before, last = order.rungs
        if before and last.sent:
            kept = replace(last, limit=before[-1].limit, sent=False)
            self._floor.desk.put(replace(order, rungs=(*before, kept)))
        elif not (before or order.was_acknowledged or self.resends.was_sent_again(order_id)):
            self._take_back_whole(replace(order, rungs=()), why)

    def _take_back_whole(self, order: Order, why: str) -> None:
        reason = self._canceled.get(order.order_id)
        if reason is None:
            self.unsent[order.order_id] = why
            self._floor.desk.put(order)
            return
        ended = replace(
            moved(order, OrderState.SKIPPED),
            reason=reason,
            detail=why,
            finished_at=self._floor.clock.now(),
        )
        self._floor.desk.put(ended)

    def is_replaced(self, order_id: OrderId) -> bool:
        """Tell whether an order's broker order is being replaced: its end is then no end."""
        return order_id in self._replacements.under_way

    def acknowledged(self, order_id: OrderId) -> None:
        """Take in that the broker has told that an order lives."""
        self.gone.discard(order_id)
        self._settlements.answered(order_id)

    def take_up(self, settings: TradingSettings) -> None:
        """Work every live opening that nobody works: a leader before us left it, or it was lost.

        Its ladder goes on from the rung it stands at; past its end, what is left is canceled.
        """
        for order in self._openings(OrderState.WORKING):
            if not self._attended[order.order_id]:
                walk = self._walk(order.order_id, self.floor_of(order, settings))
                self._tasks.create_task(self.attend(order.order_id, walk))

    async def take_in(self, found: Reconciled) -> None:
        """See to what a reconciliation found: doubts, second broker orders, excess fills."""
        for stray in found.strays[:1]:
            self.look_for_strays_soon(stray.order_id)
        for order in self._floor.desk.orders():
            await self._excesses.close(order)
        for order in found.doubtful:
            is_seen_to = self.is_unsent(order) or self.is_replaced(order.order_id)
            if not is_seen_to and not self._settlements.is_asked(order.order_id):
                self.settle_soon(order.order_id, "not among the broker's open orders")

    def take_fill_soon(self, order_id: OrderId) -> None:
        """See to an order of which more filled than was ordered."""
        work = self._excesses.close(self._floor.desk.order(order_id))
        self._tasks.create_task(self._see_through(order_id, work))

    def look_for_strays_soon(self, order_id: OrderId) -> None:
        """Have the books say whether a broker order lives that no order of ours may have.

        Every reading cancels what it shows of them.
        """
        work = self._read_books_of(order_id)
        self._tasks.create_task(self._see_through(order_id, work))

    async def _read_books_of(self, order_id: OrderId) -> None:
        try:
            await self._readings.read(self._floor.desk.order(order_id).login_id)
        except AdapterError as error:
            log_event("books_not_read", severity="WARNING", order=order_id, why=str(error))

    def settle_soon(self, order_id: OrderId, words: str, code: int = 0) -> None:
        """Ask the broker's books about an order, beside everything else; once at a time."""
        if order_id not in self._settling:
            self._settling.add(order_id)
            work = self._settle_beside(order_id, words, code)
            self._tasks.create_task(self._see_through(order_id, work))

    async def _settle_beside(self, order_id: OrderId, words: str, code: int) -> None:
        try:
            await self.settle(order_id, words, code)
        finally:
            self._settling.discard(order_id)

    async def settle(self, order_id: OrderId, words: str, code: int = 0) -> None:
        """End an order if the broker's books say so; page where they do not tell its outcome."""
        if self.is_replaced(order_id):
            self._replacements.told_end(order_id)
        else:
            await self._settlements.settle(order_id, words, code)

    def replace_soon(self, order_id: OrderId, words: str) -> None:
        """Go on behind a new broker order: the present one cannot be modified any more."""
        if not self.is_replaced(order_id):
            work = self._replace(order_id, words)
            self._tasks.create_task(self._see_through(order_id, work))

    async def _replace(self, order_id: OrderId, words: str) -> None:
        login = self._logins.get(self._floor.desk.order(order_id).login_id)
        try:
            if login is not None and await self._replacements.replace(order_id, login):
                return
        except AdapterError as error:
            log_event("not_replaced", severity="WARNING", order=order_id, why=str(error))
        await self.settle(order_id, words)

    def _doubt(self, order_id: OrderId) -> None:
        if not self._settlements.is_asked(order_id):
            self.settle_soon(order_id, "the broker did not acknowledge it")

    async def cancel_where_forbidden(self) -> None:
        """Cancel sent openings as soon as the kill switch leaves normal, for ever.

        It looks on the machine's clock, like the switch itself: market time may stand still.
        """
        while True:
            await asyncio.sleep(_SWITCH_SECONDS)
            if self._floor.kill_switch.mode().may_open:
                continue
            for order in self._openings(OrderState.WORKING, OrderState.RELEASING):
                if order.rungs and order.order_id not in self._canceling:
                    cancel = self.cancel(order.order_id, Reason.TRADING_HALTED)
                    self._tasks.create_task(self.attend(order.order_id, cancel))

    async def attend(self, order_id: OrderId, work: Coroutine[object, object, None]) -> None:
        """Work an order; nobody else takes it up meanwhile."""
        self._attended[order_id] += 1
        try:
            await self._see_through(order_id, work)
        finally:
            self._attended[order_id] -= 1

    async def _see_through(self, order_id: OrderId, work: Coroutine[object, object, None]) -> None:
        """See one order's work through; what goes wrong with it is told and stays with it."""
        (failure,) = await asyncio.gather(work, return_exceptions=True)
        if isinstance(failure, Exception):
            log_error("order_work_failed", failure, order=order_id)
            order = self._floor.desk.order(order_id)
            words = f"the work on the order of {order.follower_id} failed: {failure}"
            await self._floor.alert_order(AlertType.ORDER_UNCONFIRMED, order, words)

    def _openings(self, *states: OrderState) -> list[Order]:
        return [
            order
            for order in self._floor.desk.orders()
            if order.purpose is Purpose.OPEN and order.state in states
        ]

    async def _work_all(self, signal: Signal, ladders: Mapping[OrderId, Floor]) -> None:
        walks = [self.attend(key, self._walk(key, ladder)) for key, ladder in ladders.items()]
        await asyncio.gather(*walks)
        ended = [self._floor.desk.order(key) for key in ladders]
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

    async def _walk(self, order_id: OrderId, ladder: Floor) -> None:
        if not self._floor.desk.order(order_id).rungs:
            # Sent by an earlier leader that died before it could write its limit down.
            await self.cancel(order_id, Reason.LIMIT_REACHED)
            return
        match await work_order(order_id, ladder):
            case LadderEnd.FINISHED | LadderEnd.UNSENT:
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


_CANCELABLE = frozenset({OrderState.RELEASING, OrderState.WORKING})
_CANCEL_WORDS = {
    Reason.TRADING_HALTED: "the kill switch or the lease let the ladder go no further",
}
