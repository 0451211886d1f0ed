"""The stack: every process of the sandbox, started together, supervised, and all down on exit."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.sandbox.addresses import Addresses, choose_addresses, environment
from tests.sandbox.blueprint import ROOT, Blueprint, read_blueprint
from tests.sandbox.cast import Cast
from tests.sandbox.conductor import Conductor
from tests.sandbox.emulators import firestore_emulator, pubsub_emulator
from tests.sandbox.gateway_looks import GatewayLooks
from tests.sandbox.loopback import answers
from tests.sandbox.options import DayOptions
from tests.sandbox.processes import Child, start_child
from tests.sandbox.seeding import seed_documents, seed_stand_ins
from tests.sandbox.simulator_config import write_simulator_config
from tests.sandbox.supervision import accepts, first_death

_START_SECONDS = 60.0
_LOOK_SECONDS = 0.02


class StackError(Exception):
    """A process did not come up, or died; the message says which and shows its last words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """What a process says when it is ready.

    Attributes:
        ports: The simulator's port of each login.
        control_url: The simulator's control API.
    """

    ports: dict[str, int]
    control_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """A running sandbox.

    Attributes:
        addresses: Where everything listens.
        conductor: Owner of market time.
        children: Our processes by name.
        control_url: The simulator's control API.
        logs: Folder of logs, one file a process.
        crew: Starts processes again.
    """

    addresses: Addresses
    conductor: Conductor
    children: dict[str, Child]
    control_url: str
    logs: Path
    crew: Crew

    async def first_death(self) -> str:
        """Wait until a process dies that should not, and say which."""
        emulators = {
            "firestore-emulator": self.addresses.firestore,
            "pubsub-emulator": self.addresses.pubsub_emulator,
        }
        return await first_death(self.children, emulators, self.logs)


@asynccontextmanager
async def running_stack(
    folder: Path, options: DayOptions, cast: Cast, *, start_at: datetime
) -> AsyncIterator[Stack]:
    """Start everything, seed it, and yield it ready for market time to move.

    Args:
        folder: State and logs of the sandbox; emptied of an earlier run's.
        options: The day.
        cast: Who plays.
        start_at: First market time (UTC).

    Raises:
        StackError: If a process does not come up.
        EmulatorError: If Java or an emulator is missing.
    """
    blueprint = read_blueprint()
    addresses = choose_addresses(blueprint)
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        conductor = Conductor(folder, start_at=start_at, seconds_per_minute=options.pace_seconds)
        stack.callback(conductor.close)
        crew = Crew(stack, addresses, conductor, folder, logs, options.gateway_environment)
        simulator_config = write_simulator_config(folder / "simulator.json", options, cast)
        await crew.start("simulator", "-m", "tests.sandbox.simulator_process", simulator_config)
        await crew.start_functions(blueprint)
        await _start_emulators(stack, addresses, logs)
        await crew.start("world", "-m", "tests.sandbox.world", crew.world_config())
        told = await crew.ready("simulator")
        await crew.ready("world")
        seed_documents(addresses, cast, told.ports)
        seed_stand_ins(addresses, cast)
        await crew.start_gateway()
        await asyncio.gather(
            *(crew.until_serving(name, port) for name, port in addresses.functions.items()),
            crew.until_leading(),
        )
        yield Stack(
            addresses=addresses,
            conductor=conductor,
            children=crew.children,
            control_url=told.control_url,
            logs=logs,
            crew=crew,
        )


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


class Crew:
    """Starts our processes and waits until they are ready."""

    def __init__(
        self,
        stack: AsyncExitStack,
        addresses: Addresses,
        conductor: Conductor,
        folder: Path,
        logs: Path,
        gateway_environment: Mapping[str, str],
    ) -> None:
        self.children: dict[str, Child] = {}
        self._stack = stack
        self._addresses = addresses
        self._conductor = conductor
        self._market_clock = conductor.address
        self._gateway_environment = gateway_environment
        self._folder = folder
        self._logs = logs

    def world_config(self) -> Path:
        """Write what the world process is told."""
        path = self._folder / "world.json"
        config = {"addresses": self._addresses.as_json(), "logs": str(self._logs)}
        path.write_text(json.dumps(config))
        return path

    async def start(self, name: str, *arguments: str | Path) -> None:
        """Start a process of the sandbox that is told the conductor and a file."""
        *module, config = [str(item) for item in arguments]
        await self._run(name, [sys.executable, *module, self._market_clock, config])

    async def start_functions(self, blueprint: Blueprint) -> None:
        """Serve every function with functions-framework, a process each."""
        for spec in blueprint.functions:
            command = [
                *(sys.executable, "-m", "functions_framework", "--host", "127.0.0.1"),
                *("--source", f"functions/{spec.name}.py", "--target", spec.name),
                *("--port", str(self._addresses.functions[spec.name])),
            ]
            await self._run(spec.name, command)

    async def start_gateway(self) -> None:
        """Start the gateway as in production."""
        log = self._logs / "gateway.log"
        said = log.stat().st_size if log.exists() else 0
        await self._run("gateway", [sys.executable, "-m", "gateway"], self._gateway_environment)
        self._looks = GatewayLooks(
            child=self.children["gateway"],
            port=self._addresses.gateway,
            conductor=self._conductor,
            log_from=said,
        )

    async def ready(self, name: str) -> Ready:
        """Wait for the JSON line that a process writes when it is ready."""
        child = self.children[name]
        lines: list[str] = []

        def told() -> bool:
            written = child.log_path.read_text(errors="replace").splitlines()
            lines.extend(line for line in written if line.startswith("{"))
            return bool(lines)

        await self._until(name, told)
        said = json.loads(lines[0])
        return Ready(ports=said.get("ports", {}), control_url=said.get("control_url", ""))

    async def until_serving(self, name: str, port: int) -> None:
        """Wait until a function accepts connections."""
        await self._until(name, lambda: accepts(port))

    async def until_leading(self) -> None:
        """Wait until the gateway leads its shard and has tried every login."""
        await self._until("gateway", lambda: answers(self._addresses.gateway, "/leading"))

    async def until_gateway_is_back(self) -> None:
        """Wait until a gateway started again leads, or waits for nothing but market time."""
        await self._until("gateway", self._looks.is_up)

    async def _run(
        self, name: str, command: list[str], more: Mapping[str, str] | None = None
    ) -> None:
        child = await start_child(
            command,
            log_path=self._logs / f"{name}.log",
            cwd=ROOT,
            env=environment(self._addresses, self._market_clock, name) | dict(more or {}),
        )
        self.children[name] = child
        self._stack.push_async_callback(child.stop)

    async def _until(self, name: str, is_ready: Callable[[], bool | Awaitable[bool]]) -> None:
        child = self.children[name]
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not await _truth(is_ready()):
                    if child.process.returncode is not None:
                        raise StackError(f"{name} did not start:\n{child.log_tail()}")
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            words = f"{name} was not ready after {_START_SECONDS:.0f} s:\n{child.log_tail()}"
            raise StackError(words) from None


async def _truth(answer: bool | Awaitable[bool]) -> bool:
    return answer if isinstance(answer, bool) else await answer
