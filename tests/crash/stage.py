"""The stage of one run: simulator, gateway and market time, in real processes.

The two emulators are shared by all runs; each has a project of its own in them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import requests
import tenacity

from shared.adapters.firestore.clients import firestore_client
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.firestore.leases import lease_path
from shared.domain.errors import AdapterError
from shared.ports.documents import Update, Write
from tests.contract.venues import CLOSE_AT, OPEN_AT
from tests.crash.alerts_topic import AlertsTopic
from tests.crash.market import csv_text, market_rows
from tests.crash.stories import CASH, FOLLOWERS, START_AT, follower, seeding
from tests.sandbox.blueprint import ROOT
from tests.sandbox.conductor import Conductor
from tests.sandbox.gateway_looks import GatewayLooks
from tests.sandbox.processes import Child, free_port, start_child
from tests.sandbox.rpc import serve_rpc
from tests.sandbox.secret_manager import SecretManager

_START_SECONDS = 60.0
_LOOK_SECONDS = 0.02
_SECONDS = 30
_LOCK_SECONDS = 120.0
"""Longer than a database keeps the locks of a transaction that nobody goes on with."""
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
LEASE_SECONDS = 5
"""The shortest life that the settings allow: a successor waits for it."""


class StageError(Exception):
    """A process did not come up; the message shows its last words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Emulators:
    """Addresses of the shared emulators, `host:port`."""

    firestore: str
    pubsub: str


class Stage:
    """A simulator, a database and a gateway that may be started again and again.

    Attributes:
        conductor: Owner of market time.
        documents: The database, for whoever plays functions and operators.
        control_url: The simulator's control API.
        alerts: What the gateway raised.
    """

    def __init__(
        self,
        *,
        stack: AsyncExitStack,
        folder: Path,
        conductor: Conductor,
        documents: FirestoreDocuments,
        control_url: str,
        alerts: AlertsTopic,
        environment: dict[str, str],
    ) -> None:
        self.conductor = conductor
        self.documents = documents
        self.control_url = control_url
        self.alerts = alerts
        self._stack = stack
        self._folder = folder
        self._environment = environment
        self._gateways = 0

    async def start_gateway(self, *arguments: str) -> Child:
        """Start a gateway, and return once it leads: market time stands until then.

        Or once it has won the lease and does nothing but wait for market time: what it takes
        over may need some, and after the close it waits for the next session.

        Args:
            arguments: Options of the gateway under test; the production gateway without any.

        Raises:
            StageError: If it does not come to lead, except by its own death.
        """
        self._gateways += 1
        port = free_port()
        module = ("tests.crash.gateway_under_test", *arguments) if arguments else ("gateway",)
        env = self._environment | {
            "HEALTH_PORT": str(port),
            "GATEWAY_HOLDER": f"gateway-{self._gateways}",
        }
        log_path = self._folder / f"gateway-{self._gateways}.log"
        child = await start_child(
            [sys.executable, "-m", *module], log_path=log_path, cwd=ROOT, env=env
        )
        self._stack.push_async_callback(child.stop)
        looks = GatewayLooks(child=child, port=port, conductor=self.conductor)
        await _until(looks.is_up, child)
        return child

    def release_lease(self) -> None:
        """Say in the lease's place that its holder is gone: the harness knows that it is dead.

        Who dies inside a transaction leaves what he read there locked until the database lets go
        of it (https://cloud.google.com/firestore/docs/transaction-data-contention).
        """
        patient = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_passing),
            stop=tenacity.stop_after_delay(_LOCK_SECONDS),
            reraise=True,
        )
        patient(self.write, Update(path=lease_path(0), fields={"holder": ""}))

    def write(self, *writes: Write) -> None:
        """Write as functions and operators do."""
        self.documents.commit(list(writes))

    def arm(self, fault: str, login_id: str) -> None:
        """Have something happen at the broker now."""
        document = {"name": fault, "login": login_id}
        answer = requests.post(f"{self.control_url}/faults", json=document, timeout=_SECONDS)
        answer.raise_for_status()

    async def settle(self) -> None:
        """Let everything that is on its way arrive, at this instant of market time."""
        await asyncio.to_thread(self.conductor.wait_for_quiet)

    async def run_until(self, at: datetime) -> None:
        """Let market time run.

        Raises:
            Left: If a guarded process has left.
        """
        await asyncio.to_thread(self.conductor.run_until, at, on_jump=lambda _: None)


