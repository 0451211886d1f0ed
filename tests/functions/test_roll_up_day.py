"""roll_up_day as deployed: framework, Firestore and Pub/Sub on sockets."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.marks import FirestoreMarks
from shared.domain.marks import book_total
from shared.domain.money import ZERO
from tests.booked_day import NOON, OPEN_AT, ROLLED_UP_AT, marks_at, put_the_day, slot_at
from tests.builders import SESSION_DATE
from tests.fakes.clock import ManualClock
from tests.functions.outside import Outside


@pytest.fixture
def booked(world: Outside) -> Outside:
    put_the_day(world.documents)
    for slot in (slot_at(OPEN_AT), slot_at(NOON)):
        FirestoreMarks(world.documents).write(marks_at(slot), total=book_total(marks_at(slot)))
    return world


def book(world: Outside) -> Decimal:
    days = FirestoreDailyPnl(world.documents).of_session(SESSION_DATE)
    return sum((day.total for day in days), ZERO)


def test_the_afternoon_tick_rolls_todays_session_up(booked: Outside) -> None:
    with booked.function("roll_up_day", ManualClock(ROLLED_UP_AT)) as function:
        assert function.push({}) == 204
    assert book(booked) == Decimal("986.2")
    (alert,) = booked.published("alerts", 1)
    assert alert["alert_type"] == "MARKS_MISSING"
    assert booked.published("reports", 1) == [
        {"type": "report_requested", "session_date": SESSION_DATE}
    ]


def test_a_message_may_name_the_session(booked: Outside) -> None:
    with booked.function("roll_up_day", ManualClock(ROLLED_UP_AT)) as function:
        assert function.push({"session_date": SESSION_DATE}) == 204
    assert book(booked) == Decimal("986.2")


@pytest.mark.parametrize("date", [20261127, "2026-11-31", ["2026-11-27"]])
def test_a_message_with_an_impossible_date_is_dropped(booked: Outside, date: object) -> None:
    with booked.function("roll_up_day", ManualClock(ROLLED_UP_AT)) as function:
        assert function.push({"session_date": date}) == 204
    assert FirestoreDailyPnl(booked.documents).of_session(SESSION_DATE) == ()
