from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.adapters.firestore.boards import FirestoreBoards
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl
from shared.adapters.firestore.fills import FirestoreFills
from shared.adapters.firestore.marks import FirestoreMarks
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.firestore.positions import FirestorePositions
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.terms import FirestoreTerms
from shared.adapters.session_table import session_table
from shared.domain.alerts import AlertType
from shared.domain.daily_pnl import DailyPnl
from shared.domain.errors import AdapterError, InvalidInput
from shared.domain.marks import book_total
from shared.domain.money import ZERO
from shared.domain.session_record import Finality
from shared.domain.spreads import Side
from shared.ports.documents import Delete
from shared.use_cases.roll_up_day import DayRolledUp, RollUpPorts, roll_up_day
from tests.booked_day import (
    CLOSE_AT,
    LONG,
    NAMES,
    NOON,
    ROLLED_UP_AT,
    SHORT,
    a_leg_fill,
    marks_at,
    put,
    put_the_day,
    slot_at,
    the_session,
)
from tests.builders import SESSION_DATE
from tests.fakes.alarm import RecordingAlarm
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments
from tests.fakes.publisher import RecordingPublisher

SOME_SLOTS = tuple(the_session().mark_slots())[::60]
LAST_SLOT = the_session().mark_slots()[-1]


class Desk:
    """The booked day over documents in memory, at 16:30 New York."""

    def __init__(self, *, slots: Iterable[int] = (*SOME_SLOTS, LAST_SLOT)) -> None:
        self.documents = InMemoryDocuments()
        self.clock = ManualClock(ROLLED_UP_AT)
        self.alarm = RecordingAlarm()
        self.publisher = RecordingPublisher()
        put_the_day(self.documents)
        for slot in slots:
            marks = marks_at(slot)
            FirestoreMarks(self.documents).write(marks, total=book_total(marks))

    def roll_up(self, session_date: str | None = None) -> DayRolledUp:
        return roll_up_day(
            RollUpPorts(
                clock=self.clock,
                table=session_table(),
                sessions=FirestoreSessions(self.documents),
                boards=FirestoreBoards(self.documents),
                orders=FirestorePlannedOrders(self.documents),
                positions=FirestorePositions(self.documents),
                fills=FirestoreFills(self.documents),
                marks=FirestoreMarks(self.documents),
                terms=FirestoreTerms(self.documents),
                daily_pnl=FirestoreDailyPnl(self.documents),
                alarm=self.alarm,
                publisher=self.publisher,
            ),
            session_date=session_date,
        )

    def days(self) -> dict[str, DailyPnl]:
        stored = FirestoreDailyPnl(self.documents).of_session(SESSION_DATE)
        return {day.follower_id: day for day in stored}


def test_everyone_who_had_anything_gets_a_day() -> None:
    desk = Desk()
    done = desk.roll_up()
    assert sorted(desk.days()) == sorted(NAMES)
    assert (done.followers, done.written, done.discrepancies) == (4, 4, ())


def test_a_closed_position_is_realized_from_its_fills() -> None:
    desk = Desk()
    desk.roll_up()
    anna = desk.days()["anna"]
    # Long 585: (0.05 - 0.40) x 10 x 100 = -350; short 590: (1.15 - 0.20) x 10 x 100 = +950.
    assert (anna.realized, anna.unrealized, anna.fees) == (Decimal(600), ZERO, Decimal(26))
    assert anna.total == anna.close == Decimal(574)
    assert anna.trades == 4
    # 20 % of 600 - 26.
    assert (anna.commission_base, anna.commission) == (Decimal(574), Decimal("114.80"))
    assert anna.finality is Finality.PROVISIONAL


def test_an_expired_spread_keeps_its_credit_and_its_bookings_are_no_trades() -> None:
    desk = Desk()
    desk.roll_up()
    bruno = desk.days()["bruno"]
    # (1.12 - 0.41) x 4 x 100 = 284.00; fees 8 contracts x 0.65.
    assert (bruno.realized, bruno.fees, bruno.trades) == (Decimal(284), Decimal("5.2"), 2)
    # 20 % of 278.80.
    assert bruno.commission == Decimal("55.76")


