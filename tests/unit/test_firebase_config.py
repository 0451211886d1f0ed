"""Firebase's configuration: what the sandbox runs is what is deployed, but for the ports."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.control import Json
from tests.sandbox.emulators import EmulatorError
from tests.sandbox.firebase_emulators import FIREBASE_FOLDER, with_ports

PORTS = {"auth": 20_001, "hosting": 20_002, "hub": 20_003, "logging": 20_004}


def _config() -> dict[str, Json]:
    found: dict[str, Json] = json.loads((FIREBASE_FOLDER / "firebase.json").read_text("utf-8"))
    return found


def _leaves(value: Json, path: str = "") -> dict[str, Json]:
    if isinstance(value, dict):
        items = [(f"{path}/{name}", inner) for name, inner in value.items()]
    elif isinstance(value, list):
        items = [(f"{path}/{place}", inner) for place, inner in enumerate(value)]
    else:
        return {path: value}
    return {where: leaf for at, inner in items for where, leaf in _leaves(inner, at).items()}


def test_the_sandbox_changes_the_ports_and_nothing_else() -> None:
    ours, derived = _leaves(_config()), _leaves(with_ports(_config(), PORTS))
    assert ours.keys() == derived.keys()
    changed = {path: derived[path] for path in ours if ours[path] != derived[path]}
    assert changed == {f"/emulators/{owner}/port": port for owner, port in PORTS.items()}


def test_every_emulator_listens_on_the_loopback_address_alone() -> None:
    emulators = _config()["emulators"]
    assert isinstance(emulators, dict)
    places = [place for place in emulators.values() if isinstance(place, dict) and "port" in place]
    assert len(places) == len(PORTS)
    assert all(place["host"] == "127.0.0.1" for place in places)


@pytest.mark.parametrize("config", [{}, {"emulators": {"auth": {"port": 1}}}])
def test_a_configuration_without_an_emulator_is_refused(config: dict[str, Json]) -> None:
    with pytest.raises(EmulatorError, match="has no emulator"):
        with_ports(config, PORTS)


def test_pages_hold_no_script_and_no_style_of_their_own() -> None:
    pages = sorted((FIREBASE_FOLDER / "public").glob("*.html"))
    assert [page.name for page in pages] == ["index.html", "r.html"]
    for page in pages:
        text = page.read_text("utf-8")
        assert "<style" not in text
        assert " style=" not in text
        assert text.count("<script") == text.count("<script src=")
