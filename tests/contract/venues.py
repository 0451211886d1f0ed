"""Where a broker trades in a contract test: in memory, or at the simulator over its socket.

Both show the same market, made from one table of rows; a row holds until the contract's next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from gateway.broker.ibkr_broker import IbkrBroker
from gateway.broker.ibkr_requests import Timeouts
from gateway.simulator import SimulatedAccount, SimulatedLogin, Simulator, SimulatorConfig
from shared.domain.followers import Login, LoginId
from shared.ports.broker import Broker, BrokerEvent
from tests.builders import SESSION_DATE
from tests.fakes.async_clock import AsyncManualClock, calm
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import BrokerBook, FakeMarket

OPEN_AT = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
CLOSE_AT = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
START_AT = OPEN_AT + timedelta(seconds=2)
CLIENT_ID = 11
LOGINS = {"login-1": ("DU0000001", "DU0000002"), "login-2": ("DU0000003",)}


@dataclass(frozen=True)
class Row:
    """From `second` after the start on, a contract is quoted so; strike None: the underlying."""

    second: int
    strike: int | None
    bid: str | None
    ask: str | None
    size: int = 100

    @property
    def key(self) -> str:
        return "QQQ" if self.strike is None else f"QQQ-{SESSION_DATE}-P-{self.strike}"

    @property
    def csv(self) -> str:
        at = START_AT + timedelta(seconds=self.second)
        expiry, right = ("", "") if self.strike is None else (SESSION_DATE.replace("-", ""), "P")
        sizes = [0 if side is None else self.size for side in (self.bid, self.ask)]
        strike = "" if self.strike is None else self.strike
        return (
            f"{at:%Y-%m-%dT%H:%M:%SZ},QQQ,{expiry},{strike},{right},"
            f"{self.bid or 0},{self.ask or 0},{sizes[0]},{sizes[1]}"
        )


# The bull put 585/590 can be bought at -0.96 and sold at -1.00; ten seconds on at -1.06.
ROWS = (
    Row(-2, None, "592.00", "592.02"),
    Row(-2, 585, "0.98", "1.00"),
    Row(-2, 590, "1.96", "1.98"),
    Row(10, 590, "2.06", "2.08"),
    Row(60, 585, None, "1.00"),
    Row(90, 585, "0.98", "1.00", size=3),
)


class Venue(Protocol):
    """One broker's login under test, and the world around it."""

    clock: AsyncManualClock
    events: list[BrokerEvent]
    broker: Broker

    async def settle(self) -> None:
        """Wait until everything that was sent has arrived."""

    async def advance(self, seconds: int) -> None:
        """Let market time pass, second by second."""

    async def drop(self) -> None:
        """Cut the broker's connection."""

    def another(self, login_id: str = "login-2", client_id: int = CLIENT_ID) -> Broker:
        """Another login, or another client of the same one; not connected yet."""

    def unreachable(self) -> Broker:
        """A login where nobody listens."""


@dataclass
class MemoryVenue:
    """The fake broker."""

    clock: AsyncManualClock
    market: FakeMarket
    events: list[BrokerEvent] = field(default_factory=list)
    brokers: list[FakeBroker] = field(default_factory=list)
    books: dict[str, BrokerBook] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._show(-2)
        self.broker: Broker = self.another("login-1")
        self.broker.listen(lambda _, event: self.events.append(event))

    async def settle(self) -> None:
        await calm()

    async def advance(self, seconds: int) -> None:
        for _ in range(seconds):
            await self.clock.advance(1)
            self._show(int((self.clock.now() - START_AT).total_seconds()))
            await calm()

    async def drop(self) -> None:
        self.brokers[0].drop()
        await calm()

    def another(self, login_id: str = "login-2", client_id: int = CLIENT_ID) -> FakeBroker:
        book = self.books.setdefault(login_id, BrokerBook())
        made = FakeBroker(login_id, LOGINS[login_id], self.market, now=self.clock.now, book=book)
        self.brokers.append(made)
        return made

    def unreachable(self) -> FakeBroker:
        broker = self.another()
        broker.reachable = False
        return broker

    def _show(self, second: int) -> None:
        for row in ROWS:
            if row.second == second:
                at = self.clock.now()
                self.market.show(row.key, row.bid, row.ask, at=at, size=row.size)
        for broker in self.brokers:
            broker.match()


