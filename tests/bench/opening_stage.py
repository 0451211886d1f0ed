"""An opening on real seconds: simulator, emulators and the production gateway, shard by shard."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.adapters.firestore.clients import firestore_client
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.firestore.orders import FirestorePlannedOrders
from shared.adapters.session_table import session_table
from shared.domain.followers import Follower, Login, LoginId
from shared.domain.orders import Order
from shared.domain.planning import plan_opening
from shared.domain.session_record import SessionRecord
from shared.domain.sessions import at_new_york
from shared.domain.signals import Signal, hash_row, signal_id_of
from shared.ports.documents import Create, Replace, Write
from tests.bench.shifted_clock import ShiftedClock, shift_seconds_to
from tests.crash.alerts_topic import AlertsTopic
from tests.sandbox.blueprint import ROOT
from tests.sandbox.cast import Cast, make_cast
from tests.sandbox.emulators import firestore_emulator, pubsub_emulator
from tests.sandbox.options import DEFAULT_SESSION_DATE, read_options
from tests.sandbox.processes import Child, free_port, start_child

SEED = 7
CLIENT_ID = 11
_WRITES = 400
_START_SECONDS = 60.0
_END_SECONDS = 30.0
_LOOK_SECONDS = 0.05
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_PROJECT = "demo-bench-opening"


class BenchFailed(Exception):
    """What was to be measured did not happen; shows the last words of who failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpeningStage:
    """One opening, set up and running.

    Attributes:
        cast: Who trades.
        signal: What is traded.
        ports: Simulator's port by login, those of nobody's followers too.
        control_url: The simulator's control API.
        documents: The database.
        shift_seconds: Between the machine's clock and the market's.
        folder: Logs and files.
    """

    cast: Cast
    signal: Signal
    ports: dict[str, int]
    control_url: str
    documents: FirestoreDocuments
    shift_seconds: float
    folder: Path
    environment: dict[str, str]

    def clock(self) -> ShiftedClock:
        """The market's time."""
        return ShiftedClock(self.shift_seconds)

    def orders(self) -> tuple[Order, ...]:
        """Every order as the database has it."""
        return FirestorePlannedOrders(self.documents).of_session(self.signal.session_date)

    def write(self, writes: Sequence[Write]) -> None:
        """Write, in parts that one commit takes."""
        for start in range(0, len(writes), _WRITES):
            self.documents.commit(list(writes[start : start + _WRITES]))

    def open_session(self, login_of: Callable[[Follower], Login]) -> None:
        """Write followers, logins, the signal, the session and a plan for everybody."""
        logins = {one.login_id: one for one in map(login_of, self.cast.followers)}
        followers = [replace(f, login_id=login_of(f).login_id) for f in self.cast.followers]
        session = session_table().session_on(self.signal.session_date)
        if session is None:
            raise BenchFailed(f"{self.signal.session_date} is no session")
        record = SessionRecord(
            session_date=session.session_date,
            open_at=session.open_at,
            close_at=session.close_at,
            active_signals={self.signal.ticker: self.signal.signal_id},
            shard_of_login={login.login_id: login.shard for login in logins.values()},
        )
        plans = [
            plan_opening(self.signal, one, self.cast.settings, now=self.signal.read_at)
            for one in followers
        ]
        self.write(
            [
                Create(path="settings/trading", data=encode(self.cast.settings)),
                Create(path="controls/trading", data={"mode": "normal"}),
                Create(path=f"signals/{self.signal.signal_id}", data=encode(self.signal)),
                Create(path=f"sessions/{record.session_date}", data=encode(record)),
                *(Create(path=f"logins/{key}", data=encode(one)) for key, one in logins.items()),
                *(Create(path=f"followers/{f.follower_id}", data=encode(f)) for f in followers),
                *(Replace(path=f"orders/{one.order_id}", data=encode(one)) for one in plans),
            ]
        )

    async def gateway(
        self, stack: AsyncExitStack, shard: int = 0, *, name: str = "", **settings: str
    ) -> tuple[Child, Path]:
        """Start a gateway; returns it, and the file it will write its figures to.

        Args:
            stack: Stops it at the end.
            shard: Its shard.
            name: Its name in the lease, where a shard has several.
            settings: Further settings of its environment.
        """
        name = name or f"gateway-{shard}"
        figures = self.folder / f"figures-{name}.json"
        child = await start_child(
            [
                *(sys.executable, "-m", "tests.bench.gateway_process"),
                *(str(self.shift_seconds), str(figures)),
            ],
            log_path=self.folder / f"{name}.log",
            cwd=ROOT,
            env=self.environment
            | {
                "GATEWAY_SHARD": str(shard),
                "GATEWAY_HOLDER": name,
                "HEALTH_PORT": str(free_port()),
            }
            | settings,
        )
        stack.push_async_callback(child.stop)
        return child, figures

    async def until(self, clock_text: str) -> None:
        """Wait until a New York time of the session."""
        await self.clock().sleep_until(at_new_york(self.signal.session_date, clock_text))

    async def until_all_ended(self, clock_text: str) -> None:
        """Wait until every order has ended, at most until a New York time."""
        last_at = at_new_york(self.signal.session_date, clock_text)
        while self.clock().now() < last_at:
            orders = await asyncio.to_thread(self.orders)
            if all(order.is_terminal for order in orders):
                return
            await asyncio.sleep(1.0)


