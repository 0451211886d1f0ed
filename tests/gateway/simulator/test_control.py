"""The control API, the configuration file and the command line."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.simulator import ConfigError, Simulator, SimulatorConfig, read_config
from gateway.simulator.__main__ import main
from gateway.simulator.config import Json
from gateway.simulator.frames import encode
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

DOCUMENT: dict[str, Json] = {
    "seed": 7,
    "ticker": "QQQ",
    "session_open_at": "2026-11-23T14:30:00Z",
    "session_close_at": "2026-11-23T21:00:00Z",
    "spot": "600.00",
    "logins": [{"login_id": "a", "accounts": [{"account_id": "DU1", "cash": "100000.00"}]}],
}


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


def test_a_configuration_file_is_read_exactly(tmp_path: Path) -> None:
    path = tmp_path / "simulator.json"
    path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    config = read_config(path)
    assert config == SimulatorConfig(
        seed=7,
        ticker="QQQ",
        session_open_at=config.session_open_at,
        session_close_at=config.session_close_at,
        spot=a_config().spot,
        logins=(a_login("a"),),
    )
    assert config.session_open_at == OPEN_AT


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": None}, "seed is missing"),
        ({"seed": "7"}, "seed must be a whole number"),
        ({"spot": 600.0}, "spot must be text"),
        ({"spot": "a lot"}, "spot must be a decimal as text"),
        ({"spot": "0"}, "spot must be above 0"),
        ({"volatility": "NaN"}, "volatility must be a finite decimal"),
        ({"session_open_at": "2026-11-23T14:30:00"}, "session_open_at needs a zone"),
        ({"session_open_at": "soon"}, "session_open_at must be ISO 8601"),
        ({"session_open_at": "2026-11-24T14:30:00Z"}, "session_close_at must be after"),
        ({"logins": {}}, "logins must be a list"),
        ({"logins": [3]}, "logins[0] must be a JSON object"),
        ({"logins": [{"login_id": "a", "accounts": []}]}, "needs at least one account"),
        (
            {"logins": [{"login_id": "a", "accounts": [{"account_id": "DU1"}]}]},
            "logins[0].accounts[0].cash is missing",
        ),
        ({"colour": "red"}, "unknown key colour"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, change: dict[str, Json], says: str) -> None:
    path = tmp_path / "simulator.json"
    path.write_text(json.dumps(DOCUMENT | change), encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        read_config(path)
    assert says in str(refusal.value)


def test_names_are_given_once() -> None:
    with pytest.raises(ConfigError, match="account_id 'DU1' appears twice"):
        a_config(logins=(a_login("a"), a_login("b")))


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
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        client = new_client()
        await client.connectAsync("127.0.0.1", ready["ports"]["a"], clientId=1, timeout=5)
        assert client.managedAccounts() == ["DU1"]
        process.terminate()
        await process.wait()
        hang_up(client)

    asyncio.run(story())
