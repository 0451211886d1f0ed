"""The invariants of `trading.md` section 6 over a broker's book and our own.

Nothing here knows where the two books come from: the simulator and the database, or memory.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from shared.domain.alerts import AlertType
from shared.domain.money import ZERO
from shared.domain.orders import Order, OrderState, Purpose
from tests.crash.both_books import BrokerBook, ExecutionSeen, Held, OurBook, Violation

Check = Callable[[OurBook, BrokerBook], Iterator[str]]


def check_invariants(ours: OurBook, broker: BrokerBook) -> tuple[Violation, ...]:
    """Check every invariant that one look at both books can tell."""
    return tuple(
        Violation(invariant=name, words=words)
        for name, check in CHECKS.items()
        for words in check(ours, broker)
    )


def _one_live_order(ours: OurBook, broker: BrokerBook) -> Iterator[str]:
    """Invariant 1. An order may have had several broker orders; two live ones never.

    Two under one order id are the broker's own doing: we can send an id but once.
    """
    by_ref = _by_ref(ours)
    live: dict[str, set[int]] = defaultdict(set)
    for seen in broker.orders:
        order = by_ref.get(seen.order_ref)
        if order is not None and seen.is_live:
            live[order.order_id].add(seen.order_id)
        if order is None and seen.order_ref:
            yield f"the broker has an order {seen.order_ref!r} that no document names"
    for order_id, ids in sorted(live.items()):
        if len(ids) > 1:
            yield f"{order_id} has live broker orders {sorted(ids)}"


def _filled_once(ours: OurBook, broker: BrokerBook) -> Iterator[str]:
    """Invariant 1. Whatever stood behind an order filled no more than was planned."""
    by_ref = _by_ref(ours)
    filled: dict[str, Counter[int]] = defaultdict(Counter)
    for seen in broker.orders:
        if (order := by_ref.get(seen.order_ref)) is not None:
            counts = filled[order.order_id]
            counts[seen.order_id] = max(counts[seen.order_id], seen.filled)
    for order in ours.orders:
        total = sum(filled[order.order_id].values())
        if total > order.quantity:
            yield f"{order.order_id}: the broker filled {total} of {order.quantity}"


def _ids_are_ours(ours: OurBook, broker: BrokerBook) -> Iterator[str]:
    """Invariant 1. What is live carries the id that was durable before it was sent."""
    claimed = {
        ids.order_ref: ids.broker_order_id
        for order in ours.orders
        for ids in (order.broker, *order.earlier_brokers)
        if ids is not None
    }
    for seen in broker.orders:
        ours_then = claimed.get(seen.order_ref, seen.order_id)
        if seen.order_id and seen.order_id != ours_then:
            yield f"{seen.order_ref} was claimed as {ours_then} and sent as {seen.order_id}"


def _no_life_after_the_end(ours: OurBook, broker: BrokerBook) -> Iterator[str]:
    """A cancel is a request: an order that we call ended may not be live at the broker."""
    by_ref = _by_ref(ours)
    for seen in broker.orders:
        order = by_ref.get(seen.order_ref)
        if seen.is_live and order is not None and order.is_terminal:
            yield f"{order.order_id} is {order.state}, and live at the broker"


def _positions_agree(ours: OurBook, broker: BrokerBook) -> Iterator[str]:
    """Invariant 2."""
    booked: Counter[Held] = Counter(ours.external)
    for fill in ours.fills:
        if not fill.is_combo:
            booked[fill.account_id, fill.contract_key] += fill.signed_quantity
    for key in sorted({*booked, *broker.positions}):
        if booked[key] != broker.positions.get(key, 0):
            yield f"{key}: we booked {booked[key]}, the broker has {broker.positions.get(key, 0)}"


def _nothing_uncovered(ours: OurBook, broker: BrokerBook) -> Iterator[str]:
    """Invariant 3, at every fill of the day."""
    held: dict[str, Counter[str]] = defaultdict(Counter)
    for group in _in_groups(_moves(ours, broker)):
        for account_id in sorted({one.account_id for one in group}):
            before = _uncovered(held[account_id])
            for one in group:
                if one.account_id == account_id:
                    held[account_id][one.contract_key] += one.signed_quantity
            after = _uncovered(held[account_id])
            if after > before and any(one.order_ref for one in group):
                yield f"{account_id}: uncovered short contracts rose from {before} to {after}"


def _towards_zero(ours: OurBook, broker: BrokerBook) -> Iterator[str]:
    """Invariant 7, at every fill of a closing."""
    closing = {ref for ref, order in _by_ref(ours).items() if order.purpose is not Purpose.OPEN}
    held: Counter[Held] = Counter()
    for one in _moves(ours, broker):
        key = one.account_id, one.contract_key
        before = held[key]
        held[key] += one.signed_quantity
        if one.order_ref in closing and before * held[key] < 0:
            yield f"{key}: a closing brought {before} through zero to {held[key]}"
        if one.order_ref in closing and abs(held[key]) > abs(before):
            yield f"{key}: a closing brought {before} away from zero to {held[key]}"


def _moves(ours: OurBook, broker: BrokerBook) -> list[ExecutionSeen]:
    """Everything that moved a position, as it happened: trades, and what we booked without one.

    An expiry, an assignment and an exercise come without an execution; we book them as fills. Of
    one instant they come first: an assignment is found before anything is done about it. Trades of
    one instant stay as the broker has them.
    """
    traded = {one.fill_id for one in broker.executions}
    booked = [
        ExecutionSeen(
            exec_id=fill.exec_id,
            order_ref="",
            account_id=fill.account_id,
            contract_key=fill.contract_key,
            signed_quantity=fill.signed_quantity,
            price=fill.price,
            fee=fill.fee or ZERO,
            at=fill.at,
        )
        for fill in ours.fills
        if fill.exec_id not in traded and not fill.is_combo
    ]
    return sorted([*booked, *broker.executions], key=lambda one: (one.at, bool(one.order_ref)))


def _cents(ours: OurBook, broker: BrokerBook) -> Iterator[str]:
    """Invariant 4: every cent and every contract of an execution is in exactly one fill."""
    fills = {fill.exec_id: fill for fill in ours.fills}
    orders = {order.order_id: order for order in ours.orders}
    for one in broker.executions:
        if not one.order_ref:
            continue
        fill = fills.get(one.fill_id)
        if fill is None:
            yield f"{one.exec_id} of {one.account_id} was never booked"
        elif (fill.signed_quantity, fill.price, fill.fee or ZERO) != (
            one.signed_quantity,
            one.price,
            one.fee,
        ):
            yield f"{one.exec_id}: booked {fill.signed_quantity} at {fill.price}, fee {fill.fee}"
    for fill in ours.fills:
        order = orders.get(fill.order_id)
        if order is None or order.account_id != fill.account_id:
            yield f"{fill.exec_id} of {fill.account_id} is booked on another's order"


def _orders_tell_their_fills(ours: OurBook, broker: BrokerBook) -> Iterator[str]:
    """An order says how much of it filled: never more or less than its legs."""
    legs: dict[str, Counter[str]] = defaultdict(Counter)
    for one in broker.executions:
        legs[one.order_ref][one.contract_key] += abs(one.signed_quantity)
    for order in ours.orders:
        told = min(sum(legs[ref][key] for ref in order.order_refs) for key, _ in order.sides)
        if order.filled_quantity != told:
            yield f"{order.order_id} says {order.filled_quantity} filled, the broker {told}"


def _no_more_than_planned(ours: OurBook, broker: BrokerBook) -> Iterator[str]:
    """However often an order filled: in the end nobody holds more than was planned for him."""
    planned: Counter[Held] = Counter()
    for order in ours.orders:
        if order.purpose is Purpose.OPEN:
            planned[order.account_id, order.spread.short_contract.key] += order.quantity
    for (account_id, key), quantity in sorted(broker.positions.items()):
        if (account_id, key) in planned and -quantity > planned[account_id, key]:
            yield f"{account_id} is short {-quantity} of {key}, {planned[account_id, key]} planned"


def _nothing_hidden(ours: OurBook, broker: BrokerBook) -> Iterator[str]:
    """Invariant 6: what is unconfirmed was paged."""
    paged = {
        alert.follower_id or alert.subject
        for alert in ours.alerts
        if alert.alert_type is AlertType.ORDER_UNCONFIRMED
    }
    for order in ours.orders:
        if order.state is OrderState.UNCONFIRMED and order.follower_id not in paged:
            yield f"{order.order_id} is unconfirmed, and nobody was told"


CHECKS: dict[str, Check] = {
    "1 one live broker order per order": _one_live_order,
    "1 an order fills once": _filled_once,
    "1 under the id that was claimed": _ids_are_ours,
    "1 no life after the end": _no_life_after_the_end,
    "2 positions agree": _positions_agree,
    "3 nothing uncovered": _nothing_uncovered,
    "4 cents are conserved": _cents,
    "4 orders tell their fills": _orders_tell_their_fills,
    "1 nobody holds more than planned": _no_more_than_planned,
    "6 unconfirmed is told": _nothing_hidden,
    "7 towards zero, never through": _towards_zero,
}


def check_ended(ours: OurBook, broker: BrokerBook, *, flat: bool) -> tuple[Violation, ...]:
    """Check what must hold once a story is over: everything has ended.

    Args:
        ours: Our book.
        broker: The broker's.
        flat: Whether every position must be flat as well.
    """
    faults = [
        f"{order.order_id} is {order.state}"
        for order in ours.orders
        if not order.is_terminal and order.state is not OrderState.UNCONFIRMED
    ]
    faults += [f"{seen.order_ref} is live at the broker" for seen in broker.orders if seen.is_live]
    if flat:
        faults += [
            f"{position.position_id} is not flat"
            for position in ours.positions
            if not position.is_flat
        ]
    return tuple(Violation(invariant="everything has ended", words=words) for words in faults)


def check_unchanged(before: OurBook, after: OurBook) -> tuple[Violation, ...]:
    """Invariants 5 and 6: another leader over an unchanged broker changes nothing.

    What differs is the token, which every leader puts on what is open.
    """
    pairs: tuple[tuple[str, object, object], ...] = (
        ("orders", _told(before.orders), _told(after.orders)),
        ("fills", before.fills, after.fills),
        ("positions", before.positions, after.positions),
    )
    return tuple(
        Violation(invariant="5 a restart is a no-op", words=f"{name} differ after another leader")
        for name, old, new in pairs
        if old != new
    )


def _told(orders: Iterable[Order]) -> list[tuple[object, ...]]:
    return [
        (one.order_id, one.state, one.filled_quantity, one.average_net_price, one.broker, one.rungs)
        for one in orders
    ]


def _by_ref(ours: OurBook) -> dict[str, Order]:
    return {ref: order for order in ours.orders for ref in order.order_refs}


def _in_groups(executions: Iterable[ExecutionSeen]) -> Iterator[list[ExecutionSeen]]:
    for _, group in groupby(executions, key=lambda one: one.group):
        yield list(group)


def _uncovered(held: Counter[str]) -> int:
    """Short options that no long one covers, puts and calls apart; shares are left out."""
    bare = 0
    for right in ("-P-", "-C-"):
        quantities = [count for key, count in held.items() if right in key]
        short = -sum(count for count in quantities if count < 0)
        bare += max(0, short - sum(count for count in quantities if count > 0))
    return bare
