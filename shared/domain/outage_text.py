"""What people are told, directly, while the database is away: the positions that need a hand."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from shared.domain.closing import is_near_the_money
from shared.domain.orders import LIVE_STATES, Order, Purpose
from shared.domain.positions import Position
from shared.domain.sessions import NEW_YORK, session_date_at
from shared.domain.spreads import Spread

_MOST_LINES = 40


def outage_text(
    positions: Sequence[Position],
    orders: Sequence[Order],
    *,
    since: datetime,
    now: datetime,
    spots: Mapping[str, Decimal | None],
    near_money_ratio: Decimal,
) -> str:
    """Write the page, in Telegram's HTML.

    Args:
        positions: What we hold by what we know.
        orders: Orders of the session.
        since: When the database was last heard of (UTC, market time).
        now: Market time (UTC).
        spots: Each underlying's middle, USD; one that nobody knows is missing, or None.
        near_money_ratio: How near the money a short strike is in danger.
    """
    today = session_date_at(now)
    held = [position for position in positions if not position.is_flat]
    in_danger = [
        position
        for position in held
        if position.spread.expiry == today
        and _may_be_near(position.spread, spots.get(position.spread.symbol), near_money_ratio)
    ]
    live = [order for order in orders if order.state in LIVE_STATES]
    lines = [
        "<b>CRITICAL DATABASE_UNREACHABLE</b>",
        f"The gateway has not reached Firestore since {_clock(since)} New York. It opens nothing, "
        "asked for the cancel of working openings, and once its lease has run out it sends "
        "nothing at all. Connections and monitors run on.",
        f"Open positions: {len(held)}. Orders that may be live: {len(live)}.",
        *[f"• {_position_line(position)}" for position in in_danger],
        *[f"• {_order_line(order)}" for order in live],
    ]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"and {len(lines) - _MOST_LINES} more"]
    return "\n".join(lines)


def recovery_text(*, now: datetime) -> str:
    """Write that the database is back, in Telegram's HTML."""
    return (
        f"<b>INFO DATABASE_UNREACHABLE</b>\nFirestore answers again at {_clock(now)} New York; "
        "every login is reconciled before it trades."
    )


def _may_be_near(spread: Spread, spot: Decimal | None, near_money_ratio: Decimal) -> bool:
    return spot is None or is_near_the_money(spread, spot, near_money_ratio)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(NEW_YORK):%H:%M}"


def _position_line(position: Position) -> str:
    spread = position.spread
    return html.escape(
        f"close by hand: {position.follower_id}, account {position.account_id}: "
        f"{position.open_quantity} x {spread.spread_id}, expires today in or near the money"
    )


def _order_line(order: Order) -> str:
    what = "opening" if order.purpose is Purpose.OPEN else str(order.purpose)
    ref = order.broker.order_ref if order.broker else "no reference"
    return html.escape(f"look at {what} of {order.follower_id} ({ref}): {order.state}")
