"""The plan: one opening order per signal and follower, or the reason why there is none.

The planner writes it and the gateway computes it again from what it reads itself: a planned
order in the database proves nothing, for anything that may write the database could forge one.
"""

from __future__ import annotations

from datetime import datetime

from shared.domain.followers import Follower, FollowerState
from shared.domain.orders import Order, OrderState, Purpose, opening_order_id
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
    reason = _reason_to_skip(follower, quantity)
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


def plans_agree(planned: Order, recomputed: Order) -> bool:
    """Tell whether a planned order is, in every field, what the gateway itself would plan.

    Every field, because a forged plan could name another follower's order id, another purpose
    or fills that never were.
    """
    return recomputed.state is OrderState.PLANNED and planned == recomputed


def _reason_to_skip(follower: Follower, quantity: int) -> Reason | None:
    if follower.state is not FollowerState.ACTIVE:
        return _STATE_REASONS[follower.state]
    if follower.agreement_version is None:
        return Reason.NO_AGREEMENT
    return Reason.SIZE_ZERO if quantity == 0 else None
