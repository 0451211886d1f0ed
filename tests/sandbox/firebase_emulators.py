"""Firebase's Auth and Hosting emulators, started on free loopback ports.

They come with firebase-tools, at the version that firebase/package-lock.json pins; `npm ci`
installs it where it is missing (a minute or two, once). Hosting serves firebase/public with the
headers of firebase/firebase.json: what runs here differs from that file in the emulators' ports
and in nothing else. A project whose name begins with `demo-` never reaches out to Google.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.sandbox.control import Json
from tests.sandbox.emulators import EmulatorError
from tests.sandbox.processes import Child, free_port, start_child

FIREBASE_FOLDER = Path(__file__).resolve().parents[2] / "firebase"
PROJECT = "demo-spreadpilot"

_PORT_OWNERS = ("auth", "hosting", "hub", "logging")
_START_SECONDS = 90.0
_INSTALL_SECONDS = 900.0
_POLL_SECONDS = 0.1
# firebase-tools asks its home for news once a day unless it believes to have just done so.
_HEARD_THE_NEWS = {"motd": {"fetched": 2**53}}


@dataclass(frozen=True, kw_only=True, slots=True)
class FirebaseEmulators:
    """Where the two emulators answer.

    Attributes:
        auth_address: `host:port`, as FIREBASE_AUTH_EMULATOR_HOST wants it.
        hosting_url: Address of the site, without a slash at its end.
    """

    auth_address: str
    hosting_url: str


@asynccontextmanager
async def firebase_emulators(log_dir: Path) -> AsyncIterator[FirebaseEmulators]:
    """Run both emulators; they end, with all they started, when the context does.

    Args:
        log_dir: Folder for their log, and for the files they are started from.

    Raises:
        EmulatorError: If npm or Node is missing, the installation fails or they do not come up.
    """
    program = await _installed_program(log_dir)
    ports = {owner: free_port() for owner in _PORT_OWNERS}
    child = await _start(program, _site_folder(log_dir, ports), log_dir)
    emulators = FirebaseEmulators(
        auth_address=f"127.0.0.1:{ports['auth']}",
        hosting_url=f"http://127.0.0.1:{ports['hosting']}",
    )
    try:
        await _until_ready(child, emulators)
        yield emulators
    finally:
        await child.stop()


def with_ports(config: dict[str, Json], ports: Mapping[str, int]) -> dict[str, Json]:
    """Return a firebase.json in which the emulators listen on other ports.

    Raises:
        EmulatorError: If the file gives an emulator of `ports` no place.
    """
    emulators = config.get("emulators")
    if not isinstance(emulators, dict):
        raise EmulatorError("firebase.json has no emulators")
    changed = dict(emulators)
    for owner, port in ports.items():
        place = emulators.get(owner)
        if not isinstance(place, dict):
            raise EmulatorError(f"firebase.json has no emulator {owner}")
        changed[owner] = {**place, "port": port}
    return {**config, "emulators": changed}


def _site_folder(log_dir: Path, ports: Mapping[str, int]) -> Path:
    """Lay out a project folder: our own files by link, firebase.json with these ports."""
    site = log_dir / "firebase-site"
    site.mkdir(parents=True, exist_ok=True)
    config = json.loads((FIREBASE_FOLDER / "firebase.json").read_text(encoding="utf-8"))
    (site / "firebase.json").write_text(json.dumps(with_ports(config, ports)), encoding="utf-8")
    for name in ("public", "firestore.rules", "firestore.indexes.json"):
        if not (site / name).is_symlink():
            (site / name).symlink_to(FIREBASE_FOLDER / name)
    settings = site / "settings/configstore/firebase-tools.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps(_HEARD_THE_NEWS), encoding="utf-8")
    return site


async def _start(program: Path, site: Path, log_dir: Path) -> Child:
    environment = {
        **os.environ,
        "XDG_CONFIG_HOME": str(site / "settings"),
        "TMPDIR": str(site),
        "NO_UPDATE_NOTIFIER": "1",
        "CI": "true",
    }
    return await start_child(
        [str(program), "emulators:start", "--only", "auth,hosting", "--project", PROJECT],
        log_path=log_dir / "firebase-emulators.log",
        cwd=site,
        env=environment,
    )


async def _installed_program(log_dir: Path) -> Path:
    """Return firebase-tools' program, installing what the lock file pins if need be."""
    modules = FIREBASE_FOLDER / "node_modules"
    program, installed = modules / ".bin/firebase", modules / ".package-lock.json"
    lock = FIREBASE_FOLDER / "package-lock.json"
    if program.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return program
    npm = shutil.which("npm")
    if npm is None:
        raise EmulatorError("no npm on PATH: `make doctor` says how to get it")
    child = await start_child(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        log_path=log_dir / "npm-ci.log",
        cwd=FIREBASE_FOLDER,
    )
    try:
        status = await asyncio.wait_for(child.wait(), _INSTALL_SECONDS)
    except TimeoutError:
        raise EmulatorError(_failed(child, f"npm ci took over {_INSTALL_SECONDS:.0f} s")) from None
    finally:
        await child.stop()
    if status != 0 or not program.exists():
        raise EmulatorError(_failed(child, f"npm ci ended with {status}"))
    return program


async def _until_ready(child: Child, emulators: FirebaseEmulators) -> None:
    places = (f"http://{emulators.auth_address}/", f"{emulators.hosting_url}/")
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not all([await asyncio.to_thread(_answers, place) for place in places]):
                if child.process.returncode is not None:
                    why = f"the Firebase emulators exited with {child.process.returncode}"
                    raise EmulatorError(_failed(child, why))
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        why = f"the Firebase emulators did not answer in {_START_SECONDS:.0f} s"
        raise EmulatorError(_failed(child, why)) from None


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, timeout=5).ok
    return False


def _failed(child: Child, why: str) -> str:
    return f"{why}; the end of {child.log_path}:\n{child.log_tail()}"
