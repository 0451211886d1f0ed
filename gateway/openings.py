"""Openings: from planned orders to working ladders, advanced whenever something may have changed.

One look does all that is due: claim what is planned, ask for margins, release at the open.
Looks never overlap, and a second look over the same state changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.floor import TradingFloor
from gateway.ladders import Ladders
from gateway.refusals import refuse_all, skip_at_cutoff
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.followers import Follower, FollowerId, Login, LoginId, MarginPolicy
from shared.domain.ladder import PriceVerdict, first_rung, judge_price
from shared.domain.options import OptionContract
from shared.domain.orders import Order, OrderId, OrderState
from shared.domain.reasons import Reason
from shared.domain.signals import Signal
from shared.domain.trading_settings import TradingSettings
from shared.ports.stored import Stored
from shared.use_cases.check_margin import check_margin
from shared.use_cases.claim_orders import claim_orders
from shared.use_cases.release_orders import fair_order, reason_to_hold, release_orders
from shared.use_cases.work_order import send_first_rung

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

    def __init__(self, floor: TradingFloor, logins: dict[LoginId, Login], ladders: Ladders) -> None:
        self._floor = floor
        self._logins = logins
        self._ladders = ladders
        self._looking = asyncio.Lock()
        self._policies: dict[FollowerId, MarginPolicy] = {}
        self._unsent = ladders.unsent

    def has_unsent(self) -> bool:
        """Tell whether orders still wait for their release or their first send."""
        orders = self._floor.desk.orders()
        return bool(self._unsent) or any(order.state is OrderState.CLAIMED for order in orders)

    async def advance(self) -> None:
        """Do all that is due now."""
        async with self._looking:
            floor = self._floor
            signals = await floor.signals.active(floor.session.session_date)
            if not signals:
                return
            settings = await floor.controls.trading()
            await self._claim(signals, settings)
            for signal in signals:
                if await self._know_contracts(signal):
                    await self._check_margins(signal, settings)
                    await self._release(signal, settings)

    async def finish(self) -> None:
        """At the entry cut-off: skip what was never sent, each with its reason."""
        async with self._looking:
            floor = self._floor
            settings = await floor.controls.trading()
            signals = await floor.signals.active(floor.session.session_date)
            await self._claim(signals, settings)
            held = {
                signal.signal_id: reason
                for signal in signals
                if (reason := reason_to_hold(signal, settings)) is not None
            }
            await skip_at_cutoff(floor, list(self._logins), held, unsent=self._unsent)
            self._unsent.clear()

    async def _claim(self, signals: tuple[Signal, ...], settings: TradingSettings) -> None:
        floor = self._floor
        stored = await floor.orders.of_session(floor.session.session_date, list(self._logins))
        # A release found in the database alone was not sent: sends follow only its answer.
        news = floor.desk.adopt_news(stored)
        self._unsent.update(o.order_id for o in news if o.state is OrderState.RELEASING)
        planned = [item for item in stored if item.value.state is OrderState.PLANNED]
        if not planned:
            return
        followers = await floor.followers.all()
        self._policies = {f.follower_id: f.margin_policy for f in followers}
        await self._claim_planned(planned, signals, followers, settings)

    async def _claim_planned(
        self,
        planned: list[Stored[Order]],
        signals: tuple[Signal, ...],
        followers: tuple[Follower, ...],
        settings: TradingSettings,
    ) -> None:
        floor, ready = self._floor, self._floor.connections.ready()
        claims = await claim_orders(
            planned,
            orders=floor.orders,
            signals=signals,
            followers=followers,
            settings=settings,
            connected={login_id: self._logins[login_id] for login_id in ready},
            next_valid_ids={key: broker.next_valid_order_id() for key, broker in ready.items()},
            shard=floor.shard,
            token=floor.lease.token,
            now=floor.clock.now(),
        )
        floor.desk.adopt([*claims.claimed, *claims.mismatched])
        if claims.claimed:
            log_event("orders_claimed", orders=len(claims.claimed))
        for item in claims.mismatched:
            await self._alert_order(AlertType.PLAN_MISMATCH, item.value, item.value.detail)
        for order in claims.unreachable:
            why = floor.connections.why_not(order.login_id)
            words = f"{order.follower_id} cannot trade: {why}"
            await self._alert_order(
                AlertType.GATEWAY_UNREACHABLE, order, words, subject=order.login_id
            )

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
        await refuse_all(self._floor, signal, reason, alert_type, words, unsent=self._unsent)
        self._unsent.difference_update([order.order_id for order in self._unsent_of(signal)])

    async def _check_margins(self, signal: Signal, settings: TradingSettings) -> None:
        unchecked = [order for order in self._waiting(signal) if order.margin is None]
        checked = await asyncio.gather(*(self._checked(order, settings) for order in unchecked))
        if checked:
            refused = sum(order.reason is Reason.NO_MARGIN for order in checked)
            log_event("margins_checked", orders=len(checked), refused=refused)
        for order in checked:
            self._floor.desk.put(order)
            if order.reason is Reason.NO_MARGIN:
                words = f"{order.follower_id} does not trade: {order.detail}"
                await self._alert_order(AlertType.NO_MARGIN, order, words)

    async def _checked(self, order: Order, settings: TradingSettings) -> Order:
        try:
            return await check_margin(
                order,
                policy=self._policies.get(order.follower_id, MarginPolicy.REJECT),
                broker=self._floor.connections[order.login_id],
                settings=settings,
                now=self._floor.clock.now(),
            )
        except AdapterError as error:
            return replace(order, detail=str(error))

    async def _release(self, signal: Signal, settings: TradingSettings) -> None:
        floor, now = self._floor, self._floor.clock.now()
        waiting = [order for order in self._waiting(signal) if order.margin is not None]
        delay = timedelta(seconds=settings.release_delay_seconds)
        is_due = now >= floor.session.open_at + delay and floor.may_open()
        if not is_due or not (waiting or self._unsent_of(signal)):
            return
        if (hold := reason_to_hold(signal, settings)) is not None:
            await self._alert_hold(signal, hold)
            return
        if not await self._price_is_good(signal, settings):
            return
        await floor.desk.flush()
        waiting = [order for order in waiting if floor.desk.order(order.order_id) == order]
        _, released = await release_orders(
            [floor.desk.stored(order) for order in waiting],
            orders=floor.orders,
            shard=floor.shard,
            token=floor.lease.token,
            now=now,
        )
        # Orders may have been released although the switch then turned: they wait here.
        floor.desk.adopt(released)
        self._unsent.update(item.value.order_id for item in released)
        self._send(signal, settings)

    def _send(self, signal: Signal, settings: TradingSettings) -> None:
        """Price once, send everybody; nothing here waits, so nothing can come between.

        What cannot be sent now waits for the next look, until the entry cut-off.
        """
        market = self._floor.market(signal.spread.opening_legs, settings)
        if market is None:
            return
        limit = first_rung(market.mid, settings.ladder)
        sent: list[OrderId] = []
        for order in self._unsent_of(signal):
            ladder = self._ladders.floor_of(order, settings)
            if not (self._floor.may_open() and ladder.broker.is_connected):
                continue
            try:
                send_first_rung(order, limit, market, ladder)
            except AdapterError as error:
                log_event("not_sent", severity="WARNING", order=order.order_id, why=str(error))
                continue
            sent.append(order.order_id)
        self._unsent.difference_update(sent)
        if sent:
            log_event("orders_released", orders=len(sent), limit=str(limit))
            self._ladders.start(signal, sent, settings)

    def _unsent_of(self, signal: Signal) -> list[Order]:
        """Orders of a signal that are released and certainly not sent, in their fair order."""
        desk = self._floor.desk
        orders = [desk.order(order_id) for order_id in self._unsent]
        return fair_order([order for order in orders if order.signal_id == signal.signal_id])

    async def _price_is_good(self, signal: Signal, settings: TradingSettings) -> bool:
        spread = signal.spread
        market = self._floor.market(spread.opening_legs, settings)
        verdict = judge_price(market, width=spread.width, rules=settings.ladder)
        if verdict in _VERDICT_REASONS and market is not None:
            reason, alert_type = _VERDICT_REASONS[verdict]
            words = f"the spread's middle is {market.mid:.4f}, its width {spread.width}"
            await self._refuse(signal, reason, alert_type, words)
        return verdict is PriceVerdict.GOOD

    def _waiting(self, signal: Signal) -> list[Order]:
        return [
            order
            for order in self._floor.desk.orders()
            if order.signal_id == signal.signal_id and order.state is OrderState.CLAIMED
        ]

    async def _alert_order(
        self, alert_type: AlertType, order: Order, words: str, *, subject: str = ""
    ) -> None:
        await self._floor.raise_alert(
            alert_type,
            subject or order.follower_id,
            words,
            follower_id=order.follower_id,
            traceparent=order.traceparent,
        )

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
