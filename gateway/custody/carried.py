"""Carried positions: what earlier sessions of our logins left open, taken over at the start."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.adapters.session_table import session_table
from shared.domain.followers import LoginId
from shared.domain.orders import LIVE_STATES, Order, Purpose
from shared.domain.positions import Position, PositionId, position_id_of
from shared.ports.carried import CarriedBook
from shared.ports.fills import FillBook
from shared.ports.stored import Stored

_ONE_DAY = timedelta(days=1)


async def adopt_carried(
    floor: TradingFloor, book: CarriedBook, fills: FillBook, login_ids: Sequence[LoginId]
) -> tuple[str, ...]:
    """Keep orders and fills of every position that an earlier session left open.

    Positions that expired with the last session are kept too: their assignments may arrive only
    now. Reads are bounded: open positions, then the sessions from the first one's on. Orders that
    were never sent stay where they are.

    Args:
        floor: What the leader works with; the session's own orders are adopted already.
        book: What earlier sessions left.
        fills: Fills in the database.
        login_ids: Logins of the shard.

    Returns:
        The earlier sessions that were read, oldest first.

    Raises:
        AdapterError: If the database failed.
    """
    today = floor.session.session_date
    last = session_table().previous_session(today).session_date
    # What is closed today may have been opened earlier, and be flat by now.
    closed_today = {
        position_id_of(order.follower_id, order.spread)
        for order in floor.desk.orders()
        if order.purpose is not Purpose.OPEN
    }
    positions = await book.positions(expired_on=last, also=closed_today)
    unfinished = await book.unfinished(login_ids)
    firsts = [one.session_date for one in positions if one.session_date < today]
    firsts += [one.value.session_date for one in unfinished if one.value.session_date < today]
    wanted = {position.position_id for position in positions}
    read = _sessions(min(firsts, default=today), today)
    for session_date in read:
        await _adopt_session(floor, session_date, login_ids, wanted)
    for session_date in (*read, today):
        found = await fills.of_session(session_date)
        floor.desk.adopt_fills([fill for fill in found if floor.desk.knows(fill.order_id)])
    for position in positions:
        rebuilt = floor.desk.position(position.position_id)
        if rebuilt is not None and rebuilt != position:
            # Its fills were written and it was not: whoever wrote them died in between.
            floor.desk.write_again(position.position_id)
    if read:
        _log(positions, len(unfinished), read)
    return read


async def _adopt_session(
    floor: TradingFloor,
    session_date: str,
    login_ids: Sequence[LoginId],
    wanted: Collection[PositionId],
) -> None:
    await floor.orders.restamp(session_date, login_ids, shard=floor.shard, token=floor.lease.token)
    stored = await floor.orders.of_session(session_date, login_ids)
    floor.desk.adopt([one for one in stored if _is_carried(one, wanted)])


def _is_carried(stored: Stored[Order], wanted: Collection[PositionId]) -> bool:
    order = stored.value
    is_its = position_id_of(order.follower_id, order.spread) in wanted
    return order.state in LIVE_STATES or (is_its and order.broker is not None)


def _sessions(first: str, today: str) -> tuple[str, ...]:
    """Name the sessions from the first one to the last before today."""
    found, day = [], date.fromisoformat(first)
    while day.isoformat() < today:
        if session_table().is_session(day.isoformat()):
            found.append(day.isoformat())
        day += _ONE_DAY
    return tuple(found)


def _log(positions: Sequence[Position], unfinished: int, read: Sequence[str]) -> None:
    log_event(
        "carried_positions_adopted",
        positions=len(positions),
        unfinished_orders=unfinished,
        sessions=len(read),
        since=read[0],
    )
