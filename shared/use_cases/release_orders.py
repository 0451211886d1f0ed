"""Release claimed orders to the market, everybody in one go, in an order nobody can choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shared.domain.controls import TradingMode
from shared.domain.orders import Order, OrderState, moved
from shared.domain.planning import draw
from shared.domain.reasons import Reason
from shared.domain.sessions import SessionDate, at_new_york
from shared.domain.signals import Signal, SignalState
from shared.domain.trading_settings import TradingSettings
from shared.ports.orders import LeaderOrders
from shared.ports.stored import Stored


def reason_to_hold(signal: Signal, settings: TradingSettings) -> Reason | None:
    """Say why a signal must not be released now; None where it may.

    A signal is fresh when a look at the sheet after the set time (09:28:50) found its row: a
    verification, or the first reading itself where the row was completed late.
    """
    if signal.state is SignalState.CHANGED:
        return Reason.SIGNAL_CHANGED
    if signal.state is SignalState.REJECTED:
        return Reason.SIGNAL_REJECTED
    seen_at = max(signal.read_at, signal.verified_at or signal.read_at)
    fresh_from = at_new_york(SessionDate(signal.session_date), settings.verified_after)
    return None if seen_at >= fresh_from else Reason.SIGNAL_UNVERIFIED


async def release_orders(
    claimed: Sequence[Stored[Order]],
    *,
    orders: LeaderOrders,
    shard: int,
    token: int,
    now: datetime,
) -> tuple[TradingMode, tuple[Stored[Order], ...]]:
    """Commit claimed orders as releasing; after this only prices and sends follow.

    Args:
        claimed: Claimed orders whose margin fits.
        orders: Where they are kept; kill switch and lease are read in the same transactions.
        shard: Our shard.
        token: Our fencing token.
        now: Market time (UTC).

    Returns:
        The kill switch as last read, and the released orders in their fair order. Some may be
        released although the switch does not let orders open: it turned between transactions.
    """
    moving = [
        replace(stored, value=replace(moved(stored.value, OrderState.RELEASING), released_at=now))
        for stored in sorted(claimed, key=lambda stored: draw(stored.value))
    ]
    mode, released = await orders.release(moving, shard=shard, token=token)
    return mode, tuple(sorted(released, key=lambda stored: draw(stored.value)))