def test_an_open_leg_is_valued_at_the_last_quotes_a_mark_used() -> None:
    desk = Desk()
    desk.roll_up()
    dora = desk.days()["dora"]
    # 200 x ((0.03 - 0.40) + (1.15 - 0.10)) = 136.00.
    assert (dora.realized, dora.unrealized, dora.total) == (ZERO, Decimal(136), Decimal("133.4"))
    assert dora.commission == ZERO


def test_a_skipped_follower_has_a_day_of_zeros() -> None:
    desk = Desk()
    desk.roll_up()
    carla = desk.days()["carla"]
    assert (carla.total, carla.fees, carla.trades, carla.commission) == (ZERO, ZERO, 0, ZERO)


def test_the_curve_comes_from_the_marks_and_ends_at_the_result() -> None:
    desk = Desk()
    desk.roll_up()
    anna = desk.days()["anna"]
    # First mark at 09:30:00, before the fill; from 10:00 on 680 - 13; after noon 600 - 26.
    assert (anna.open, anna.high, anna.low) == (ZERO, Decimal(667), ZERO)
    assert anna.drawdown == Decimal(93)


def test_cents_are_conserved_from_fills_to_the_book() -> None:
    desk = Desk()
    desk.roll_up()
    days = desk.days().values()
    assert sum((day.total for day in days), ZERO) == Decimal("986.20")
    assert sum((day.commission for day in days), ZERO) == Decimal("170.56")


def test_a_repeat_writes_nothing() -> None:
    desk = Desk()
    desk.roll_up()
    before = {path: desk.documents.get(path) for path in _paths(desk)}
    desk.clock.advance(3600)
    assert desk.roll_up().written == 0
    assert {path: desk.documents.get(path) for path in _paths(desk)} == before


def test_a_late_fee_changes_the_one_day_it_belongs_to() -> None:
    desk = Desk()
    desk.roll_up()
    late = a_leg_fill("dora", LONG, Side.SELL, 1, "0.03", ROLLED_UP_AT)
    put(desk.documents, [(f"fills/{late.exec_id}", encode(late))])
    desk.clock.advance(60)
    assert desk.roll_up().written == 1
    assert desk.days()["dora"].rolled_up_at == desk.clock.now()
    assert desk.days()["anna"].rolled_up_at == ROLLED_UP_AT


def test_a_final_day_of_a_final_session_is_never_written_again() -> None:
    desk = Desk()
    desk.roll_up()
    FirestoreSessions(desk.documents).make_final(SESSION_DATE, ROLLED_UP_AT)
    key = f"pnl_daily/{SESSION_DATE}~anna"
    stored = desk.documents.get(key)
    assert stored is not None
    put(desk.documents, [(key, {**stored.data, "finality": "final", "total_micros": 1})])
    desk.roll_up()
    assert desk.days()["anna"].total == Decimal("0.000001")


def test_the_days_of_a_reopened_session_are_provisional_again() -> None:
    desk = Desk()
    FirestoreSessions(desk.documents).make_final(SESSION_DATE, ROLLED_UP_AT)
    desk.roll_up()
    assert {day.finality for day in desk.days().values()} == {Finality.FINAL}
    FirestoreSessions(desk.documents).reopen(SESSION_DATE, "a bust")
    desk.roll_up()
    assert {day.finality for day in desk.days().values()} == {Finality.PROVISIONAL}


def test_missing_marks_are_noted_and_alerted_once_a_session() -> None:
    desk = Desk()
    done = desk.roll_up()
    desk.roll_up()
    record = FirestoreSessions(desk.documents).read(SESSION_DATE)
    assert record is not None
    # 420 due; every 60th from the first, and the last, are there.
    assert done.gaps == len(record.gaps) == 412
    assert desk.alarm.types == [AlertType.MARKS_MISSING] * 2
    assert len({alert.key for alert in desk.alarm.raised}) == 1
    assert "412 marks of 420 missing, the first at 09:30:30" in desk.alarm.raised[0].message


def test_a_day_without_gaps_raises_no_alert() -> None:
    desk = Desk(slots=the_session().mark_slots())
    assert desk.roll_up().gaps == 0
    assert desk.alarm.raised == []


def test_the_daily_summary_is_asked_for_at_the_end() -> None:
    desk = Desk()
    desk.roll_up()
    (asked,) = desk.publisher.published
    assert asked.topic == "reports"
    assert asked.data == {"type": "report_requested", "session_date": SESSION_DATE}