@dataclass
class SimulatorVenue:
    """`IbkrBroker` at the simulator."""

    clock: AsyncManualClock
    simulator: Simulator
    events: list[BrokerEvent] = field(default_factory=list)
    brokers: list[IbkrBroker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.broker: Broker = self.another("login-1")
        self.broker.listen(lambda _, event: self.events.append(event))

    async def settle(self) -> None:
        async with asyncio.timeout(10):
            quiet = 0
            while quiet < 5:
                await asyncio.sleep(0)
                quiet = quiet + 1 if self._is_quiet() else 0

    async def advance(self, seconds: int) -> None:
        await self.settle()
        for _ in range(seconds):
            self.clock.move_to(self.clock.now() + timedelta(seconds=1))
            await self.settle()

    async def drop(self) -> None:
        await self.settle()
        self.simulator.drop("login-1")
        await calm()
        assert not self.broker.is_connected
        await self.settle()

    def another(self, login_id: str = "login-2", client_id: int = CLIENT_ID) -> IbkrBroker:
        return self._made(login_id, self.simulator.ports[login_id], client_id)

    def unreachable(self) -> IbkrBroker:
        return self._made("login-2", 1, CLIENT_ID)

    def traffic(self) -> tuple[int, int]:
        """Bytes sent and received, summed over our connections."""
        counts = [broker.traffic() for broker in self.brokers]
        return sum(sent for sent, _ in counts), sum(received for _, received in counts)

    def _made(self, login_id: str, port: int, client_id: int) -> IbkrBroker:
        login = Login(login_id=LoginId(login_id), host="127.0.0.1", port=port, client_id=client_id)
        timeouts = Timeouts(connect_seconds=1, request_seconds=5)
        broker = IbkrBroker(login, now=self.clock.now, timeouts=timeouts)
        self.brokers.append(broker)
        return broker

    def _is_quiet(self) -> bool:
        sent, received = self.traffic()
        return self.clock.next_wake is not None and self.simulator.traffic() == (received, sent)


@asynccontextmanager
async def memory_venue(folder: Path) -> AsyncIterator[MemoryVenue]:
    yield MemoryVenue(AsyncManualClock(START_AT), FakeMarket())


@asynccontextmanager
async def simulator_venue(folder: Path) -> AsyncIterator[SimulatorVenue]:
    logging.getLogger("gateway.simulator.session").setLevel(logging.CRITICAL)
    clock = AsyncManualClock(START_AT)
    simulator = Simulator(_config(folder, ROWS), clock)
    await simulator.start()
    running = asyncio.create_task(simulator.run())
    venue = SimulatorVenue(clock, simulator)
    try:
        await asyncio.sleep(0)
        yield venue
    finally:
        for broker in venue.brokers:
            await broker.disconnect()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await simulator.stop()


def _config(folder: Path, rows: Sequence[Row]) -> SimulatorConfig:
    header = "at,symbol,expiry,strike,right,bid,ask,bid_size,ask_size"
    lines = [row.csv for row in sorted(rows, key=lambda row: row.second)]
    path = folder / "quotes.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return SimulatorConfig(
        seed=7,
        ticker="QQQ",
        session_open_at=OPEN_AT,
        session_close_at=CLOSE_AT,
        spot=Decimal(592),
        logins=tuple(
            SimulatedLogin(
                login_id=login_id,
                port=0,
                accounts=tuple(
                    SimulatedAccount(account_id=name, cash=Decimal(100000)) for name in accounts
                ),
            )
            for login_id, accounts in LOGINS.items()
        ),
        quotes_file=path,
    )
