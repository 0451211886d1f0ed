"""The stack of a month: emulators, stand-ins and our functions, all down on exit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import requests

from shared.adapters.firestore.clients import firestore_client
from shared.adapters.firestore.documents import FirestoreDocuments
from tests.sandbox.addresses import Addresses, choose_addresses, environment
from tests.sandbox.blueprint import PROJECT, ROOT, TELEGRAM_CHAT, read_blueprint
from tests.sandbox.conductor import Conductor
from tests.sandbox.control import Json
from tests.sandbox.emulators import firestore_emulator, pubsub_emulator
from tests.sandbox.month.traps import SPRUNG
from tests.sandbox.month.world import FUNCTIONS
from tests.sandbox.processes import Child
from tests.sandbox.stack import Crew
from tests.sandbox.supervision import first_death

_SECONDS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthStack:
    """A running sandbox.

    Attributes:
        addresses: Where everything listens.
        conductor: Owner of market time.
        children: Our processes by name.
        documents: The database.
        folder: Where files may be put.
        logs: Folder of logs, one file a process.
    """

    addresses: Addresses
    conductor: Conductor
    children: dict[str, Child]
    documents: FirestoreDocuments
    folder: Path
    logs: Path

    def tell(self, name: str, method: str, path: str, document: Json = None) -> None:
        """Tell a stand-in something, by its own control routes."""
        url = f"{self.addresses.url(name)}/_sandbox/{path}"
        requests.request(method, url, json=document, timeout=_SECONDS).raise_for_status()

    def ask(self, name: str, path: str) -> list[dict[str, Json]]:
        """Ask a stand-in what it has got."""
        url = f"{self.addresses.url(name)}/_sandbox/{path}"
        found: list[dict[str, Json]] = requests.get(url, timeout=_SECONDS).json()
        return found

    @property
    def is_sprung(self) -> bool:
        """True once a trap has done its work."""
        return (self.folder / "ids" / SPRUNG).exists()

    def job_environment(self) -> dict[str, str]:
        """The whole environment of a job that a person starts."""
        return environment(self.addresses, self.conductor.address, "job")

    async def first_death(self) -> str:
        """Wait until a process dies that should not, and say which."""
        emulators = {
            "firestore-emulator": self.addresses.firestore,
            "pubsub-emulator": self.addresses.pubsub_emulator,
        }
        return await first_death(self.children, emulators, self.logs)


@asynccontextmanager
async def running_month(
    folder: Path,
    *,
    start_at: datetime,
    trap: Mapping[str, str] | None = None,
    is_mute: bool = False,
    retries: int = 0,
) -> AsyncIterator[MonthStack]:
    """Start everything, and yield it ready for market time to move.

    Args:
        folder: State and logs of the sandbox; emptied of an earlier run's.
        start_at: First market time (UTC).
        trap: Where a job is killed, see `traps`.
        is_mute: True where SendGrid tells nothing of what became of mail.
        retries: How often a failed task of the reports is tried again.

    Raises:
        StackError: If a process does not come up.
        EmulatorError: If Java or an emulator is missing.
    """
    blueprint = read_blueprint()
    addresses = choose_addresses(blueprint)
    logs, ids = folder / "logs", folder / "ids"
    for one in (logs, ids):
        one.mkdir(parents=True)
    told = {"trap": None if trap is None else dict(trap), "is_mute": is_mute, "retries": retries}
    config = folder / "month-world.json"
    config.write_text(
        json.dumps({"addresses": addresses.as_json(), "logs": str(logs), "ids": str(ids), **told})
    )
    served = tuple(spec for spec in blueprint.functions if spec.name in FUNCTIONS)
    async with AsyncExitStack() as stack:
        conductor = Conductor(folder, start_at=start_at)
        stack.callback(conductor.close)
        crew = Crew(stack, addresses, conductor, folder, logs, {})
        await crew.start_functions(replace(blueprint, functions=served))
        await _start_emulators(stack, addresses, logs)
        await crew.start("world", "-m", "tests.sandbox.month.world", config)
        await crew.ready("world")
        await asyncio.gather(
            *(crew.until_serving(one.name, addresses.functions[one.name]) for one in served)
        )
        running = MonthStack(
            addresses=addresses,
            conductor=conductor,
            children=crew.children,
            documents=_documents(stack, addresses),
            folder=folder,
            logs=logs,
        )
        chat: Json = {"type": "group", "title": "SpreadPilot admins"}
        running.tell("telegram", "PUT", f"chats/{TELEGRAM_CHAT}", chat)
        yield running


def _documents(stack: AsyncExitStack, addresses: Addresses) -> FirestoreDocuments:
    connection = firestore_client(PROJECT, emulator_host=f"127.0.0.1:{addresses.firestore}")
    stack.callback(connection.close)
    return FirestoreDocuments(connection)


async def _start_emulators(stack: AsyncExitStack, addresses: Addresses, logs: Path) -> None:
    starting = (
        firestore_emulator(
            logs, port=addresses.firestore, rules=ROOT / "firebase" / "firestore.rules"
        ),
        pubsub_emulator(logs, port=addresses.pubsub_emulator),
    )
    entering = [stack.enter_async_context(emulator) for emulator in starting]
    # Both to their end: what is still being started can not be stopped.
    for outcome in await asyncio.gather(*entering, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
