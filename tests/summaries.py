"""The daily summary of the booked day, and the parts it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from shared.domain.alerts import Alert
from shared.domain.daily_pnl import DailyPnl, DayExtent, roll_up
from shared.domain.day_books import MarkedDay, close_books, last_mids, marked_days
from shared.domain.day_summary import DaySummary, summarize_day
from shared.domain.followers import FollowerId
from shared.domain.marks import book_total
from shared.domain.orders import Order
from shared.domain.session_record import Finality, SessionRecord
from tests.booked_day import (
    CLOSE_AT,
    NAMES,
    NOON,
    OPEN_AT,
    ROLLED_UP_AT,
    fills,
    marks_at,
    orders,
    slot_at,
    the_session,
)
from tests.builders import SESSION_DATE

MARKED_AT = (OPEN_AT, OPEN_AT + timedelta(seconds=30), NOON)


def record() -> SessionRecord:
    """The session's record, with three marks of 420."""
    slots = [slot_at(at) for at in MARKED_AT]
    return SessionRecord(
        session_date=SESSION_DATE,
        open_at=OPEN_AT,
        close_at=CLOSE_AT,
        series={str(slot): book_total(marks_at(slot)) for slot in slots},
        gaps=tuple(slot for slot in the_session().mark_slots() if slot not in slots),
    )


def days() -> list[DailyPnl]:
    marks = [mark for at in MARKED_AT for mark in marks_at(slot_at(at))]
    marked = marked_days(marks)
    rolled = []
    for who in sorted(NAMES):
        mine = [fill for fill in fills() if fill.follower_id == who]
        day = marked.get(who, MarkedDay())
        end = close_books(FollowerId(who), fills=mine, mids=last_mids(marks), marked=day)
        rolled.append(
            roll_up(
                session_date=SESSION_DATE,
                follower_id=FollowerId(who),
                totals=day.totals,
                end=end.result,
                extent=DayExtent(trades=end.trades),
                commission_ratio=Decimal("0.20"),
                finality=Finality.PROVISIONAL,
                now=ROLLED_UP_AT,
            )
        )
    return rolled


_DAYS = days()
_RECORD = record()


def summary_of(
    *,
    days: Sequence[DailyPnl] = _DAYS,
    orders: Iterable[Order] = orders(),
    record: SessionRecord | None = _RECORD,
    names: Mapping[str, str] = NAMES,
    alerts: Iterable[Alert] = (),
) -> DaySummary:
    return summarize_day(
        session=the_session(), record=record, days=days, orders=orders, names=names, alerts=alerts
    )
