"""Fault drills: every fault has one, and the simulator understands what it is told."""

from __future__ import annotations

import json
import re

import pytest

from gateway.simulator.fault_catalog import CATALOG
from gateway.simulator.fault_reading import read_fault
from shared.domain.sessions import SessionDate, at_new_york
from tests.sandbox.drill_acts import document_of
from tests.sandbox.drills import DRILLS, VICTIM, Drill, list_of_drills
from tests.sandbox.options import read_options

DATE = SessionDate("2026-11-23")


def test_every_fault_of_the_simulator_has_a_drill_of_its_name() -> None:
    assert set(CATALOG) <= set(DRILLS)
    for name in CATALOG:
        strikes = {arm.name for arm in DRILLS[name].arms}
        # That a connection is back is told by the fault that lost it.
        assert name in strikes or name == "1101-restored-data-lost"


@pytest.mark.parametrize("drill", DRILLS.values(), ids=lambda drill: drill.name)
def test_the_simulator_takes_what_a_drill_tells_it(drill: Drill) -> None:
    for number, arm in enumerate(drill.arms):
        document = json.loads(json.dumps(document_of(arm, DATE)))
        fault = read_fault(document, place="drill", fault_id=number, login_ids={VICTIM})
        assert fault.at == at_new_york(DATE, arm.at)
        assert fault.login_id == arm.login


def test_a_drill_does_something_and_says_what() -> None:
    for drill in DRILLS.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", drill.name)
        assert drill.arms or drill.acts
        assert drill.about.endswith(".")


def test_acts_are_in_the_order_of_the_day() -> None:
    for drill in DRILLS.values():
        times = [act.at for act in drill.acts]
        assert times == sorted(times)


def test_a_fault_is_asked_for_by_name() -> None:
    options = read_options(["--fault", "gateway-killed"])
    assert options.drill is DRILLS["gateway-killed"]
    assert options.followers == 4
    assert read_options([]).drill is None


def test_an_unknown_fault_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(["--fault", "meteor"])
    assert ended.value.code == 2
    assert "--list-faults names them all" in capsys.readouterr().err


def test_the_list_names_every_fault_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(["--list-faults"])
    assert ended.value.code in (0, None)
    lines = list_of_drills().splitlines()
    assert [line.split()[0] for line in lines] == list(DRILLS)
    assert capsys.readouterr().out == list_of_drills()
