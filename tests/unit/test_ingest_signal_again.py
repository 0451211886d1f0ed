"""Ticks after the signal was recorded: it is verified, repaired, or withdrawn."""

import pytest

from shared.adapters.firestore.signals import FirestoreSignals
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.signals import Signal, SignalState
from shared.ports.documents import Update
from shared.ports.sheet import SheetTable
from shared.use_cases.ingest_signal import Ingestion
from tests.builders import SESSION_DATE
from tests.fakes.clock import ManualClock
from tests.fakes.sheet import ScriptedSheet
from tests.mornings import Morning, new_york
from tests.sheets import a_row, a_sheet


def test_later_ticks_verify_the_row_and_plan_nothing_twice() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.tick("09:27")
    planned = morning.orders
    assert set(morning.ticks(28, 29)) == {Ingestion.VERIFIED}
    assert morning.signal is not None
    assert morning.signal.verified_at == new_york("09:29")
    assert morning.orders == planned
    assert len(morning.sheet.read_at) == 3


def test_a_crash_between_recording_and_planning_is_repaired_by_the_next_tick() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.publisher.failures = 1
    with pytest.raises(AdapterError):
        morning.tick("09:27")
    assert morning.tick("09:28") is Ingestion.VERIFIED
    assert len(morning.orders) == 2
    assert len(morning.publisher.published) == 1


def test_an_edit_after_ingestion_withdraws_the_signal_and_says_what_changed() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.tick("09:27")
    morning.sheet.show(a_sheet(a_row(quantity="126")), at=new_york("09:28:30"))
    assert morning.tick("09:29") is Ingestion.CHANGED
    assert morning.signal is not None
    assert morning.signal.state is SignalState.CHANGED
    assert morning.signal.verified_at is None
    assert morning.told == [(AlertType.SIGNAL_CHANGED, "D4")]
    assert 'D4 (Qty_Per_Leg) "125" → "126"' in morning.last_message
    assert morning.alarm.raised[-1].traceparent == morning.signal.traceparent
    assert len(morning.publisher.published) == 1


def test_an_edit_that_makes_the_row_invalid_is_a_change_too() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.tick("09:27")
    morning.sheet.show(a_sheet(a_row(quantity="")), at=new_york("09:28:30"))
    assert morning.tick("09:29") is Ingestion.CHANGED
    assert morning.told == [(AlertType.SIGNAL_CHANGED, "D4")]


def test_a_row_that_is_gone_withdraws_the_signal() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.tick("09:27")
    morning.sheet.show(a_sheet(), at=new_york("09:28:30"))
    assert morning.tick("09:29") is Ingestion.CHANGED
    assert morning.told == [(AlertType.SIGNAL_CHANGED, "row 4")]


def test_an_edit_put_back_does_not_bring_the_signal_back() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.tick("09:27")
    morning.sheet.show(a_sheet(a_row(quantity="126")), at=new_york("09:28:30"))
    morning.tick("09:29")
    morning.sheet.show(a_sheet(a_row()), at=new_york("09:29:30"))
    assert morning.tick("09:30") is Ingestion.WITHDRAWN
    assert morning.signal is not None
    assert morning.signal.state is SignalState.CHANGED
    assert len(morning.told) == 1


def test_a_change_whose_alert_was_lost_is_told_again() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.tick("09:27")
    morning.sheet.show(a_sheet(a_row(quantity="126")), at=new_york("09:28:30"))
    morning.alarm.failures = 1
    with pytest.raises(AdapterError):
        morning.tick("09:29")
    assert morning.signal is not None
    assert morning.signal.state is SignalState.CHANGED
    assert morning.tick("09:29:10") is Ingestion.CHANGED
    assert morning.told == [(AlertType.SIGNAL_CHANGED, "D4")]


def test_a_signal_that_a_person_rejected_is_left_alone() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.tick("09:27")
    rejected = Update(path="signals/2026-11-27-QQQ-1", fields={"state": "rejected"})
    morning.documents.commit([rejected])
    assert set(morning.ticks(28, 40)) == {Ingestion.WITHDRAWN}
    assert morning.told == []


def test_a_rejected_row_is_not_ingested_a_second_time() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.tick("09:27")
    freed = Update(path=f"sessions/{SESSION_DATE}", fields={"active_signals": {}})
    rejected = Update(path="signals/2026-11-27-QQQ-1", fields={"state": "rejected"})
    morning.documents.commit([rejected, freed])
    assert morning.tick("09:28") is Ingestion.WITHDRAWN
    assert morning.signal is None
    assert morning.told == []


def test_an_overlapping_tick_that_was_faster_is_joined() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.tick("09:27")
    overlapping = OvertakenSignals(morning.documents)
    morning.signals = overlapping
    assert morning.tick("09:27:30") is Ingestion.VERIFIED
    assert overlapping.looks == 2
    assert len(morning.orders) == 2


class OvertakenSignals(FirestoreSignals):
    """Sees no signal at its first look: another tick records it just after."""

    looks = 0

    def active(self, session_date: str, ticker: str) -> Signal | None:
        self.looks += 1
        return None if self.looks == 1 else super().active(session_date, ticker)


def test_a_slow_sheet_is_verified_by_the_time_it_was_asked_and_not_answered() -> None:
    morning = Morning(a_sheet(a_row()))
    morning.tick("09:27")
    slow = SlowSheet(morning.clock)
    slow.show(a_sheet(a_row()))
    morning.sheet = slow
    morning.tick("09:28:45")
    assert morning.signal is not None
    assert morning.signal.verified_at == new_york("09:28:45")
    assert morning.clock.now() == new_york("09:28:55")


class SlowSheet(ScriptedSheet):
    """Takes ten seconds to answer."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self._manual_clock = clock

    def read(self) -> SheetTable:
        table = super().read()
        self._manual_clock.advance(10)
        return table
