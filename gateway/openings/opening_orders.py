"""Openings: from planned orders to working ladders, advanced whenever something may have changed.

One look does all that is due: claim what is planned, ask for margins, release at the open.
Looks never overlap, and a second look over the same state changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from gateway.floor import TradingFloor
from gateway.openings.claiming import Claiming
from gateway.openings.ladders import Ladders
from gateway.openings.margins import check_margins
from gateway.openings.refusals import refuse_all, refuse_barred, refuse_late, skip_at_cutoff
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from shared.domain.ladder import PriceVerdict, first_rung, judge_price
from shared.domain.options import OptionContract
from shared.domain.orders import Order, OrderState, Purpose
from shared.domain.planning import fair_order
from shared.domain.quotes import NetQuote
from shared.domain.reasons import Reason
from shared.domain.signals import Signal
from shared.domain.trading_settings import TradingSettings
from shared.use_cases.release_orders import reason_to_hold, release_orders
from shared.use_cases.work_order import Floor, send_first_rung

_VERDICT_REASONS = {
    PriceVerdict.MID_TOO_LOW: (Reason.MID_TOO_LOW, AlertType.MID_TOO_LOW),
    PriceVerdict.MID_TOO_HIGH: (Reason.MID_TOO_HIGH, AlertType.MID_TOO_HIGH),
}


class Openings:
    """The opening orders of one session.

    Args:
        floor: What the leader works with.
        logins: Logins of the shard.
        ladders: Works what was released.
    """

    def __init__(
        self, floor: TradingFloor, logins: Mapping[LoginId, Login], ladders: Ladders
    ) -> None:
        self._floor = floor
        self._logins = logins
        self._ladders = ladders
        self._looking = asyncio.Lock()
        self._claiming = Claiming(floor, logins)
        self._unsent = ladders.unsent

    def has_unsent(self) -> bool:
        """Tell whether orders still wait for their release or their first send."""
        return any(
            order.purpose is Purpose.OPEN
            and (order.state is OrderState.CLAIMED or order.order_id in self._unsent)
            for order in self._floor.desk.orders()
        )

    async def advance(self) -> None:
        """Do all that is due now."""
        async with self._looking:
            try:
                await self._look()
            except AdapterError:
                self._claiming.doubt()
                raise

    async def _look(self) -> None:
        floor = self._floor
        signals = await floor.signals.active(floor.session.session_date)
        if not signals:
            return
        settings = await floor.controls.trading()
        await self._claim(signals, settings)
        for signal in signals:
            if await self._know_contracts(signal):
                await check_margins(floor, self._waiting(signal), settings, self._claiming)
                await self._release(signal, settings)

    async def finish(self) -> None:
        """At the entry cut-off: skip what was never sent, each with its reason."""
        async with self._looking:
            floor = self._floor
            self._claiming.doubt()
            settings = await floor.controls.trading()
            signals = await floor.signals.active(floor.session.session_date)
            await self._claim(signals, settings)
            held = {
                signal.signal_id: reason
                for signal in signals
                if (reason := reason_to_hold(signal, settings)) is not None
            }
            await skip_at_cutoff(floor, list(self._logins), held, unsent=self._unsent)

    async def _claim(self, signals: tuple[Signal, ...], settings: TradingSettings) -> None:
        for order in await self._claiming.claim(signals, settings):
            self._unsent[order.order_id] = ""

    async def _know_contracts(self, signal: Signal) -> bool:
        """Look the legs up once, on the first ready login that answers, and teach the others."""
        contracts = [leg.contract for leg in signal.spread.opening_legs]
        for broker in self._floor.connections.ready().values():
            try:
                unknown = await broker.resolve(signal.ticker, contracts)
                if not unknown:
                    await broker.watch(signal.ticker, contracts)
            except AdapterError as error:
                log_event("not_looked_up", severity="WARNING", why=str(error))
                continue
            for other in self._floor.connections.ready().values():
                other.learn_from(broker)
            return not unknown or await self._refuse_unknown(signal, unknown)
        return False

    async def _refuse_unknown(self, signal: Signal, unknown: Sequence[OptionContract]) -> bool:
        names = ", ".join(contract.key for contract in unknown)
        words = f"the broker does not know {names}"
        await self._refuse(signal, Reason.CONTRACT_UNKNOWN, AlertType.CONTRACT_UNKNOWN, words)
        return False

    async def _refuse(
        self, signal: Signal, reason: Reason, alert_type: AlertType, words: str
    ) -> None:
        unsent = [order.order_id for order in self._unsent_of(signal)]
        await refuse_all(self._floor, signal, reason, alert_type, words, unsent=unsent)
        for order_id in unsent:
            self._unsent.pop(order_id, None)

    async def _release(self, signal: Signal, settings: TradingSettings) -> None:
        floor, now = self._floor, self._floor.clock.now()
        is_due = now >= release_at(floor.session.open_at, settings) and floor.may_open()
        if not is_due or not (self._checked(signal) or self._unsent_of(signal)):
            return
        if (hold := reason_to_hold(signal, settings)) is not None:
            await self._alert_hold(signal, hold)
            return
        market = await self._good_market(signal, settings)
        if market is None:
            return
        if self._checked(signal):
            await refuse_barred(floor, self._checked(signal))
            refuse_late(floor, self._checked(signal), market, self._ladders.rules_book(settings))
            await self._release_checked(signal)
        self._send(signal, settings)

    async def _release_checked(self, signal: Signal) -> None:
        floor = self._floor
        await floor.desk.flush()
        _, released = await release_orders(
            [floor.desk.stored(order) for order in self._checked(signal)],
            orders=floor.orders,
            shard=floor.shard,
            token=floor.lease.token,
            now=floor.clock.now(),
        )
        # Orders may have been released although the switch then turned: they wait here.
        floor.desk.adopt(released)
        self._unsent.update({item.value.order_id: "" for item in released})

    def _send(self, signal: Signal, settings: TradingSettings) -> None:
        """Price once, send everybody; nothing here waits, so nothing can come between.

        What cannot be sent now waits for the next look, until the entry cut-off.
        """
        market = self._floor.market(signal.spread.opening_legs, settings)
        if market is None:
            return
        orders = self._unsent_of(signal)
        floors = self._ladders.floors_of(orders, settings)
        sent = [order for order in orders if self._send_one(order, market, floors[order.order_id])]
        for order in sent:
            del self._unsent[order.order_id]
        if sent:
            limit = first_rung(market.mid, settings.ladder)
            log_event("orders_released", orders=len(sent), limit=str(limit))
            self._ladders.start(signal, {order.order_id: floors[order.order_id] for order in sent})

    def _send_one(self, order: Order, market: NetQuote, ladder: Floor) -> bool:
        if not (self._floor.may_open() and ladder.broker.is_connected):
            return False
        try:
            send_first_rung(order, first_rung(market.mid, ladder.rules), market, ladder)
        except AdapterError as error:
            log_event("not_sent", severity="WARNING", order=order.order_id, why=str(error))
            self._unsent[order.order_id] = str(error)
            return False
        return True

    def _unsent_of(self, signal: Signal) -> list[Order]:
        """Openings of a signal that are released and certainly not sent, in their fair order."""
        orders = [self._floor.desk.order(order_id) for order_id in self._unsent]
        return fair_order(
            order
            for order in orders
            if order.signal_id == signal.signal_id and order.purpose is Purpose.OPEN
        )

    async def _good_market(self, signal: Signal, settings: TradingSettings) -> NetQuote | None:
        """The market to open at; None, and everybody refused, where its price is out of bounds."""
        spread = signal.spread
        market = self._floor.market(spread.opening_legs, settings)
        verdict = judge_price(market, width=spread.width, rules=settings.ladder)
        if verdict in _VERDICT_REASONS and market is not None:
            reason, alert_type = _VERDICT_REASONS[verdict]
            words = f"the spread's middle is {market.mid:.4f}, its width {spread.width}"
            await self._refuse(signal, reason, alert_type, words)
        return market if verdict is PriceVerdict.GOOD else None

    def _waiting(self, signal: Signal) -> list[Order]:
        return [
            order
            for order in self._floor.desk.orders()
            if order.signal_id == signal.signal_id
            and order.purpose is Purpose.OPEN
            and order.state is OrderState.CLAIMED
        ]

    def _checked(self, signal: Signal) -> list[Order]:
        """Claimed openings whose margin fits."""
        return [order for order in self._waiting(signal) if order.margin is not None]

    async def _alert_hold(self, signal: Signal, reason: Reason) -> None:
        if reason is Reason.SIGNAL_UNVERIFIED:
            words = "the sheet was not read again after 09:28:50; nothing is released until it is"
            await self._floor.raise_alert(
                AlertType.SIGNAL_UNVERIFIED,
                signal.signal_id,
                words,
                traceparent=signal.traceparent,
            )


def release_at(open_at: datetime, settings: TradingSettings) -> datetime:
    """When orders are released (UTC)."""
    return open_at + timedelta(seconds=settings.release_delay_seconds)
