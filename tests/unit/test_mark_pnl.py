from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.adapters.firestore.boards import FirestoreBoards
from shared.adapters.firestore.marks import FirestoreMarks
from shared.adapters.firestore.quotes import FirestoreQuotes
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.settings_book import FirestoreSettings
from shared.adapters.session_table import session_table
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.marks import Mark, MarkEntry
from shared.domain.pnl import ProfitAndLoss
from shared.use_cases.mark_pnl import MarkingPorts, mark_pnl
from tests.booked_day import (
    CLOSE_AT,
    LONG,
    NOON,
    OPEN_AT,
    SHORT,
    lines_at,
    open_the_session,
    put_board,
    put_quotes,
    quotes_at,
    slot_at,
)
from tests.builders import SESSION_DATE
from tests.fakes.alarm import RecordingAlarm
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments

TEN_THIRTY = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)


class Desk:
    """Marking over documents in memory, at an instant of the day."""

    def __init__(self, now: datetime) -> None:
        self.documents = InMemoryDocuments()
        self.clock = ManualClock(now)
        self.alarm = RecordingAlarm()
        self.marks = FirestoreMarks(self.documents)
        open_the_session(self.documents)
        put_board(self.documents, lines_at(now), at=now)
        put_quotes(self.documents, quotes_at(now))

    def tick(self) -> tuple[int, ...]:
        return mark_pnl(
            MarkingPorts(
                clock=self.clock,
                table=session_table(),
                boards=FirestoreBoards(self.documents),
                quotes=FirestoreQuotes(self.documents),
                marks=self.marks,
                settings=FirestoreSettings(self.documents),
                alarm=self.alarm,
            )
        )

    def written(self) -> tuple[Mark, ...]:
        return self.marks.of_session(SESSION_DATE)

    def series(self) -> dict[str, Decimal]:
        record = FirestoreSessions(self.documents).read(SESSION_DATE)
        assert record is not None
        return record.series


def test_a_tick_marks_both_halves_of_its_minute() -> None:
    desk = Desk(TEN_THIRTY)
    first = slot_at(TEN_THIRTY)
    assert desk.tick() == (first, first + 1)
    assert [mark.slot for mark in desk.written()] == [first, first + 1]
    assert desk.clock.now() == TEN_THIRTY + timedelta(seconds=30)


def test_a_mark_holds_every_followers_result() -> None:
    desk = Desk(TEN_THIRTY)
    desk.tick()
    entries = desk.written()[0].entries
    # Long 585 at 0.03, short 590 at 0.10, fees 1.30 a spread.
    # anna: 10 x 100 x ((0.03 - 0.40) + (1.15 - 0.10)) = 680; bruno: 400 x (-0.38 + 1.02) = 256.
    assert entries["anna"] == MarkEntry(unrealized=Decimal(680), fees=Decimal(13))
    assert entries["bruno"] == MarkEntry(unrealized=Decimal(256), fees=Decimal("5.2"))
    assert entries["carla"] == MarkEntry()
    assert entries["dora"] == MarkEntry(unrealized=Decimal(136), fees=Decimal("2.6"))
    # 680 - 13 + 256 - 5.20 + 136 - 2.60
    assert desk.series()[str(slot_at(TEN_THIRTY))] == Decimal("1051.2")


def test_a_mark_carries_the_quotes_it_used() -> None:
    desk = Desk(TEN_THIRTY)
    desk.tick()
    used = desk.written()[0].quotes
    assert set(used) == {LONG, SHORT}
    assert (used[SHORT].bid, used[SHORT].ask) == (Decimal("0.09"), Decimal("0.11"))
    assert not used[SHORT].stale


def test_a_closed_position_is_marked_at_what_it_realized() -> None:
    desk = Desk(NOON)
    desk.tick()
    assert desk.written()[0].entries["anna"] == MarkEntry(realized=Decimal(600), fees=Decimal(26))


def test_a_repeat_of_a_tick_is_a_no_op() -> None:
    desk = Desk(TEN_THIRTY)
    desk.tick()
    before = desk.written()
    desk.clock.set(TEN_THIRTY)
    assert desk.tick() == ()
    assert desk.written() == before


def test_a_late_tick_marks_its_own_half_and_never_the_one_before() -> None:
    late = TEN_THIRTY + timedelta(seconds=41)
    desk = Desk(late)
    assert desk.tick() == (slot_at(late),)
    assert desk.clock.now() == late


@pytest.mark.parametrize(
    "now",
    [
        OPEN_AT - timedelta(minutes=1),
        CLOSE_AT,
        CLOSE_AT + timedelta(hours=2),
        datetime(2026, 11, 26, 15, 30, tzinfo=UTC),
        datetime(2026, 11, 28, 15, 30, tzinfo=UTC),
    ],
    ids=["before the open", "at the close", "after the close", "Thanksgiving", "Saturday"],
)
def test_outside_the_session_nothing_is_marked(now: datetime) -> None:
    desk = Desk(now)
    assert desk.tick() == ()
    assert desk.written() == ()
    assert desk.clock.now() == now


