"""The plan: one opening order per signal and follower, or the reason why there is none.

The planner writes it and the gateway computes it again from what it reads itself: a planned
order in the database proves nothing, for anything that may write the database could forge one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from shared.domain.followers import Follower, FollowerState
from shared.domain.orders import Order, OrderState, Purpose, moved, opening_order_id
from shared.domain.reasons import Reason
from shared.domain.signals import Signal
from shared.domain.sizing import quantity_for
from shared.domain.trading_settings import TradingSettings

_STATE_REASONS = {
    FollowerState.CLOSE_ONLY: Reason.CLOSE_ONLY,
    FollowerState.PAUSED: Reason.PAUSED,
    FollowerState.DISABLED: Reason.DISABLED,
    FollowerState.ARCHIVED: Reason.DISABLED,
}

_REASON_WORDS = {
    Reason.CLOSE_ONLY: "the follower only closes",
    Reason.PAUSED: "the follower is paused",
    Reason.DISABLED: "the follower is disabled",
    Reason.NO_AGREEMENT: "no agreement is on record for the follower",
    Reason.SIZE_ZERO: "his share of the signal and his caps leave no whole spread",
}
_BOOK_IS_FULL = "the cap on the spreads of all followers together leaves none for him"
_NO_LOGIN = "no login or account is on file for the follower"


def plan_opening(
    signal: Signal, follower: Follower, settings: TradingSettings, *, now: datetime
) -> Order:
    """Plan one follower's opening order, skipped with its reason where he does not trade."""
    quantity = quantity_for(
        follower,
        signal.spread,
        signal.qty_per_leg,
        rules=settings.ladder,
        fee_per_leg=settings.fee_per_leg,
        book_max_quantity=settings.book_max_quantity,
    )
    skip = reason_to_skip(follower)
    reason = skip[0] if skip else Reason.SIZE_ZERO if quantity == 0 else None
    return Order(
        order_id=opening_order_id(signal.signal_id, follower.follower_id),
        purpose=Purpose.OPEN,
        signal_id=signal.signal_id,
        follower_id=follower.follower_id,
        login_id=follower.login_id,
        account_id=follower.account_id,
        session_date=signal.session_date,
        spread=signal.spread,
        quantity=quantity,
        state=OrderState.SKIPPED if reason else OrderState.PLANNED,
        planned_at=now,
        reason=reason,
        detail=_REASON_WORDS[reason] if reason else "",
        finished_at=now if reason else None,
        traceparent=signal.traceparent,
    )


def reason_to_skip(follower: Follower) -> tuple[Reason, str] | None:
    """Say why a follower opens nothing, whatever the signal; None where he may."""
    if follower.state is not FollowerState.ACTIVE:
        reason = _STATE_REASONS[follower.state]
    elif follower.agreement_version is None:
        reason = Reason.NO_AGREEMENT
    else:
        return None
    return reason, _REASON_WORDS[reason]


def plan_book(
    signal: Signal,
    followers: Iterable[Follower],
    settings: TradingSettings,
    *,
    now: datetime,
) -> tuple[Order, ...]:
    """Plan a signal for everybody, in the followers' order.

    Where a cap on all orders together binds, it is given out in the fair order of the release:
    whoever comes last gets less, or nothing.
    """
    plans = [plan_opening(signal, follower, settings, now=now) for follower in followers]
    if settings.book_max_contracts is None:
        return tuple(plans)
    left, capped = settings.book_max_contracts, dict[str, Order]()
    for plan in fair_order(plan for plan in plans if plan.state is OrderState.PLANNED):
        capped[plan.order_id] = _capped(plan, left)
        left -= capped[plan.order_id].quantity
    return tuple(capped.get(plan.order_id, plan) for plan in plans)


def without_login(plan: Order) -> Order:
    """Skip a planned order whose login is not on file: no gateway would ever see it."""
    return _skipped(plan, Reason.NO_LOGIN, _NO_LOGIN)


def fair_order(orders: Iterable[Order]) -> list[Order]:
    """Sort by SHA-256 of session date and follower: another order every day, nobody's choice."""
    return sorted(orders, key=draw)


def draw(order: Order) -> bytes:
    """An order's place in the fair order."""
    return hashlib.sha256(f"{order.session_date}|{order.follower_id}".encode()).digest()


def plans_agree(planned: Order, recomputed: Order, *, is_capped: bool = False) -> bool:
    """Tell whether a planned order is, in every field, what the gateway itself would plan.

    Every field, because a forged plan could name another follower's order id, another purpose
    or fills that never were. The time of planning is the planner's.

    Args:
        planned: The order as it was found.
        recomputed: The plan from what we read ourselves.
        is_capped: True where a cap on the whole book is set: then fewer spreads than we would
            plan now are right too, for a follower may have left since.
    """
    is_fewer = is_capped and 0 < planned.quantity < recomputed.quantity
    expected = replace(
        recomputed,
        planned_at=planned.planned_at,
        quantity=planned.quantity if is_fewer else recomputed.quantity,
    )
    return recomputed.state is OrderState.PLANNED and planned == expected


def _capped(plan: Order, left: int) -> Order:
    if left >= plan.quantity:
        return plan
    if left > 0:
        return replace(plan, quantity=left)
    return replace(_skipped(plan, Reason.SIZE_ZERO, _BOOK_IS_FULL), quantity=0)


def _skipped(plan: Order, reason: Reason, words: str) -> Order:
    if plan.state is not OrderState.PLANNED:
        return plan
    return replace(
        moved(plan, OrderState.SKIPPED),
        reason=reason,
        detail=words,
        finished_at=plan.planned_at,
    )
