"""The control API and the command line."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.simulator import Simulator
from gateway.simulator.__main__ import main
from gateway.simulator.config import Json
from gateway.simulator.frames import encode
from tests.gateway.simulator.config_documents import DOCUMENT
from tests.gateway.simulator.conftest import (
    OPEN_AT,
    Desk,
    ManualClock,
    a_config,
    a_limit,
    a_login,
    hang_up,
    new_client,
    open_desk,
    put_spread,
)


async def call(desk: Desk, method: str, path: str, document: Json = None) -> tuple[int, Json]:
    """Make one HTTP request to the control API."""
    host, port = desk.simulator.control_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = b"" if document is None else json.dumps(document).encode()
    writer.write(
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, content = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(content)


def test_the_state_shows_the_brokers_book() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            client.placeOrder(combo, a_limit("BUY", 2, -0.01, "SEEN"))
            await desk.advance(5)
            status, state = await call(desk, "GET", "/state")
            assert status == 200
            assert isinstance(state, dict)
            assert json.loads(json.dumps(desk.simulator.state())) == state
            text = json.dumps(state)
            assert '"order_ref": "SEEN"' in text
            assert '"local_symbol": "QQQ   261123P00597000", "quantity": -2' in text
            assert '"clients": [11]' in text

    asyncio.run(story())


def test_a_dropped_login_loses_its_connections_and_frees_the_client_id() -> None:
    async def story() -> None:
        config = a_config(logins=(a_login("one", "DU1"), a_login("two", "DU2")))
        async with open_desk(config) as desk:
            cut, kept = await desk.connect("one"), await desk.connect("two")
            assert await call(desk, "POST", "/drop", {"login": "one"}) == (200, {"connections": 1})
            desk.clients.remove(cut)
            await desk.settle()
            assert (cut.isConnected(), kept.isConnected()) == (False, True)
            await desk.connect("one")

    asyncio.run(story())


def test_an_injected_error_reaches_the_clients_of_its_login() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            await desk.connect()
            text = "Connectivity between IB and Trader Workstation has been lost."
            document: Json = {"login": "desk", "code": 1100, "message": text}
            assert (await call(desk, "POST", "/error", document))[0] == 200
            await desk.settle()
            assert desk.errors[-1] == (-1, 1100, text)

    asyncio.run(story())


def test_an_assignment_and_an_order_by_hand_are_made_over_http() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            legs: Json = [
                {"contract": "QQQ   261123P00592000", "action": "BUY", "ratio": 1},
                {"contract": "QQQ   261123P00597000", "action": "SELL"},
            ]
            order: dict[str, Json] = {"account": "DU1", "action": "BUY", "quantity": 1}
            status, answer = await call(desk, "POST", "/manual", {**order, "legs": legs})
            assert status == 200
            assert isinstance(answer, dict)
            await desk.settle()
            rows = await desk.answer(client.reqExecutionsAsync())
            assert {row.execution.permId for row in rows} == {answer["perm_id"]}
            told: Json = {"account": "DU1", "contract": "QQQ   261123P00597000", "quantity": 1}
            assert await call(desk, "POST", "/assign", told) == (200, told)
            await desk.settle()
            held = {p.contract.secType: p.position for p in client.positions()}
            assert held == {"OPT": 1, "STK": 100}
            liquidated: Json = {"account": "DU1", "orders": 1}
            answered = await call(desk, "POST", "/liquidate", {"account": "DU1"})
            assert answered == (200, liquidated)
            resting: Json = {**order, "legs": legs, "limit": "-3.00", "tif": "GTC"}
            assert (await call(desk, "POST", "/manual", resting))[0] == 200
            (seen,) = await desk.answer(client.reqAllOpenOrdersAsync())
            assert (seen.order.lmtPrice, seen.order.tif) == (-3.0, "GTC")

    asyncio.run(story())


def test_the_spot_can_be_moved() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            assert (await call(desk, "POST", "/spot", {"spot": "590.00"}))[0] == 200
            assert str(desk.simulator.market.spot(desk.clock.now())) == "590.00"

    asyncio.run(story())


@pytest.mark.parametrize(
    ("method", "path", "document", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", "/drop", None, 405),
        ("POST", "/drop", None, 400),
        ("POST", "/drop", ["desk"], 400),
        ("POST", "/drop", {"login": "nobody"}, 404),
        ("POST", "/error", {"login": "desk", "message": "x", "code": "1100"}, 400),
        ("POST", "/spot", {"spot": "much"}, 400),
        ("POST", "/spot", {"spot": "-1"}, 400),
        ("GET", "/assign", None, 405),
        ("POST", "/assign", {"account": "DU1", "contract": "QQQ"}, 400),
        ("POST", "/assign", {"account": "DU9", "contract": "QQQ", "quantity": 1}, 404),
        ("POST", "/exercise", {"account": "DU1", "contract": "QQQ", "quantity": 1}, 400),
        ("POST", "/manual", {"account": "DU1", "action": "BUY", "quantity": 1, "legs": []}, 400),
        (
            "POST",
            "/manual",
            {"account": "DU1", "action": "BUY", "quantity": 1, "legs": [{"contract": "?"}]},
            400,
        ),
        ("POST", "/liquidate", {"account": "DU9"}, 404),
        ("POST", "/login", {"login": "nobody"}, 404),
    ],
)
def test_a_bad_control_request_is_refused(
    method: str, path: str, document: Json, status: int
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            answered, answer = await call(desk, method, path, document)
            assert answered == status
            assert isinstance(answer, dict)
            assert answer["error"]

    asyncio.run(story())


def test_a_port_in_use_is_reported_and_nothing_stays_open() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            taken = desk.simulator.ports["desk"]
            clash = replace(a_login("other", "DU2"), port=taken)
            config = a_config(logins=(a_login(), clash))
            with pytest.raises(OSError, match="address already in use"):
                await Simulator(config, ManualClock(OPEN_AT)).start()

    asyncio.run(story())


def test_three_hundred_logins_are_served_by_one_process() -> None:
    async def story() -> None:
        names = [f"login-{n}" for n in range(300)]
        config = a_config(logins=tuple(a_login(name, f"DU{name}") for name in names))
        async with open_desk(config) as desk:
            connections = [
                asyncio.open_connection("127.0.0.1", desk.simulator.ports[name]) for name in names
            ]
            opened = await asyncio.gather(*connections)
            for _, writer in opened:
                writer.write(b"API\0\0\0\0\x09v157..178" + encode([71, 2, 5, ""]))
            for reader, _ in opened:
                head = await reader.readexactly(8)
                assert head[4:] == b"178\0"
            for _, writer in opened:
                writer.close()
                await writer.wait_closed()

    asyncio.run(story())


@pytest.mark.parametrize("offer", [b"v100..150", b"v179..200", b"nonsense"])
def test_a_client_of_other_versions_is_disconnected(offer: bytes) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            port = desk.simulator.ports["desk"]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"API\0" + len(offer).to_bytes(4, "big") + offer)
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()

    asyncio.run(story())


def test_the_command_line_reports_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "simulator.json"
    path.write_text("{", encoding="utf-8")
    assert main(["--config", str(path)]) == 2
    assert "is not JSON" in capsys.readouterr().err
    assert main(["--config", str(tmp_path / "missing.json")]) == 2


def test_the_command_line_serves_clients_on_wall_time(tmp_path: Path) -> None:
    async def story() -> None:
        path = tmp_path / "simulator.json"
        path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway.simulator",
            "--config",
            str(path),
            "--state",
            str(tmp_path / "broker.json"),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        client = new_client()
        await client.connectAsync("127.0.0.1", ready["ports"]["a"], clientId=1, timeout=5)
        assert client.managedAccounts() == ["DU1"]
        process.terminate()
        assert await process.wait() == 0
        hang_up(client)

    asyncio.run(story())
