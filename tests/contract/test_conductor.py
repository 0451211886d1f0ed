"""The conductor: time moves when nobody works, and only then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.held_time import (
    ACTIVITY,
    ANSWERED,
    NEXT_AT,
    RECEIVED,
    SENT,
    WORK,
)
from tests.contract.held_members import (
    PATIENCE_SECONDS,
    START_AT,
    Conducting,
    HandMade,
    Hire,
    conductor_in,
    hiring,
)
from tests.sandbox.conductor import Conductor, Left, Stalled, Stopped


@pytest.fixture
def conductor(tmp_path: Path) -> Iterator[Conductor]:
    with conductor_in(tmp_path) as one:
        yield one


@pytest.fixture
def hire(conductor: Conductor) -> Iterator[Hire]:
    with hiring(conductor) as make:
        yield make


def test_without_members_time_jumps_to_the_end(conductor: Conductor) -> None:
    assert Conducting(conductor, 60).ended() == [60]
    assert conductor.now() == START_AT + timedelta(seconds=60)


def test_time_jumps_to_the_earliest_wake_up_and_to_nothing_in_between(
    conductor: Conductor, hire: Hire
) -> None:
    late, early = hire("late"), hire("early")
    late.wake_in(50)
    early.wake_in(20)
    conducting = Conducting(conductor)
    assert early.hear() == b"."
    assert conductor.now() == START_AT + timedelta(seconds=20)
    early.answer()
    assert late.hear() == b"."
    late.answer()
    assert conducting.ended() == [20, 50, 3600]
    assert conductor.jumps == 2


@pytest.mark.parametrize(
    ("field", "value"), [(ACTIVITY, 1), (WORK, 1), (WORK, -1), (SENT, 7), (RECEIVED, 7)]
)
def test_time_stands_while_anything_is_under_way(
    conductor: Conductor, hire: Hire, field: int, value: int
) -> None:
    busy, sleeper = hire("busy"), hire("sleeper")
    sleeper.wake_in(10)
    busy.set(field, value)
    conducting = Conducting(conductor)
    assert conducting.stands_at(0)
    busy.set(field, 0 if field != ACTIVITY else 2)
    assert sleeper.hear() == b"."
    sleeper.answer()
    conducting.ended()


def test_bytes_in_flight_between_two_members_hold_time(conductor: Conductor, hire: Hire) -> None:
    market, trader = hire("market"), hire("trader")
    trader.wake_in(10)
    market.set(SENT, 100)
    trader.set(RECEIVED, 60)
    conducting = Conducting(conductor)
    assert conducting.stands_at(0)
    trader.set(RECEIVED, 100)
    assert trader.hear() == b"."
    trader.answer()
    conducting.ended()


def test_a_sleeping_handler_balances_the_message_that_started_it(
    conductor: Conductor, hire: Hire
) -> None:
    courier, function = hire("courier"), hire("function")
    courier.set(WORK, 2)
    function.set(WORK, -1)
    function.wake_in(30)
    conducting = Conducting(conductor)
    assert conducting.stands_at(0)
    function.set(WORK, -2)
    assert function.hear() == b"."
    function.set(WORK, 0)
    function.answer()
    assert conducting.stands_at(30)
    courier.set(WORK, 0)
    assert conducting.ended() == [30, 3600]


def test_an_unanswered_wake_up_holds_time(conductor: Conductor, hire: Hire) -> None:
    woken, other = hire("woken"), hire("other")
    woken.wake_in(10)
    other.wake_in(20)
    conducting = Conducting(conductor)
    assert woken.hear() == b"."
    woken.wake_in(None)
    assert conducting.stands_at(10)
    woken.answer()
    assert other.hear() == b"."
    other.answer()
    conducting.ended()


def test_at_one_instant_members_are_woken_one_by_one_by_rank_and_name(
    conductor: Conductor, hire: Hire
) -> None:
    ranks = {"world": 9, "gateway": 1, "b": 5, "simulator": 0, "a": 5}
    members = {name: hire(name, rank=rank) for name, rank in ranks.items()}
    for member in members.values():
        member.wake_in(10)
    conducting = Conducting(conductor)
    order = sorted(ranks, key=lambda name: (ranks[name], name))
    for place, name in enumerate(order):
        assert members[name].hear() == b"."
        for later in order[place + 1 :]:
            later_member = members[later]
            later_member.place.connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                later_member.hear()
            later_member.place.connection.settimeout(PATIENCE_SECONDS)
        members[name].answer()
    assert conducting.ended() == [10, 3600]


def test_whoever_asks_again_for_this_very_instant_is_woken_before_time_moves(
    conductor: Conductor, hire: Hire
) -> None:
    member, other = hire("member"), hire("other")
    member.wake_in(10)
    other.wake_in(11)
    conducting = Conducting(conductor)
    assert member.hear() == b"."
    member.place.table.add(member.place.row, ACTIVITY, 1)
    member.set(ANSWERED, 1)
    member.place.table.add(member.place.row, ACTIVITY, 1)
    assert member.hear() == b"."
    assert conductor.now() == START_AT + timedelta(seconds=10)
    member.set(NEXT_AT, 2**62)
    member.set(ANSWERED, 2)
    assert other.hear() == b"."
    other.answer()
    assert conducting.ended() == [10, 11, 3600]


@pytest.mark.parametrize("when", ["at work", "holding", "woken", "sending"])
def test_a_member_that_dies_frees_time(conductor: Conductor, hire: Hire, when: str) -> None:
    dying, other = hire("dying"), hire("other")
    other.wake_in(20)
    if when == "woken":
        dying.wake_in(10)
    else:
        dying.set({"at work": ACTIVITY, "holding": WORK, "sending": SENT}[when], 1)
    conducting = Conducting(conductor)
    if when == "woken":
        assert dying.hear() == b"."
    dying.place.leave()
    assert other.hear() == b"."
    other.answer()
    assert conducting.ended()[-2:] == [20, 3600]
    assert conductor.names() == ["other"]


def test_a_stall_names_who_is_at_work(tmp_path: Path) -> None:
    with conductor_in(tmp_path, stall_seconds=0.05) as conductor:
        lazy, busy = HandMade(conductor, "lazy"), HandMade(conductor, "busy")
        busy.set(ACTIVITY, 3)
        lazy.set(WORK, 2)
        with pytest.raises(Stalled) as raised:
            conductor.wait_for_quiet()
        lines = str(raised.value).splitlines()
        assert lines[0].startswith("market time stands at 2026-11-23T14:00:00")
        assert "  lazy: idle, work 2, unanswered 0, sent 0, received 0, activity 0" in lines
        assert "  busy: at work, work 0, unanswered 0, sent 0, received 0, activity 3" in lines
        lazy.place.leave()
        busy.place.leave()


def test_stopping_ends_the_conducting_even_where_all_is_quiet(conductor: Conductor) -> None:
    conductor.stop()
    with pytest.raises(Stopped):
        Conducting(conductor).ended()


def test_stopping_does_not_wait_for_the_pace(tmp_path: Path) -> None:
    conductor = Conductor(tmp_path, start_at=START_AT, seconds_per_minute=3600)
    member = HandMade(conductor, "member")
    member.wake_in(60)
    conducting = Conducting(conductor)
    assert conducting.stands_at(0)
    conductor.close()
    with pytest.raises(Stopped):
        conducting.ended()
    member.place.leave()


def test_a_pace_is_a_least_machine_time_per_market_minute(tmp_path: Path) -> None:
    conductor = Conductor(tmp_path, start_at=START_AT, seconds_per_minute=0.1)
    member = HandMade(conductor, "member")
    member.wake_in(30)
    started = time.monotonic()
    conducting = Conducting(conductor)
    assert member.hear() == b"."
    assert time.monotonic() - started >= 0.05
    conductor.close()
    with pytest.raises(Stopped):
        conducting.ended()
    member.place.leave()


def test_time_stands_still_once_a_guarded_member_has_left(conductor: Conductor, hire: Hire) -> None:
    guarded, other = hire("guarded"), hire("other")
    conductor.guard("guarded")
    other.wake_in(20)
    guarded.set(ACTIVITY, 1)
    guarded.place.leave()
    with pytest.raises(Left, match="guarded"):
        conductor.run_until(START_AT + timedelta(seconds=60), on_jump=lambda _: None)
    assert conductor.now() == START_AT


def test_time_runs_on_without_a_guarded_member_when_told_and_with_its_successor(
    conductor: Conductor, hire: Hire
) -> None:
    first = hire("guarded")
    first.set(ACTIVITY, 1)
    first.place.leave()
    conductor.guard("guarded")
    with pytest.raises(Left):
        conductor.run_until(START_AT + timedelta(seconds=10), on_jump=lambda _: None)
    conductor.unguard("guarded")
    conductor.run_until(START_AT + timedelta(seconds=10), on_jump=lambda _: None)
    hire("guarded")
    conductor.guard("guarded")
    conductor.run_until(START_AT + timedelta(seconds=20), on_jump=lambda _: None)
    assert conductor.now() == START_AT + timedelta(seconds=20)


def test_quiet_is_told_at_once(conductor: Conductor, hire: Hire) -> None:
    member = hire("member")
    assert conductor.is_quiet()
    member.set(ACTIVITY, 1)
    assert not conductor.is_quiet()
    member.set(ACTIVITY, 2)
    member.set(WORK, 1)
    assert not conductor.is_quiet()
