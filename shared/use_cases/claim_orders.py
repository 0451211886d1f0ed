"""Claim planned orders: check each against our own plan, then make its broker ids durable."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.followers import AccountId, Follower, Login, LoginId
from shared.domain.orders import Order, OrderState, moved
from shared.domain.planning import draw, plan_book, plans_agree
from shared.domain.reasons import Reason
from shared.domain.signals import Signal, SignalState
from shared.domain.trading_settings import TradingSettings
from shared.ports.orders import LeaderOrders
from shared.ports.stored import Stored

_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What came of a look at the planned orders.

    Attributes:
        claimed: Orders that are ours now.
        refused: Orders skipped, each with its reason: we would have planned otherwise, its
            follower is gone, its account is none of its login's.
        unreachable: Planned orders whose login is not connected; they stay planned.
    """

    claimed: tuple[Stored[Order], ...]
    refused: tuple[Stored[Order], ...]
    unreachable: tuple[Order, ...]


async def claim_orders(
    planned: Sequence[Stored[Order]],
    *,
    orders: LeaderOrders,
    signals: Sequence[Signal],
    followers: Sequence[Follower],
    settings: TradingSettings,
    connected: Mapping[LoginId, Login],
    accounts: Mapping[LoginId, Collection[AccountId]],
    next_valid_ids: Mapping[LoginId, int],
    shard: int,
    token: int,
    now: datetime,
) -> Claims:
    """Claim what was planned as we would have planned it.

    Nobody's plan is trusted: signal, follower and settings are our own reading, and an order
    that differs from the plan computed from them is skipped as PLAN_MISMATCH. What is wrong with
    one order holds up no other.

    Args:
        planned: Orders in the state planned.
        orders: Where they are kept.
        signals: Active signals of the session.
        followers: Every follower.
        settings: Settings as read now.
        connected: Logins that may trade now.
        accounts: Accounts that each of them carries.
        next_valid_ids: Least unused order id per connected login.
        shard: Our shard.
        token: Our fencing token.
        now: Market time (UTC).
    """
    tradable = {s.signal_id: s for s in signals if s.state is SignalState.ACTIVE}
    book = {
        plan.order_id: plan
        for signal in tradable.values()
        for plan in plan_book(signal, followers, settings, now=now)
    }
    is_capped = settings.book_max_contracts is not None
    ours: list[Stored[Order]] = []
    refused: list[Stored[Order]] = []
    unreachable: list[Order] = []
    for stored in planned:
        order = stored.value
        if order.signal_id not in tradable:
            continue
        wrong = _what_is_wrong(order, book.get(order.order_id), accounts, is_capped=is_capped)
        if wrong is not None:
            refused.append(replace(stored, value=_refused(order, *wrong, token, now)))
        elif order.login_id not in connected:
            unreachable.append(order)
        else:
            ours.append(replace(stored, value=replace(order, claimed_at=now)))
    # Ids in the order they will be sent: IBKR refuses one below an id it has seen (103).
    ours.sort(key=lambda stored: draw(stored.value))
    claimed_now = await orders.claim(
        ours, logins=connected, next_valid_ids=next_valid_ids, shard=shard, token=token
    )
    return Claims(
        claimed=claimed_now,
        refused=await orders.save_all(refused),
        unreachable=tuple(unreachable),
    )


def _what_is_wrong(
    order: Order,
    ours: Order | None,
    accounts: Mapping[LoginId, Collection[AccountId]],
    *,
    is_capped: bool,
) -> tuple[Reason, str] | None:
    if ours is None:
        return Reason.PLAN_MISMATCH, "no follower on file would be planned this order"
    if not plans_agree(order, ours, is_capped=is_capped):
        return Reason.PLAN_MISMATCH, (
            "the planned order differs from what signal, follower and settings give"
        )
    carried = accounts.get(order.login_id)
    if carried is not None and order.account_id not in carried:
        names = ", ".join(sorted(carried)[:_MOST_NAMED]) or "no account"
        return Reason.ACCOUNT_NOT_OWNED, (
            f"login {order.login_id} carries {names}, not {order.account_id}"
        )
    return None


def _refused(order: Order, reason: Reason, words: str, token: int, now: datetime) -> Order:
    return replace(
        moved(order, OrderState.SKIPPED),
        reason=reason,
        detail=words,
        fencing_token=token,
        finished_at=now,
    )
