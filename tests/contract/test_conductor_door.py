"""The conductor's door: who comes, who goes, and who is not let in."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.held_time import (
    ACTIVITY,
    ANSWERED,
    MAX_ROWS,
    SENT,
    WORK,
    join,
)
from tests.contract.held_members import (
    PATIENCE_SECONDS,
    Conducting,
    HandMade,
    Hire,
    conductor_in,
    hiring,
)
from tests.sandbox.conductor import Conductor, Stopped


@pytest.fixture
def conductor(tmp_path: Path) -> Iterator[Conductor]:
    with conductor_in(tmp_path) as one:
        yield one


@pytest.fixture
def hire(conductor: Conductor) -> Iterator[Hire]:
    with hiring(conductor) as make:
        yield make


def test_a_member_that_leaves_late_does_not_take_its_successor_along(
    conductor: Conductor, hire: Hire
) -> None:
    first, other = hire("first"), hire("other")
    first.wake_in(10)
    conducting = Conducting(conductor)
    assert first.hear() == b"."
    first.place.leave()
    conducting.ended()
    second = hire("second")
    assert second.place.row == first.place.row
    assert conductor.names() == ["other", "second"]
    assert other.place.row != second.place.row


def test_a_newcomer_holds_time_from_its_first_instant_if_it_is_at_work(
    conductor: Conductor, hire: Hire
) -> None:
    hire("sleeper").wake_in(10)
    place = join(conductor.address, name="newcomer", rank=1, at_work=True)
    conducting = Conducting(conductor)
    assert conducting.stands_at(0)
    conductor.stop()
    with pytest.raises(Stopped):
        conducting.ended()
    place.leave()


def test_a_newcomer_finds_no_trace_of_who_had_its_row(conductor: Conductor, hire: Hire) -> None:
    first = hire("first")
    for field in (WORK, SENT, ANSWERED, ACTIVITY):
        first.set(field, 5)
    row = first.place.row
    first.place.leave()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while conductor.names() and time.monotonic() < deadline:
        conductor.wait_for_quiet()
    second = hire("second")
    assert second.place.row == row
    conductor.wait_for_quiet()


def test_closing_hangs_up_on_everybody_and_removes_the_socket(tmp_path: Path) -> None:
    with conductor_in(tmp_path) as conductor:
        member = HandMade(conductor, "member")
        silent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        silent.connect(conductor.address)
    assert member.hear() == b""
    assert not Path(conductor.address).exists()
    member.place.leave()
    silent.close()
    with pytest.raises(FileNotFoundError):
        join(conductor.address, name="late", rank=1, at_work=False)


def test_a_connection_without_a_word_is_nobody(conductor: Conductor, hire: Hire) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.connect(conductor.address)
        silent.send(b'{"name": "half a')
    hire("member")
    assert conductor.names() == ["member"]


def test_a_full_house_refuses_one_more_by_name(conductor: Conductor, hire: Hire) -> None:
    for number in range(MAX_ROWS):
        hire(f"member {number}")
    with pytest.raises(ConnectionError, match="refused one more"):
        join(conductor.address, name="one more", rank=1, at_work=False)


def test_a_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("folder-" * 15)
    deep.mkdir()
    with conductor_in(deep) as conductor:
        address = Path(conductor.address)
        HandMade(conductor, "member").place.leave()
    assert not address.parent.exists()
