"""Read a login's books, book what they show, and judge whether they show what we know."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from shared.domain.fills import ExecId, split_exec_id
from shared.domain.followers import LoginId
from shared.domain.orders import LIVE_STATES, Order, OrderId
from shared.domain.sessions import session_date_at
from shared.ports.broker import Broker, Sweep
from shared.ports.desk import Desk
from shared.use_cases.record_execution import record_execution


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One complete reading of a login's books.

    Attributes:
        sweep: What they say.
        is_whole: False where they lack what we know of the same login: a degraded session
            answers with empty lists, and nothing may be called absent by those.
    """

    sweep: Sweep
    is_whole: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What an honest reading must show.

    Attributes:
        exec_ids: Executions of today.
        live_refs: References of acknowledged orders that nobody has told the end of.
        refs: Every reference of ours on the login.
        holds_contracts: True where our books hold anything in its accounts.
    """

    exec_ids: frozenset[ExecId]
    live_refs: frozenset[str]
    refs: frozenset[str]
    holds_contracts: bool


async def read_books(
    broker: Broker, *, desk: Desk, now: datetime, gone: Collection[OrderId] = ()
) -> Reading:
    """Sweep a login and book every execution that it shows.

    Args:
        broker: The login.
        desk: Orders, fills and positions.
        now: Market time (UTC).
        gone: Orders whose end the broker has told; the books need not show them.

    Raises:
        AdapterError: If the books could not be read; nothing is concluded then.
    """
    known = _known(broker.login_id, desk, now, gone)
    sweep = await broker.sweep()
    record_sweep(sweep, desk=desk)
    return Reading(sweep=sweep, is_whole=_shows(sweep, known))


def record_sweep(sweep: Sweep, *, desk: Desk) -> int:
    """Book every execution a sweep shows; returns how many belong to no order of ours."""
    return sum(
        not record_execution(execution, sweep.fees.get(execution.broker_exec_id), desk=desk)
        for execution in sweep.executions
    )


def _known(login_id: LoginId, desk: Desk, now: datetime, gone: Collection[OrderId]) -> _Known:
    orders = [order for order in desk.orders() if order.login_id == login_id]
    accounts = {order.account_id for order in orders}
    return _Known(
        exec_ids=frozenset(_exec_ids(orders, desk, now)),
        live_refs=frozenset(
            order.broker.order_ref
            for order in orders
            if order.broker is not None
            and order.state in LIVE_STATES
            and order.was_acknowledged
            and order.order_id not in gone
        ),
        refs=frozenset(ref for order in orders for ref in order.order_refs),
        holds_contracts=any(
            position.account_id in accounts and not position.is_flat
            for position in desk.positions()
        ),
    )


def _exec_ids(orders: Collection[Order], desk: Desk, now: datetime) -> list[ExecId]:
    """Executions of today: what we booked ourselves (an expiry) has no reference of an order."""
    today = session_date_at(now)
    return [
        fill.exec_id
        for order in orders
        for fill in desk.fills_of(order.order_id)
        if fill.order_ref and session_date_at(fill.at) == today
    ]


def _shows(sweep: Sweep, known: _Known) -> bool:
    executed = {split_exec_id(one.broker_exec_id)[0] for one in sweep.executions}
    if not known.exec_ids <= executed:
        return False
    shown = {one.order_ref for one in sweep.open_orders}
    shown |= {one.order_ref for one in sweep.completed_orders}
    shown |= {one.order_ref for one in sweep.executions}
    if not known.live_refs <= shown:
        return False
    # A follower who sold everything himself left executions that are none of ours.
    is_explained = any(one.order_ref not in known.refs for one in sweep.executions)
    return bool(sweep.positions) or not known.holds_contracts or is_explained
