"""Claiming: planned openings become ours, or are refused, each with a reason people can read."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.followers import Follower, FollowerId, Login, LoginId, MarginPolicy
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.reasons import Reason
from shared.domain.signals import Signal
from shared.domain.trading_settings import TradingSettings
from shared.ports.stored import Stored
from shared.use_cases.claim_orders import Claims, claim_orders

_ALERTS = {
    Reason.PLAN_MISMATCH: AlertType.PLAN_MISMATCH,
    Reason.ACCOUNT_NOT_OWNED: AlertType.ACCOUNT_NOT_OWNED,
}


class Claiming:
    """Claims planned openings.

    Args:
        floor: What the leader works with.
        logins: Logins of the shard.
    """

    def __init__(self, floor: TradingFloor, logins: Mapping[LoginId, Login]) -> None:
        self._floor = floor
        self._logins = logins
        self._policies: dict[FollowerId, MarginPolicy] = {}
        self._is_sure = False
        self._unreachable: set[OrderId] = set()

    def doubt(self) -> None:
        """Read every order at the next look: the answer to a write may have been lost."""
        self._is_sure = False

    def policy_of(self, follower_id: FollowerId) -> MarginPolicy:
        """What a follower wants where the margin does not carry his order."""
        return self._policies.get(follower_id, MarginPolicy.REJECT)

    async def claim(
        self, signals: tuple[Signal, ...], settings: TradingSettings
    ) -> tuple[Order, ...]:
        """Claim what is planned; returns orders whose release is found in the database alone.

        Those were not sent: sends follow only a release's answer.
        """
        floor = self._floor
        read = floor.orders.planned if self._is_sure else floor.orders.of_session
        stored = await read(floor.session.session_date, list(self._logins))
        self._is_sure = True
        openings = [item for item in stored if item.value.purpose is Purpose.OPEN]
        news = floor.desk.adopt_news(openings)
        planned = [item for item in openings if self._is_to_claim(item.value)]
        if planned:
            followers = await floor.followers.in_force(floor.session.session_date)
            self._policies = {f.follower_id: f.margin_policy for f in followers}
            await self._claim_planned(planned, signals, followers, settings)
        return tuple(order for order in news if order.state is OrderState.RELEASING)

    def _is_to_claim(self, order: Order) -> bool:
        """Tell whether a planned order is news, or its login has come since it was looked at."""
        is_news = order.order_id not in self._unreachable
        is_near = is_news or order.login_id in self._floor.connections.ready()
        return order.state is OrderState.PLANNED and is_near

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
            accounts={login_id: broker.accounts() for login_id, broker in ready.items()},
            next_valid_ids={key: broker.next_valid_order_id() for key, broker in ready.items()},
            shard=floor.shard,
            token=floor.lease.token,
            now=floor.clock.now(),
        )
        floor.desk.adopt([*claims.claimed, *claims.refused])
        self._unreachable.update(order.order_id for order in claims.unreachable)
        if claims.claimed:
            log_event("orders_claimed", orders=len(claims.claimed))
        await self._tell(claims)

    async def _tell(self, claims: Claims) -> None:
        floor = self._floor
        for item in claims.refused:
            order = item.value
            log_event("order_refused", order=order.order_id, reason=str(order.reason))
            if order.reason is not None and order.reason in _ALERTS:
                words = f"{order.follower_id} does not trade: {order.detail}"
                await floor.alert_order(_ALERTS[order.reason], order, words)
        for order in claims.unreachable:
            why = floor.connections.why_not(order.login_id)
            await floor.raise_alert(
                AlertType.GATEWAY_UNREACHABLE,
                order.login_id,
                f"{order.follower_id} cannot trade: {why}",
                follower_id=order.follower_id,
                traceparent=order.traceparent,
            )
