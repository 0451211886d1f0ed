"""Projections: boards and quotes, written for marks and people, never read by the order path."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from gateway.custody.carried_results import CarriedResults, positions_of_the_day
from gateway.desk import SessionDesk
from shared.adapters.json_log import log_event
from shared.domain.boards import FOLLOWERS_PER_BOARD, Board, BoardLine, board_line
from shared.domain.errors import AdapterError
from shared.domain.options import ContractKey
from shared.domain.orders import Purpose
from shared.domain.quotes import Quote
from shared.domain.sessions import Session
from shared.ports.boards import BoardWriter
from shared.ports.clock import AsyncClock
from shared.ports.quotes import QuoteWriter

_SLOT = timedelta(seconds=30)


async def project_boards(
    desk: SessionDesk,
    carried: CarriedResults,
    boards: BoardWriter,
    clock: AsyncClock,
    *,
    session_date: str,
    shard: int,
) -> None:
    """Write the boards at the whole market second after a change, at most once a second."""
    while True:
        await desk.board_changed.wait()
        now = clock.now()
        await clock.sleep_until(now.replace(microsecond=0) + timedelta(seconds=1))
        desk.board_changed.clear()
        try:
            await boards.write(make_boards(desk, carried, session_date, shard, clock.now()))
        except AdapterError as error:
            log_event("board_not_written", severity="WARNING", why=str(error))
            desk.board_changed.set()


def make_boards(
    desk: SessionDesk, carried: CarriedResults, session_date: str, shard: int, now: datetime
) -> tuple[Board, ...]:
    """Project every opening order of the session, 500 followers a document.

    A position carried from an earlier session stands on its follower's line too, beside what
    today's order led to; without an order of today the one that opened it gives the line. The
    line says what the days before made of it.
    """
    held = positions_of_the_day(desk, carried, session_date)
    lines: dict[str, BoardLine] = {}
    for order in desk.orders():  # in id order, which begins with the date: today's comes last
        if order.purpose is Purpose.OPEN:
            positions = held.get(order.follower_id, [])
            if order.session_date == session_date or positions:
                before = carried.of(order.follower_id, positions, session_date)
                lines[order.follower_id] = board_line(order, positions, before)
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
