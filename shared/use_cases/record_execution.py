"""Record what traded: an execution becomes a fill, a fill moves order and position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from shared.domain.fills import Fill, split_exec_id
from shared.domain.money import ZERO, round_to_micros
from shared.domain.options import underlying_key
from shared.domain.order_life import renamed_by_fills
from shared.domain.orders import BrokerIds, Order, OrderState, moved
from shared.domain.reasons import Reason
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
    order = order_of(execution, desk)
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
        multiplier=_multiplier_of(execution, order),
        fee=fee,
        at=execution.at,
        revision=revision,
        order_ref=_ref_of(execution, order),
    )
    desk.book([fill])
    desk.put(with_fills(desk.order(order.order_id), desk.fills_of(order.order_id), execution))
    return True


def _multiplier_of(execution: Execution, order: Order) -> int:
    """Shares per contract; a share is one share."""
    is_stock = execution.contract_key == underlying_key(order.spread.symbol)
    return 1 if is_stock else order.spread.multiplier


def order_of(execution: Execution, desk: Desk) -> Order | None:
    """Find the order of ours an execution belongs to: by our reference, else by permId."""
    if execution.order_ref or not execution.perm_id:
        return desk.order_by_ref(execution.order_ref) if execution.order_ref else None
    return desk.order_by_perm_id(execution.account_id, execution.perm_id)


def _ref_of(execution: Execution, order: Order) -> str:
    """Our reference on the broker order that filled, whether or not the broker told it."""
    if execution.order_ref in order.order_refs:
        return execution.order_ref
    present = (order.broker,) if order.broker else ()
    known = (*present, *order.earlier_brokers)
    return next((ids.order_ref for ids in known if ids.perm_id == execution.perm_id), "")


def with_fills(order: Order, fills: Sequence[Fill], execution: Execution | None = None) -> Order:
    """Bring an order's filled quantity, average and state up to date with its fills.

    A spread counts as filled when every leg of it is: the combo's own execution is not relied
    on, because the broker may leave it out. Entries on the other side (an expiry) close what
    the order opened and are no fill of it. An order that has ended already is named anew where
    a fill came late.
    """
    legs = [
        [fill for fill in fills if (fill.contract_key, fill.side) == side] for side in order.sides
    ]
    filled = min(sum(fill.quantity for fill in leg_fills) for leg_fills in legs)
    broker = _with_perm_id(order.broker, execution)
    average = _average_net_price(order, legs) if filled else None
    updated = replace(
        order,
        filled_quantity=filled,
        average_net_price=average,
        broker=broker,
        earlier_filled_quantity=_earlier_filled(order, legs),
    )
    if updated.is_terminal:
        return _renamed(updated)
    is_unknown = updated.state in (OrderState.RELEASING, OrderState.UNCONFIRMED)
    if is_unknown and not _is_of_earlier(order, execution):
        updated = moved(updated, OrderState.WORKING)
    if updated.remaining <= 0:
        last_at = max(fill.at for leg_fills in legs for fill in leg_fills)
        return replace(moved(updated, OrderState.FILLED), finished_at=last_at)
    return updated


def _renamed(ended: Order) -> Order:
    named = renamed_by_fills(ended)
    if named.state is OrderState.CANCELED and ended.state is not OrderState.CANCELED:
        words = "the broker took back every execution"
        return replace(named, reason=Reason.CANCELED_AT_BROKER, detail=words)
    return replace(named, reason=None, detail="") if named.state is OrderState.FILLED else named


def _with_perm_id(broker: BrokerIds | None, execution: Execution | None) -> BrokerIds | None:
    if broker is None or execution is None or execution.order_ref != broker.order_ref:
        return broker
    # The first one told stays: a second broker order may carry the same reference.
    return replace(broker, perm_id=broker.perm_id or execution.perm_id or None)


def _is_of_earlier(order: Order, execution: Execution | None) -> bool:
    """True for what an earlier broker order of it filled: it tells nothing of the present one."""
    return execution is not None and _ref_of(execution, order) in order.order_refs[1:]


def _earlier_filled(order: Order, legs: list[list[Fill]]) -> int:
    """Spreads that the broker orders before the present one filled."""
    earlier = order.order_refs[1:]
    if not earlier:
        return 0
    return min(sum(fill.quantity for fill in leg if fill.order_ref in earlier) for leg in legs)


def _average_net_price(order: Order, legs: list[list[Fill]]) -> Decimal:
    """Signed average over all leg fills: what buying legs cost less what selling legs paid."""
    net = ZERO
    for (_, side), fills in zip(order.sides, legs, strict=True):
        quantity = sum(fill.quantity for fill in fills)
        paid = sum((fill.price * fill.quantity for fill in fills), ZERO)
        net += side.sign * paid / quantity
    return round_to_micros(net)