async def figures_of(child: Child, figures: Path) -> dict[str, Any]:
    """End a gateway in good order and read what it measured.

    Raises:
        BenchFailed: If it wrote nothing.
    """
    await child.stop(_END_SECONDS)
    return _read_figures(child, figures)


def _read_figures(child: Child, figures: Path) -> dict[str, Any]:
    if not figures.exists():
        raise BenchFailed(f"a gateway measured nothing:\n{child.log_tail()}")
    read: dict[str, Any] = json.loads(figures.read_text())
    return read


@asynccontextmanager
async def opening_stage(
    folder: Path,
    *,
    followers: int,
    logins: Callable[[Cast], Sequence[Mapping[str, object]]],
    starts: str = "09:29:20",
) -> AsyncIterator[OpeningStage]:
    """Start emulators and simulator; market time runs at once.

    Args:
        folder: Logs and files.
        followers: How many.
        logins: What the simulator is told of logins.
        starts: New York time at which it starts to run.
    """
    cast = make_cast(read_options(["--followers", str(followers), "--seed", str(SEED)]))
    async with AsyncExitStack() as stack:
        firestore = await stack.enter_async_context(firestore_emulator(folder))
        pubsub = await stack.enter_async_context(pubsub_emulator(folder))
        stack.callback(AlertsTopic(_PROJECT, pubsub).close)
        connection = firestore_client(_PROJECT, emulator_host=firestore)
        stack.callback(connection.close)
        shift_seconds = shift_seconds_to(at_new_york(DEFAULT_SESSION_DATE, starts))
        told = await _simulator(stack, folder, cast, logins(cast), shift_seconds)
        yield OpeningStage(
            cast=cast,
            signal=_signal(cast),
            ports=told["ports"],
            control_url=told["control_url"],
            documents=FirestoreDocuments(connection),
            shift_seconds=shift_seconds,
            folder=folder,
            environment=_environment(firestore, pubsub),
        )


async def _simulator(
    stack: AsyncExitStack,
    folder: Path,
    cast: Cast,
    logins: Sequence[Mapping[str, object]],
    shift_seconds: float,
) -> dict[str, Any]:
    session = session_table().session_on(DEFAULT_SESSION_DATE)
    if session is None:
        raise BenchFailed(f"{DEFAULT_SESSION_DATE} is no session")
    config = folder / "simulator.json"
    config.write_text(
        json.dumps(
            {
                "seed": SEED,
                "ticker": cast.settings.ticker,
                "session_open_at": session.open_at.isoformat(),
                "session_close_at": session.close_at.isoformat(),
                "spot": str(cast.spot),
                "logins": logins,
            }
        )
    )
    child = await start_child(
        [
            *(sys.executable, "-m", "tests.bench.broker_process"),
            *(str(config), str(shift_seconds)),
        ],
        log_path=folder / "simulator.log",
        cwd=ROOT,
    )
    stack.push_async_callback(child.stop)
    return await _told(child)


async def _told(child: Child) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not _said(child):
                if child.process.returncode is not None:
                    raise BenchFailed(f"the simulator died:\n{child.log_tail()}")
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise BenchFailed(f"the simulator did not come up:\n{child.log_tail()}") from None
    told: dict[str, Any] = json.loads(_said(child)[0])
    return told


def _said(child: Child) -> list[str]:
    return [line for line in child.log_path.read_text().splitlines() if line.startswith("{")]


def individual(login_id: str, account_id: str, cash: object) -> dict[str, object]:
    """A simulated login with one account."""
    return {
        "login_id": login_id,
        "port": 0,
        "accounts": [{"account_id": account_id, "cash": str(cash)}],
    }


def login_at(login_id: str, port: int, shard: int = 0) -> Login:
    """Our document of a login."""
    return Login(
        login_id=LoginId(login_id), host="127.0.0.1", port=port, client_id=CLIENT_ID, shard=shard
    )


def _signal(cast: Cast) -> Signal:
    accepted = cast.accepted
    if accepted is None:
        raise BenchFailed("the cast has no signal")
    row = tuple(cast.values[-1])
    return Signal(
        signal_id=signal_id_of(DEFAULT_SESSION_DATE, accepted.ticker, 1),
        session_date=DEFAULT_SESSION_DATE,
        ticker=accepted.ticker,
        strategy=accepted.strategy,
        qty_per_leg=accepted.qty_per_leg,
        long_strike=accepted.long_strike,
        short_strike=accepted.short_strike,
        expiry=accepted.expiry,
        row_number=len(cast.values),
        row=row,
        row_hash=hash_row(row),
        read_at=_at("09:27:05"),
        verified_at=_at("09:29:05"),
    )


def _at(clock_text: str) -> datetime:
    return at_new_york(DEFAULT_SESSION_DATE, clock_text)


def _environment(firestore: str, pubsub: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "ENVIRONMENT": "sandbox",
        "GOOGLE_CLOUD_PROJECT": _PROJECT,
        "PROCESS_NAME": "gateway",
        "FIRESTORE_EMULATOR_HOST": firestore,
        "PUBSUB_EMULATOR_HOST": pubsub,
        "CONNECT_SECONDS": "20",
        # Nobody serves secrets here: a pager that cannot be had must not keep anybody from trading.
        "SECRET_MANAGER_ADDRESS": "127.0.0.1:1",
    }