def _is_passing(error: BaseException) -> bool:
    return isinstance(error, AdapterError) and error.retryable


@asynccontextmanager
async def a_stage(
    folder: Path, project: str, seed: int, emulators: Emulators
) -> AsyncIterator[Stage]:
    """Set a stage: simulator up, database seeded, no gateway yet.

    Args:
        folder: Logs and files of this run; it is there and empty.
        project: Its project in the emulators.
        seed: Decides market and partial fills.
        emulators: The shared emulators.
    """
    async with AsyncExitStack() as stack:
        conductor = Conductor(folder, start_at=START_AT, stall_seconds=90)
        stack.callback(conductor.close)
        secrets = SecretManager(project, conductor.now)
        secrets.put("telegram-bot-token", "1:crash")
        secrets_at, stop_secrets = await serve_rpc(secrets.service())
        stack.push_async_callback(stop_secrets)
        environment = _environment(emulators, project, conductor.address) | {
            "SECRET_MANAGER_ADDRESS": secrets_at
        }
        config = _simulator_config(folder, seed)
        simulator = await start_child(
            [
                *(sys.executable, "-m", "tests.sandbox.simulator_process"),
                *(conductor.address, str(config)),
            ],
            log_path=folder / "simulator.log",
            cwd=ROOT,
            env=environment | {"PROCESS_NAME": "simulator"},
        )
        stack.push_async_callback(simulator.stop)
        alerts = AlertsTopic(project, emulators.pubsub)
        stack.callback(alerts.close)
        connection = firestore_client(project, emulator_host=emulators.firestore)
        stack.callback(connection.close)
        documents = FirestoreDocuments(connection)
        told = await _told(simulator)
        documents.commit(seeding(told.ports))
        yield Stage(
            stack=stack,
            folder=folder,
            conductor=conductor,
            documents=documents,
            control_url=told.control_url,
            alerts=alerts,
            environment=environment,
        )


def _simulator_config(folder: Path, seed: int) -> Path:
    quotes = folder / "quotes.csv"
    quotes.write_text(csv_text(market_rows(seed)))
    config = {
        "seed": seed,
        "ticker": "QQQ",
        "session_open_at": OPEN_AT.isoformat(),
        "session_close_at": CLOSE_AT.isoformat(),
        "quotes_file": str(quotes.resolve()),
        "logins": [
            {
                "login_id": follower(name).login_id,
                "accounts": [{"account_id": follower(name).account_id, "cash": str(CASH)}],
            }
            for name in FOLLOWERS
        ],
    }
    path = folder / "simulator.json"
    path.write_text(json.dumps(config))
    return path


def _environment(emulators: Emulators, project: str, market_clock: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "ENVIRONMENT": "sandbox",
        "GOOGLE_CLOUD_PROJECT": project,
        "PROCESS_NAME": "gateway",
        "MARKET_CLOCK": market_clock,
        "FIRESTORE_EMULATOR_HOST": emulators.firestore,
        "PUBSUB_EMULATOR_HOST": emulators.pubsub,
        "LEASE_SECONDS": str(LEASE_SECONDS),
        "CONNECT_SECONDS": "10",
        "PAGER_BASE_URL": "http://127.0.0.1:1",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """What the simulator says once it is up."""

    ports: dict[str, int]
    control_url: str


async def _told(child: Child) -> _Told:
    lines: list[str] = []

    async def has_told() -> bool:
        written = child.log_path.read_text(errors="replace").splitlines()
        lines.extend(line for line in written if line.startswith("{"))
        return bool(lines)

    await _until(has_told, child)
    said = json.loads(lines[0])
    return _Told(ports=said["ports"], control_url=said["control_url"])


async def _until(is_so: Callable[[], Awaitable[bool]], child: Child) -> None:
    for _ in range(int(_START_SECONDS / _LOOK_SECONDS)):
        if await is_so():
            return
        await asyncio.sleep(_LOOK_SECONDS)
    raise StageError(f"not ready after {_START_SECONDS:.0f} s:\n{child.log_tail()}")