def test_the_last_tick_of_a_half_day_marks_the_last_two_slots() -> None:
    desk = Desk(CLOSE_AT - timedelta(minutes=1))
    assert desk.tick() == (slot_at(CLOSE_AT) - 2, slot_at(CLOSE_AT) - 1)


def test_a_whole_half_day_of_ticks_makes_420_marks() -> None:
    desk = Desk(OPEN_AT)
    for minute in range(-5, 220):
        desk.clock.set(OPEN_AT + timedelta(minutes=minute))
        desk.tick()
    assert len(desk.written()) == len(desk.series()) == 420


def test_an_old_quote_is_used_flagged_and_alerted() -> None:
    desk = Desk(TEN_THIRTY)
    put_quotes(desk.documents, quotes_at(TEN_THIRTY, age_seconds=91))
    desk.tick()
    assert desk.written()[0].stale
    assert desk.written()[0].entries["dora"].unrealized == Decimal(136)
    assert desk.alarm.types == [AlertType.MARKET_DATA_STALE]
    assert LONG in desk.alarm.raised[0].message


def test_stale_quotes_have_one_key_all_session() -> None:
    desk = Desk(TEN_THIRTY)
    put_quotes(desk.documents, quotes_at(TEN_THIRTY, age_seconds=91))
    desk.tick()
    desk.clock.advance(30)
    desk.tick()
    assert len({alert.key for alert in desk.alarm.raised}) == 1


def test_a_follower_without_a_two_sided_quote_is_listed_not_guessed() -> None:
    desk = Desk(TEN_THIRTY)
    desk.documents = InMemoryDocuments()
    desk.marks = FirestoreMarks(desk.documents)
    open_the_session(desk.documents)
    put_board(desk.documents, lines_at(TEN_THIRTY), at=TEN_THIRTY)
    put_quotes(desk.documents, quotes_at(TEN_THIRTY)[:1])
    desk.tick()
    mark = desk.written()[0]
    assert mark.unmarked == ("anna", "bruno", "dora")
    assert set(mark.entries) == {"carla"}
    assert "3 followers cannot be marked" in desk.alarm.raised[0].message


def test_what_was_carried_in_is_taken_off_and_the_mark_says_so() -> None:
    desk = Desk(TEN_THIRTY)
    carried = ProfitAndLoss(unrealized=Decimal(500), fees=Decimal(13))
    lines = [
        replace(line, carried=carried) if line.follower_id == "anna" else line
        for line in lines_at(TEN_THIRTY)
    ]
    put_board(desk.documents, lines, at=TEN_THIRTY)
    desk.tick()
    entries = desk.written()[0].entries
    # Since the opening 680 less 13; of that 500 less 13 belong to the days before.
    assert entries["anna"] == MarkEntry(
        unrealized=Decimal(180), fees=Decimal("0.00"), carried=carried
    )
    assert entries["dora"].carried is None
    # 180 + 256 - 5.20 + 136 - 2.60
    assert desk.series()[str(slot_at(TEN_THIRTY))] == Decimal("564.2")


def test_a_follower_of_whom_nobody_knows_what_he_carried_in_is_listed_and_told() -> None:
    desk = Desk(TEN_THIRTY)
    lines = [
        replace(line, is_carried_known=line.follower_id != "anna") for line in lines_at(TEN_THIRTY)
    ]
    put_board(desk.documents, lines, at=TEN_THIRTY)
    desk.tick()
    mark = desk.written()[0]
    assert mark.unmarked == ("anna",)
    assert "anna" not in mark.entries
    assert "1 follower cannot be marked because a day before" in desk.alarm.raised[0].message
    assert "market data" not in desk.alarm.raised[0].message


def test_an_empty_book_is_marked_all_the_same() -> None:
    desk = Desk(TEN_THIRTY)
    put_board(desk.documents, (), at=TEN_THIRTY)
    desk.tick()
    assert desk.written()[0].entries == {}
    assert set(desk.series().values()) == {Decimal(0)}


def test_marks_stand_even_where_the_alarm_fails() -> None:
    desk = Desk(TEN_THIRTY)
    desk.alarm = RecordingAlarm(failures=1)
    put_quotes(desk.documents, quotes_at(TEN_THIRTY, age_seconds=91))
    with pytest.raises(AdapterError):
        desk.tick()
    assert len(desk.written()) == 2


def test_a_slot_slept_through_is_left_a_gap() -> None:
    class SleepyClock(ManualClock):
        def sleep_until(self, at: datetime) -> None:
            super().sleep_until(at + timedelta(minutes=1) if at > self.now() else at)

    desk = Desk(TEN_THIRTY)
    desk.clock = SleepyClock(TEN_THIRTY)
    assert desk.tick() == (slot_at(TEN_THIRTY),)
