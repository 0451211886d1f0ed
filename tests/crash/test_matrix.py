"""The matrix in small: a few points with real processes, a few days in memory, one mistake."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.crash.boundaries import Boundary, Kind, When
from tests.crash.in_memory import Played, play_seed
from tests.crash.matrix import SEEDS_PER_BOUNDARY, choose_dead, choose_points, hushed
from tests.crash.play import Point, play, record
from tests.crash.sabotage.table import MISTAKES, examine
from tests.crash.stage import Emulators


@pytest.fixture
def emulators(firestore_address: str, pubsub_address: str) -> Emulators:
    return Emulators(firestore=firestore_address, pubsub=pubsub_address)


def _first(passings: Counter[Boundary], kind: Kind, when: When, site: str) -> Boundary:
    return next(
        one
        for one in sorted(passings)
        if (one.kind, one.when) == (kind, when) and one.site.startswith(site)
    )


def test_a_killed_gateway_loses_nothing_and_doubles_nothing(
    tmp_path: Path, emulators: Emulators
) -> None:
    passings, faults = record("flatten", 1, tmp_path / "recorded", "demo-crash-rec", emulators)
    assert faults == ()
    deaths = (
        _first(passings, Kind.SEND, When.AFTER, "place(open)"),
        _first(passings, Kind.PERSIST, When.AFTER, "transact(open:releasing)"),
    )
    for number, boundary in enumerate(deaths):
        point = Point(story="flatten", boundary=boundary, occurrence=1, seed=1)
        folder = tmp_path / f"point-{number}"
        outcome = play(point, folder, f"demo-crash-t{number}", emulators)
        assert outcome.died_at is not None
        assert [str(one) for one in outcome.violations] == []


def test_nothing_fills_after_the_death_of_a_gateway_that_stays_dead(
    tmp_path: Path, emulators: Emulators
) -> None:
    boundary = Boundary.read("send:after:place(open)@work_order.send_first_rung")
    point = Point(story="flatten", boundary=boundary, occurrence=2, seed=2, is_revived=False)
    outcome = play(point, tmp_path / "dead", "demo-crash-dead", emulators)
    assert outcome.died_at is not None
    assert [str(one) for one in outcome.violations] == []


def test_leaders_that_die_in_memory_lose_nothing_and_double_nothing() -> None:
    with hushed():
        days: list[Played] = [play_seed(seed) for seed in range(8)]
    assert sum(len(day.deaths) for day in days) >= 4
    assert [(day.seed, str(one)) for day in days for one in day.violations] == []


@pytest.mark.parametrize("name", ["claim after send", "lease ignored"])
def test_a_mistake_made_on_purpose_is_caught(name: str) -> None:
    mistake = next(one for one in MISTAKES if one.name == name)
    verdict = examine(mistake)
    assert verdict.caught != ()
    assert verdict.false_alarms == ()


def test_every_boundary_dies_with_several_seeds_and_at_several_passings() -> None:
    send = Boundary.read("send:before:place(open)@work_order.send_first_rung")
    wait = Boundary.read("await:after:sweep@settle_order.settle_order")
    recordings = {("flatten", seed): Counter({send: 5, wait: 1}) for seed in (1, 2, 3)}
    points = choose_points(recordings)
    assert len(points) == SEEDS_PER_BOUNDARY + 1
    assert {one.occurrence for one in points if one.boundary == send} == {1, 3, 5}
    assert len({one.seed for one in points if one.boundary == send}) == SEEDS_PER_BOUNDARY
    assert [one.boundary for one in choose_dead(points)] == [send]
