"""Margins: every claimed opening is asked about at its broker, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from gateway.floor import TradingFloor
from gateway.openings.claiming import Claiming
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.orders import Order
from shared.domain.reasons import Reason
from shared.domain.trading_settings import TradingSettings
from shared.use_cases.check_margin import check_margin


async def check_margins(
    floor: TradingFloor, waiting: Sequence[Order], settings: TradingSettings, claiming: Claiming
) -> None:
    """Ask for the margin of claimed orders that have none yet; skip what it does not carry.

    Args:
        floor: What the leader works with.
        waiting: Claimed openings.
        settings: Settings as read now.
        claiming: Knows what each follower wants where the margin falls short.
    """
    unchecked = [order for order in waiting if order.margin is None]
    checked = await asyncio.gather(
        *(_checked(floor, order, settings, claiming) for order in unchecked)
    )
    if checked:
        refused = sum(order.reason is Reason.NO_MARGIN for order in checked)
        log_event("margins_checked", orders=len(checked), refused=refused)
    for order in checked:
        floor.desk.put(order)
        if order.reason is Reason.NO_MARGIN:
            words = f"{order.follower_id} does not trade: {order.detail}"
            await floor.alert_order(AlertType.NO_MARGIN, order, words)


async def _checked(
    floor: TradingFloor, order: Order, settings: TradingSettings, claiming: Claiming
) -> Order:
    try:
        return await check_margin(
            order,
            policy=claiming.policy_of(order.follower_id),
            broker=floor.connections[order.login_id],
            settings=settings,
            now=floor.clock.now(),
        )
    except AdapterError as error:
        return replace(order, detail=str(error))
