"""Planning: one opening order per follower, or the reason why he has none."""

from __future__ import annotations

from shared.domain.orders import OrderId
from shared.domain.planning import plan_book, without_login
from shared.domain.signals import Signal
from shared.ports.clock import Clock
from shared.ports.followers import Followers
from shared.ports.orders import PlannedOrders
from shared.ports.publisher import Publisher
from shared.ports.settings_book import SettingsBook


def plan_orders(
    signal: Signal,
    *,
    clock: Clock,
    followers: Followers,
    settings_book: SettingsBook,
    orders: PlannedOrders,
    publisher: Publisher,
    orders_topic: str,
) -> tuple[OrderId, ...]:
    """Plan an order for every follower who has none of this signal yet, then ring the gateway.

    Whoever does not trade gets an order too: skipped, with the reason an admin will look for.
    The doorbell rings even where nothing new was planned, for the ring before it may have been
    lost; it carries no fact of its own.

    Returns:
        Ids of the orders planned now, in follower order.
    """
    settings = settings_book.trading()
    now = clock.now()
    known = {login.login_id for login in followers.logins()}
    plans = plan_book(signal, followers.in_force(signal.session_date), settings, now=now)
    planned = orders.plan(
        [plan if plan.login_id in known else without_login(plan) for plan in plans]
    )
    publisher.publish(
        orders_topic,
        {
            "type": "orders_planned",
            "session_date": signal.session_date,
            "signal_id": signal.signal_id,
        },
        attributes={"traceparent": signal.traceparent},
    )
    return planned
