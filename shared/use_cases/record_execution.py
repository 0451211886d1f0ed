"""Record what traded: an execution becomes a fill, a fill moves order and position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from shared.domain.fills import Fill, split_exec_id
from shared.domain.money import ZERO, round_to_micros
from shared.domain.orders import BrokerIds, Order, OrderState, moved, renamed_by_fills
from shared.domain.spreads import Leg
from shared.ports.broker import Execution
from shared.ports.desk import Desk


def record_execution(execution: Execution, fee: Decimal | None, *, desk: Desk) -> bool:
    """Book one execution, once, however often it is told.

    Args:
        execution: What the broker told.
        fee: Its broker fee, USD, where that is known already.
        desk: Where it is kept.

    Returns:
        False where the execution belongs to none of our orders.
    """
    order = desk.order_by_ref(execution.order_ref) if execution.order_ref else None
    if order is None:
        return False
    exec_id, revision = split_exec_id(execution.broker_exec_id)
    fill = Fill(
        exec_id=exec_id,
        order_id=order.order_id,
        follower_id=order.follower_id,
        account_id=execution.account_id,
        session_date=order.session_date,
        contract_key=execution.contract_key,
        side=execution.side,
        quantity=execution.quantity,
        price=execution.price,
        multiplier=order.spread.multiplier,
        fee=fee,
        at=execution.at,
        revision=revision,
    )
    desk.book([fill])
    desk.put(with_fills(desk.order(order.order_id), desk.fills_of(order.order_id), execution))
    return True


def with_fills(order: Order, fills: Sequence[Fill], execution: Execution | None = None) -> Order:
    """Bring an order's filled quantity, average and state up to date with its fills.

    A spread counts as filled when every leg of it is: the combo's own execution is not relied
    on, because the broker may leave it out. Entries on the other side (an expiry) close what
    the order opened and are no fill of it. An order that has ended already is named anew where
    a fill came late.
    """
    legs = [[fill for fill in fills if _fills_leg(fill, leg)] for leg in order.legs]
    filled = min(sum(fill.quantity for fill in leg_fills) for leg_fills in legs)
    broker = _with_perm_id(order.broker, execution)
    average = _average_net_price(order, legs) if filled else None
    updated = replace(order, filled_quantity=filled, average_net_price=average, broker=broker)
    if updated.is_terminal:
        return _renamed(updated)
    if updated.state in (OrderState.RELEASING, OrderState.UNCONFIRMED):
        updated = moved(updated, OrderState.WORKING)
    if updated.remaining <= 0:
        last_at = max(fill.at for leg_fills in legs for fill in leg_fills)
        return replace(moved(updated, OrderState.FILLED), finished_at=last_at)
    return updated


def _renamed(ended: Order) -> Order:
    named = renamed_by_fills(ended)
    return replace(named, reason=None, detail="") if named.state is OrderState.FILLED else named


def _with_perm_id(broker: BrokerIds | None, execution: Execution | None) -> BrokerIds | None:
    if broker is None or execution is None or not execution.perm_id:
        return broker
    return replace(broker, perm_id=execution.perm_id)


def _fills_leg(fill: Fill, leg: Leg) -> bool:
    return fill.contract_key == leg.contract.key and fill.side is leg.side


def _average_net_price(order: Order, legs: list[list[Fill]]) -> Decimal:
    """Signed average over all leg fills: what buying legs cost less what selling legs paid."""
    net = ZERO
    for leg, fills in zip(order.legs, legs, strict=True):
        quantity = sum(fill.quantity for fill in fills)
        paid = sum((fill.price * fill.quantity for fill in fills), ZERO)
        net += leg.side.sign * paid / quantity
    return round_to_micros(net)