@pytest.mark.parametrize("date", ["2026-11-26", "2026-11-28"], ids=["Thanksgiving", "Saturday"])
def test_a_date_without_a_session_does_nothing(date: str) -> None:
    desk = Desk(slots=())
    assert desk.roll_up(date) == DayRolledUp()
    assert desk.publisher.published == []


def test_a_session_that_is_not_over_is_left_alone() -> None:
    desk = Desk()
    desk.clock.set(CLOSE_AT - timedelta(seconds=1))
    assert desk.roll_up() == DayRolledUp()
    assert desk.days() == {}


def test_an_impossible_date_is_refused() -> None:
    with pytest.raises(InvalidInput, match="YYYY-MM-DD"):
        Desk(slots=()).roll_up("2026-02-30")


def test_a_past_session_can_be_rolled_up_by_its_date() -> None:
    desk = Desk()
    desk.clock.advance(3 * 86400)
    assert desk.roll_up(SESSION_DATE).written == 4


def test_books_that_differ_from_the_last_mark_are_reported() -> None:
    desk = Desk()
    wrong = a_leg_fill("anna", SHORT, Side.BUY, 1, "0.20", NOON + timedelta(minutes=10))
    put(desk.documents, [(f"fills/{wrong.exec_id}", encode(wrong))])
    told = [one.words for one in desk.roll_up().discrepancies if one.follower_id == "anna"]
    assert told == ["fees 26.65 USD by fills, 26.00 USD at the last mark"]


def test_bookings_after_the_last_mark_are_no_discrepancy() -> None:
    done = Desk().roll_up()
    assert done.discrepancies == ()


def test_a_leg_that_was_never_quoted_is_carried_at_cost_and_reported() -> None:
    desk = Desk(slots=())
    done = desk.roll_up()
    dora = desk.days()["dora"]
    assert (dora.unrealized, dora.total) == (ZERO, Decimal("-2.6"))
    assert [one.follower_id for one in done.discrepancies] == ["dora", "dora"]
    assert "never quoted" in done.discrepancies[0].words


def test_an_archived_followers_day_is_rolled_up_all_the_same() -> None:
    desk = Desk()
    stored = desk.documents.get("followers/anna")
    assert stored is not None
    put(desk.documents, [("followers/anna", {**stored.data, "state": "archived"})])
    assert desk.roll_up().discrepancies == ()
    assert desk.days()["anna"].commission == Decimal("114.80")


def test_without_terms_the_usual_commission_is_assumed_and_reported() -> None:
    desk = Desk()
    desk.documents.commit([Delete(path="followers/anna/terms/2026-01")])
    told = [(one.follower_id, one.words) for one in desk.roll_up().discrepancies]
    assert told == [("anna", "no terms on record; the usual commission is assumed")]
    assert desk.days()["anna"].commission == Decimal("114.80")


def test_a_day_counts_its_contracts_and_what_is_held_at_its_end() -> None:
    desk = Desk()
    desk.roll_up()
    days = desk.days()
    # anna: four legs of 10; bruno: two of 4, expired; dora: two of 2, held.
    assert [(days[who].volume, days[who].closing_legs) for who in ("anna", "bruno", "dora")] == [
        (40, 0),
        (8, 0),
        (4, 2),
    ]


def test_a_session_nobody_opened_is_noted_as_one_long_gap() -> None:
    desk = Desk(slots=())
    desk.documents = InMemoryDocuments()
    assert desk.roll_up().gaps == 420


def test_a_failed_publication_is_made_good_by_the_repeat() -> None:
    desk = Desk()
    desk.publisher.failures = 1
    with pytest.raises(AdapterError):
        desk.roll_up()
    desk.roll_up()
    assert len(desk.publisher.published) == 1


def test_a_mark_before_the_fill_and_after_noon_tell_different_totals() -> None:
    assert book_total(marks_at(slot_at(NOON))) != book_total(marks_at(SOME_SLOTS[0]))


def _paths(desk: Desk) -> list[str]:
    return [f"sessions/{SESSION_DATE}", *(f"pnl_daily/{SESSION_DATE}~{who}" for who in NAMES)]
