"""Claim planned orders: check each against our own plan, then make its broker ids durable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.followers import Follower, Login, LoginId
from shared.domain.orders import Order, OrderState, moved
from shared.domain.planning import plan_opening, plans_agree
from shared.domain.reasons import Reason
from shared.domain.signals import Signal, SignalState
from shared.domain.trading_settings import TradingSettings
from shared.ports.orders import LeaderOrders
from shared.ports.stored import Stored


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What came of a look at the planned orders.

    Attributes:
        claimed: Orders that are ours now.
        mismatched: Orders refused because we would have planned otherwise.
        unreachable: Planned orders whose login is not connected; they stay planned.
    """

    claimed: tuple[Stored[Order], ...]
    mismatched: tuple[Stored[Order], ...]
    unreachable: tuple[Order, ...]


async def claim_orders(
    planned: Sequence[Stored[Order]],
    *,
    orders: LeaderOrders,
    signals: Sequence[Signal],
    followers: Sequence[Follower],
    settings: TradingSettings,
    connected: Mapping[LoginId, Login],
    next_valid_ids: Mapping[LoginId, int],
    shard: int,
    token: int,
    now: datetime,
) -> Claims:
    """Claim what was planned as we would have planned it.

    Nobody's plan is trusted: signal, follower and settings are our own reading, and an order
    that differs from the plan computed from them is skipped as PLAN_MISMATCH.

    Args:
        planned: Orders in the state planned.
        orders: Where they are kept.
        signals: Active signals of the session.
        followers: Every follower.
        settings: Settings as read now.
        connected: Logins that may trade now.
        next_valid_ids: Least unused order id per connected login.
        shard: Our shard.
        token: Our fencing token.
        now: Market time (UTC).
    """
    tradable = {s.signal_id: s for s in signals if s.state is SignalState.ACTIVE}
    by_id = {follower.follower_id: follower for follower in followers}
    ours: list[Stored[Order]] = []
    refused: list[Stored[Order]] = []
    unreachable: list[Order] = []
    for stored in planned:
        order, signal = stored.value, tradable.get(stored.value.signal_id)
        if signal is None:
            continue
        if not _is_our_plan(order, signal, by_id.get(order.follower_id), settings):
            refused.append(replace(stored, value=_mismatched(order, token, now)))
        elif order.login_id not in connected:
            unreachable.append(order)
        else:
            ours.append(replace(stored, value=replace(order, claimed_at=now)))
    claimed_now = await orders.claim(
        ours, logins=connected, next_valid_ids=next_valid_ids, shard=shard, token=token
    )
    return Claims(
        claimed=claimed_now,
        mismatched=await orders.save_all(refused),
        unreachable=tuple(unreachable),
    )


def _is_our_plan(
    order: Order, signal: Signal, follower: Follower | None, settings: TradingSettings
) -> bool:
    if follower is None:
        return False
    return plans_agree(order, plan_opening(signal, follower, settings, now=order.planned_at))


def _mismatched(order: Order, token: int, now: datetime) -> Order:
    return replace(
        moved(order, OrderState.SKIPPED),
        reason=Reason.PLAN_MISMATCH,
        detail="the planned order differs from what signal, follower and settings give",
        fencing_token=token,
        finished_at=now,
    )
