"""The catalog of faults, how one is armed, and what is refused."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from ib_insync import IB, Contract

from gateway.simulator import ConfigError, Simulator, read_config
from gateway.simulator.config import Json
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.fault_catalog import CATALOG
from gateway.simulator.faults import FaultError, Occasion
from tests.gateway.simulator import (
    test_faults_of_cancels,
    test_faults_of_connections,
    test_faults_of_fills,
    test_faults_of_messages,
    test_faults_of_notices,
    test_faults_of_orders,
)
from tests.gateway.simulator.config_documents import DOCUMENT
from tests.gateway.simulator.conftest import (
    OPEN_AT,
    Desk,
    ManualClock,
    a_config,
    open_desk,
    put_spread,
)
from tests.gateway.simulator.fault_desk import (
    SHOWN,
    arm,
    filling,
    fired,
    in_seconds,
    play,
    resting,
    send,
)
from tests.gateway.simulator.test_control import call

MODULES = (
    test_faults_of_cancels,
    test_faults_of_connections,
    test_faults_of_fills,
    test_faults_of_messages,
    test_faults_of_notices,
    test_faults_of_orders,
)


def a_board() -> FaultBoard:
    return FaultBoard(
        seed=7, clock=ManualClock(OPEN_AT), login_ids=("one", "two"), wake=lambda: None
    )


def test_every_fault_of_the_catalog_is_shown_by_a_test_and_no_other() -> None:
    assert all(module.__doc__ for module in MODULES)
    assert set(CATALOG) == SHOWN


def test_every_fault_says_what_it_does_and_how_that_is_known() -> None:
    for name, kind in CATALOG.items():
        assert name == kind.name == name.lower().replace(" ", "-")
        assert kind.does.endswith(".")
        assert kind.source
        assert all(parameter.does for parameter in kind.parameters)
        assert kind.lasts == (
            kind.occasion is Occasion.MOMENT
            and "seconds" in {parameter.name for parameter in kind.parameters}
        )


def test_every_fault_is_in_the_table_of_conformance() -> None:
    text = Path("gateway/simulator/conformance.md").read_text(encoding="utf-8")
    rows = text.partition("## Faults")[2].splitlines()
    table = [row for row in rows if row.startswith("| ") and not row.startswith("| Fault ")]
    assert table == [f"| {one.name} | {one.does} | {one.source} |" for one in CATALOG.values()]


def test_every_fault_can_be_armed_with_its_defaults() -> None:
    board = a_board()
    for name in CATALOG:
        armed = board.arm({"name": name})
        assert json.loads(json.dumps(armed.document())) == armed.document()


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "fault must be a JSON object"),
        ({}, "fault.name is missing"),
        ({"name": 3}, "fault.name must be text"),
        ({"name": "bad-luck"}, "fault.name 'bad-luck' is no fault of the catalog"),
        ({"name": "order-lost", "colour": "red"}, "fault.colour is unknown; a fault has"),
        ({"name": "order-lost", "login": "three"}, "fault.login 'three' is no login"),
        ({"name": "order-lost", "client": -1}, "fault.client must be a whole number, at least 0"),
        ({"name": "order-lost", "nth": 0}, "fault.nth must be a whole number, at least 1"),
        ({"name": "order-lost", "times": True}, "fault.times must be a whole number"),
        ({"name": "order-lost", "chance": "2"}, "fault.chance must be above 0 and at most 1"),
        ({"name": "order-lost", "chance": 0.5}, "fault.chance must be a decimal as text"),
        ({"name": "order-lost", "at": "noon"}, "fault.at must be ISO 8601"),
        ({"name": "order-lost", "at": "2026-11-23T15:00:00"}, "fault.at needs a zone"),
        ({"name": "order-lost", "on": "order"}, "fault.on does not fit order-lost"),
        ({"name": "drop-connection", "on": "rain"}, "fault.on must be one of connect, order"),
        ({"name": "drop-connection", "on": "sent:rain"}, "fault.on 'sent:rain' names no message"),
        ({"name": "drop-connection", "nth": 2}, "fault.nth needs on"),
        ({"name": "no-fills", "on": "order"}, "fault.login is needed: no-fills lasts"),
        ({"name": "order-late", "parameters": []}, "fault.parameters must be a JSON object"),
        (
            {"name": "order-late", "parameters": {"minutes": 1}},
            "fault.parameters.minutes is unknown; order-late takes: seconds",
        ),
        (
            {"name": "order-lost", "parameters": {"minutes": 1}},
            "fault.parameters.minutes is unknown; order-lost takes: none",
        ),
        (
            {"name": "order-late", "parameters": {"seconds": -1}},
            "fault.parameters.seconds must be from 0 to 864000 seconds",
        ),
        (
            {"name": "order-late", "parameters": {"seconds": "soon"}},
            "fault.parameters.seconds must be seconds, not negative",
        ),
        (
            {"name": "partial-fill", "parameters": {"quantity": 1.5}},
            "fault.parameters.quantity must be whole number",
        ),
        (
            {"name": "correction", "parameters": {"price": "a lot"}},
            "fault.parameters.price must be a decimal as text",
        ),
        (
            {"name": "correction", "parameters": {"price": "NaN"}},
            "fault.parameters.price must be a finite decimal",
        ),
        (
            {"name": "lose-messages", "parameters": {"kinds": []}},
            "fault.parameters.kinds must be a list of words, not empty",
        ),
        (
            {"name": "lose-messages", "parameters": {"kinds": ["rain"]}},
            "fault.parameters.kinds must be of tickPrice",
        ),
        (
            {"name": "silent-connection", "parameters": {"processes": 1}},
            "fault.parameters.processes must be true or false",
        ),
        (
            {"name": "login-throttled", "parameters": {"mode": "gently"}},
            "fault.parameters.mode must be of delay, refuse",
        ),
    ],
)
def test_a_wrong_fault_is_refused_by_the_name_of_its_field(document: Json, says: str) -> None:
    with pytest.raises(FaultError) as refusal:
        a_board().arm(document)
    assert str(refusal.value).startswith(says)


def test_the_control_api_lists_arms_and_ends_faults() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            status, listed = await call(desk, "GET", "/faults")
            assert status == 200
            assert isinstance(listed, dict)
            catalog, armed = listed["catalog"], listed["armed"]
            assert isinstance(catalog, list)
            assert [entry["name"] for entry in catalog if isinstance(entry, dict)] == [*CATALOG]
            assert armed == []
            document: Json = {"name": "order-lost", "times": 0, "login": "desk"}
            status, answer = await call(desk, "POST", "/faults", document)
            assert isinstance(answer, dict)
            assert (status, answer["id"], answer["fired"]) == (200, 1, 0)
            await send(desk, client, combo, resting())
            status, ended = await call(desk, "DELETE", "/faults/1")
            assert isinstance(ended, dict)
            assert (status, ended["fired"], ended["is_spent"]) == (200, 1, True)
            assert ended["log"] == [desk.clock.now().isoformat()]
            trade = await send(desk, client, combo, resting("NEXT"))
            assert trade.orderStatus.status == "Submitted"

    asyncio.run(story())


@pytest.mark.parametrize(
    ("method", "path", "document", "status"),
    [
        ("POST", "/faults", {"name": "bad-luck"}, 400),
        ("POST", "/faults", ["order-lost"], 400),
        ("DELETE", "/faults/9", None, 404),
        ("DELETE", "/faults/first", None, 404),
        ("GET", "/faults/1", None, 405),
        ("DELETE", "/faults", None, 405),
    ],
)
def test_a_bad_request_about_faults_is_refused(
    method: str, path: str, document: Json, status: int
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            answered, answer = await call(desk, method, path, document)
            assert answered == status
            assert isinstance(answer, dict)
            assert answer["error"]

    asyncio.run(story())


def test_a_configuration_arms_faults(tmp_path: Path) -> None:
    path = tmp_path / "simulator.json"
    faults: Json = [{"name": "order-lost", "at": "2026-11-23T14:31:00Z", "login": "a"}]
    path.write_text(json.dumps(DOCUMENT | {"faults": faults}), encoding="utf-8")
    simulator = Simulator(read_config(path), ManualClock(OPEN_AT))
    (armed,) = simulator.faults.faults.values()
    assert armed.kind.name == "order-lost"
    assert armed.at == OPEN_AT + timedelta(minutes=1)


def test_a_wrong_fault_of_a_configuration_is_named() -> None:
    config = a_config(faults=({"name": "order-lost"}, {"name": "order-lost", "nth": "2"}))
    with pytest.raises(ConfigError, match=r"faults\[1\]\.nth must be a whole number"):
        Simulator(config, ManualClock(OPEN_AT))


def test_a_fault_waits_for_its_time_and_its_occasion_and_stops_after_its_number() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        fault_id = arm(desk, "order-lost", at=in_seconds(desk, 5), nth=2, times=2)
        statuses: list[str] = []
        for number in range(6):
            trade = await send(desk, client, combo, resting(f"N{number}", 1))
            statuses.append(trade.orderStatus.status)
            await desk.advance(3)
        lost, kept = "PendingSubmit", "Submitted"
        assert statuses == [kept, kept, kept, lost, lost, kept]
        assert fired(desk, fault_id) == 2

    play(story)


def test_a_fault_that_lasts_may_begin_at_an_event() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "empty-snapshot", {"seconds": 5}, on="order")
        await send(desk, client, combo, resting())
        assert await desk.answer(client.reqAllOpenOrdersAsync()) == []
        await desk.advance(6)
        assert len(await desk.answer(client.reqAllOpenOrdersAsync())) == 1

    play(story)


def test_removing_a_fault_at_work_ends_it() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        fault_id = arm(desk, "1100-connectivity-lost", {"seconds": 0})
        trade = await send(desk, client, combo, resting())
        assert trade.orderStatus.status == "PendingSubmit"
        desk.simulator.fault_control.remove(fault_id)
        await desk.settle()
        assert trade.orderStatus.status == "Submitted"
        assert desk.codes() == [1100, 1102]

    play(story)


def test_the_same_seed_and_faults_give_the_same_state() -> None:
    faults: tuple[Json, ...] = (
        {"name": "partial-fill", "times": 0, "chance": "0.6"},
        {"name": "correction", "parameters": {"price": "0.02", "fewer": 1}, "nth": 2},
        {"name": "two-broker-orders", "nth": 2},
        {"name": "busted-fill", "nth": 4},
        {"name": "delay-messages", "times": 0, "chance": "0.3"},
    )

    async def day(seed: int) -> Json:
        async with open_desk(a_config(seed=seed, faults=faults)) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            for number in range(3):
                await send(desk, client, combo, filling(f"N{number}", 4))
                await desk.advance(10)
            return desk.simulator.state()

    assert asyncio.run(day(7)) == asyncio.run(day(7))
    assert asyncio.run(day(7)) != asyncio.run(day(8))
