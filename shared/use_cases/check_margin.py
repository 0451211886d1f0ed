"""Check a claimed order's margin at the worst price it may trade at."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from shared.domain.followers import MarginPolicy
from shared.domain.orders import Margin, Order, OrderState, moved
from shared.domain.reasons import Reason
from shared.domain.trading_settings import TradingSettings
from shared.ports.broker import Broker, WhatIf, WhatIfRefused


async def check_margin(
    order: Order,
    *,
    policy: MarginPolicy,
    broker: Broker,
    settings: TradingSettings,
    now: datetime,
) -> Order:
    """Ask the broker's what-if at the ladder's ceiling (the least credit).

    Args:
        order: A claimed opening order.
        policy: What the follower wants where the margin does not carry it.
        broker: The login that carries the account.
        settings: Ceiling and buffer.
        now: Market time (UTC).

    Returns:
        The order with its margin; reduced to what fits, by policy, if a second what-if agrees;
        else skipped as NO_MARGIN.

    Raises:
        AdapterError: If the broker could not be asked; the order stays claimed.
    """
    answer = await _ask(order, order.quantity, broker, settings)
    if isinstance(answer, WhatIfRefused):
        return _refused(order, answer.message, now)
    if answer.fits:
        return replace(order, margin=answer)
    fitting = _quantity_that_fits(order, answer) if policy is MarginPolicy.REDUCE else 0
    if fitting > 0:
        again = await _ask(order, fitting, broker, settings)
        if isinstance(again, Margin) and again.fits:
            words = f"reduced from {order.quantity} to {fitting} by the margin"
            return replace(order, margin=again, quantity=fitting, detail=words)
    return replace(_refused(order, _shortfall(answer), now), margin=answer)


async def _ask(
    order: Order, quantity: int, broker: Broker, settings: TradingSettings
) -> Margin | WhatIfRefused:
    return await broker.what_if(
        WhatIf(
            account_id=order.account_id,
            symbol=order.spread.symbol,
            legs=order.legs,
            quantity=quantity,
            limit=settings.ladder.ceiling,
            buffer_ratio=settings.margin_buffer_ratio,
        )
    )


def _quantity_that_fits(order: Order, margin: Margin) -> int:
    """Spreads that the free margin carries, if margin grows in proportion to quantity."""
    needed = (margin.initial_after - margin.initial_before) / order.quantity
    free = margin.equity_after - margin.initial_before - margin.buffer
    if needed <= 0 or free <= 0:
        return 0
    return int((free / needed).to_integral_value(rounding=ROUND_FLOOR))


def _shortfall(margin: Margin) -> str:
    missing: Decimal = margin.buffer - (margin.equity_after - margin.initial_after)
    return (
        f"initial margin after the trade would be {margin.initial_after:.2f} {margin.currency}, "
        f"equity {margin.equity_after:.2f}; {missing:.2f} short of the buffer"
    )


def _refused(order: Order, words: str, now: datetime) -> Order:
    skipped = moved(order, OrderState.SKIPPED)
    return replace(skipped, reason=Reason.NO_MARGIN, detail=words, finished_at=now)
