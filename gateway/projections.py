"""Projections: boards and quotes, written for marks and people, never read by the order path."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from gateway.desk import SessionDesk
from shared.adapters.json_log import log_event
from shared.domain.boards import FOLLOWERS_PER_BOARD, Board, BoardLine, board_line
from shared.domain.errors import AdapterError
from shared.domain.options import ContractKey
from shared.domain.orders import Purpose
from shared.domain.positions import Position, position_id_of
from shared.domain.quotes import Quote
from shared.domain.sessions import Session
from shared.ports.boards import BoardWriter
from shared.ports.clock import AsyncClock
from shared.ports.quotes import QuoteWriter

_SLOT = timedelta(seconds=30)


async def project_boards(
    desk: SessionDesk, boards: BoardWriter, clock: AsyncClock, *, session_date: str, shard: int
) -> None:
    """Write the boards at the whole market second after a change, at most once a second."""
    while True:
        await desk.board_changed.wait()
        now = clock.now()
        await clock.sleep_until(now.replace(microsecond=0) + timedelta(seconds=1))
        desk.board_changed.clear()
        try:
            await boards.write(make_boards(desk, session_date, shard, clock.now()))
        except AdapterError as error:
            log_event("board_not_written", severity="WARNING", why=str(error))
            desk.board_changed.set()


def make_boards(
    desk: SessionDesk, session_date: str, shard: int, now: datetime
) -> tuple[Board, ...]:
    """Project every opening order of the session, 500 followers a document.

    A position carried from an earlier session stands on its follower's line too, beside what
    today's order led to; without an order of today the one that opened it gives the line.
    """
    held = _held_by_follower(desk, session_date)
    lines: dict[str, BoardLine] = {}
    for order in desk.orders():  # in id order, which begins with the date: today's comes last
        if order.purpose is Purpose.OPEN:
            positions = held.get(order.follower_id, [])
            if order.session_date == session_date or positions:
                lines[order.follower_id] = board_line(order, positions)
    ids = sorted(lines)
    return tuple(
        Board(
            session_date=session_date,
            shard=shard,
            part=start // FOLLOWERS_PER_BOARD,
            lines={key: lines[key] for key in ids[start : start + FOLLOWERS_PER_BOARD]},
            written_at=now,
        )
        for start in range(0, len(ids), FOLLOWERS_PER_BOARD)
    )


def _held_by_follower(desk: SessionDesk, session_date: str) -> dict[str, list[Position]]:
    """What each follower holds, and whatever he traded today."""
    todays = {
        position_id_of(order.follower_id, order.spread)
        for order in desk.orders()
        if order.session_date == session_date
    }
    held: dict[str, list[Position]] = {}
    for position in desk.positions():
        if position.is_open or position.position_id in todays:
            held.setdefault(position.follower_id, []).append(position)
    return held


async def publish_quotes(
    quotes: Callable[[], dict[ContractKey, Quote]],
    writer: QuoteWriter,
    clock: AsyncClock,
    session: Session,
) -> None:
    """Write the watched quotes at every mark slot still to come, and once at the close."""
    missed = max(clock.now() - session.open_at, timedelta(0))
    at = session.open_at + math.ceil(missed / _SLOT) * _SLOT
    while at <= session.close_at:
        await clock.sleep_until(at)
        held = quotes()
        try:
            if held:
                await writer.write([held[key] for key in sorted(held)])
        except AdapterError as error:
            log_event("quotes_not_written", severity="WARNING", why=str(error))
        at += _SLOT
