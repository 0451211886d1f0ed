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
from shared.domain.positions import position_id_of
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
    """Project every opening order of the session, 500 followers a document."""
    lines: dict[str, BoardLine] = {
        order.follower_id: board_line(
            order, desk.position(position_id_of(order.follower_id, order.spread))
        )
        for order in desk.orders()
        if order.purpose is Purpose.OPEN
    }
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
