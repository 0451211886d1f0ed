"""mark_pnl as deployed: framework, Firestore and Pub/Sub on sockets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.adapters.firestore.marks import FirestoreMarks
from shared.adapters.firestore.sessions import FirestoreSessions
from tests.booked_day import (
    CLOSE_AT,
    lines_at,
    open_the_session,
    put_board,
    put_quotes,
    quotes_at,
    slot_at,
)
from tests.builders import SESSION_DATE
from tests.fakes.clock import ManualClock
from tests.functions.outside import Outside

TEN_THIRTY = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)


def test_a_push_makes_two_marks_and_a_repeat_makes_none(world: Outside) -> None:
    open_the_session(world.documents)
    put_board(world.documents, lines_at(TEN_THIRTY), at=TEN_THIRTY)
    put_quotes(world.documents, quotes_at(TEN_THIRTY))
    clock = ManualClock(TEN_THIRTY)
    with world.function("mark_pnl", clock) as function:
        assert function.push({}) == 204
        clock.set(TEN_THIRTY)
        assert function.push({}) == 204
    marks = FirestoreMarks(world.documents).of_session(SESSION_DATE)
    assert [mark.slot for mark in marks] == [slot_at(TEN_THIRTY), slot_at(TEN_THIRTY) + 1]
    record = FirestoreSessions(world.documents).read(SESSION_DATE)
    assert record is not None
    assert set(record.series.values()) == {Decimal("1051.2")}


def test_stale_quotes_raise_an_alert(world: Outside) -> None:
    open_the_session(world.documents)
    put_board(world.documents, lines_at(TEN_THIRTY), at=TEN_THIRTY)
    put_quotes(world.documents, quotes_at(TEN_THIRTY, age_seconds=600))
    with world.function("mark_pnl", ManualClock(TEN_THIRTY)) as function:
        assert function.push({}) == 204
    (alert,) = world.published("alerts", 1)
    assert alert["alert_type"] == "MARKET_DATA_STALE"


def test_after_the_close_a_push_is_acknowledged_and_marks_nothing(world: Outside) -> None:
    with world.function("mark_pnl", ManualClock(CLOSE_AT + timedelta(minutes=1))) as function:
        assert function.push({}) == 204
    assert FirestoreMarks(world.documents).of_session(SESSION_DATE) == ()


def test_a_session_that_was_never_opened_makes_the_push_come_back(world: Outside) -> None:
    with world.function("mark_pnl", ManualClock(TEN_THIRTY)) as function:
        assert function.push({}) == 503
