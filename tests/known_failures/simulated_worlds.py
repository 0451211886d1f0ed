"""A whole trading session at the simulator: the real client library, real sockets, no waiting.

It is the world of `tests.trading_worlds` with an `IbkrBroker` for each follower's login in the
place of the fake one. Market time is moved by hand, and machine time with it for at most two
seconds at once; it jumps wherever everybody waits, but only once every socket has been read.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from gateway.broker.ibkr_broker import IbkrBroker
from gateway.broker.ibkr_requests import Timeouts
from gateway.simulator import SimulatedAccount, SimulatedLogin, Simulator, SimulatorConfig
from gateway.simulator.clients import ApiClient
from gateway.simulator.config import Json
from gateway.simulator.orders import Order as SimulatedOrder
from shared.domain.followers import Login, LoginId
from shared.domain.signals import Signal
from shared.ports.broker import Broker
from tests.builders import SESSION_DATE
from tests.contract.venues import CLOSE_AT, OPEN_AT
from tests.fakes.async_clock import AsyncManualClock
from tests.fakes.broker import FakeBroker
from tests.known_failures.socket_loop import SocketLoop
from tests.trading_worlds import SIGNAL, START_AT, World, new_york

CLIENT_ID = 11
_QUIET_TURNS = 30
_NAP_TURNS = 100
_NAP_SECONDS = 0.05
_MOST_TURNS = 50_000
_MACHINE_SECONDS = 2.0
_HEADER = "at,symbol,expiry,strike,right,bid,ask,bid_size,ask_size"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """From a New York time of the day on, a put (or the underlying) is quoted so."""

    at: tuple[int, int, int]
    strike: int | None
    bid: str
    ask: str
    size: int = 100

    @property
    def csv(self) -> str:
        sizes = [self.size if Decimal(price) else 0 for price in (self.bid, self.ask)]
        expiry = "" if self.strike is None else SESSION_DATE.replace("-", "")
        strike, right = ("", "") if self.strike is None else (str(self.strike), "P")
        return (
            f"{new_york(*self.at):%Y-%m-%dT%H:%M:%SZ},QQQ,{expiry},{strike},{right},"
            f"{self.bid},{self.ask},{sizes[0]},{sizes[1]}"
        )


CALM = (
    Shown(at=(9, 0, 0), strike=None, bid="592.00", ask="592.02"),
    Shown(at=(9, 0, 0), strike=585, bid="0.98", ask="1.00"),
    Shown(at=(9, 0, 0), strike=590, bid="1.96", ask="1.98"),
)
"""The spread's middle is -0.98; it is bought at -0.96 and sold at -1.00."""

RISING = (
    *CALM,
    Shown(at=(9, 30, 4), strike=590, bid="1.90", ask="1.92"),
    Shown(at=(9, 30, 24), strike=590, bid="2.06", ask="2.08"),
)
"""From -0.98 the middle rises to -0.92: a ladder climbs; 20 s later it is filled where it is."""


class BrokerFirstClock(AsyncManualClock):
    """Market time at whose every instant the broker is done before the gateway wakes.

    Attributes:
        broker: The same time as the broker sleeps by it.
    """

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.broker = AsyncManualClock(now)

    def wake_broker(self, at: datetime) -> None:
        """Move to an instant, and wake nobody but the broker."""
        self._now = max(self._now, at)
        self.broker.move_to(at)

    def next_wake_of_all(self) -> datetime | None:
        """When the first sleeper wants to wake."""
        wakes = (self.next_wake, self.broker.next_wake)
        return min((wake for wake in wakes if wake is not None), default=None)


class SimulatedWorld(World):
    """Followers with a login each at one simulator.

    Args:
        names: The followers.
        market: What is quoted, in the order of time.
        cash: What each account holds, USD.
    """

    def __init__(
        self,
        *names: str,
        market: Sequence[Shown] = CALM,
        cash: str = "100000",
        signal: Signal | None = SIGNAL,
    ) -> None:
        super().__init__(*names, signal=signal)
        self.time = BrokerFirstClock(START_AT)
        self.clock = self.time
        logging.getLogger("gateway.simulator").setLevel(logging.CRITICAL)
        self.ibkr: dict[str, IbkrBroker] = {}
        self._folder = tempfile.TemporaryDirectory()
        self.simulator = Simulator(self._config(market, cash), self.time.broker)
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start the simulator."""
        await self.simulator.start()
        self._running = asyncio.create_task(self.simulator.run())
        await asyncio.sleep(0)

    async def close(self) -> None:
        """End the leader, if one leads, and the simulator."""
        if self._kept:
            await self.die()
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        await self.simulator.stop()
        self._folder.cleanup()

    def make_brokers(self) -> None:
        super().make_brokers()
        for name in self.names:
            login_id = LoginId(f"login-{name}")
            port = self.simulator.ports[login_id]
            login = Login(login_id=login_id, host="127.0.0.1", port=port, client_id=CLIENT_ID)
            timeouts = Timeouts(connect_seconds=2, request_seconds=5)
            self.ibkr[name] = IbkrBroker(login, now=self.clock.now, timeouts=timeouts)

    def carried(self, broker: FakeBroker) -> Broker:
        return self.ibkr[broker.login_id.removeprefix("login-")]

    async def die(self) -> None:
        try:
            await super().die()
        finally:
            self._kept = []
            for broker in self.ibkr.values():
                broker.listen(lambda *_: None)
                await broker.disconnect()
        await self.settle()

    async def run_to(self, hour: int, minute: int, second: int = 0) -> None:
        at = new_york(hour, minute, second)
        await self.settle()
        while (wake := self.time.next_wake_of_all()) is not None and wake < at:
            await self._step(wake)
        await self._step(at)
        for task in self._kept:
            if task.done():
                task.result()

    async def leap_to(self, hour: int, minute: int, second: int = 0) -> None:
        """Let market time pass in one stride: whoever wanted to wake meanwhile wakes at its end."""
        await self.settle()
        await self._step(new_york(hour, minute, second))

    async def settle(self) -> None:
        """Wait until every byte that was sent has been received and acted on, both ways."""
        quiet = 0
        for turn in range(1, _MOST_TURNS + 1):
            if quiet == _QUIET_TURNS:
                return
            # What is held back to keep the pace waits for the machine's clock.
            await asyncio.sleep(_NAP_SECONDS if turn % _NAP_TURNS == 0 else 0)
            quiet = quiet + 1 if self._is_quiet() else 0
        raise AssertionError("the world does not settle")

    def write(self, path: str, data: dict[str, object]) -> None:
        """Write a document as somebody else does."""
        self._write(path, data)

    def arm(self, fault: str, name: str, **parameters: Json) -> None:
        """Arm a fault of the simulator's catalog against a follower's login, once."""
        self.simulator.fault_control.arm(
            {"name": fault, "login": f"login-{name}", "parameters": parameters}
        )

    def client(self, name: str) -> ApiClient:
        """The broker's end of a follower's connection: what it is sent, our library receives."""
        return self.simulator.logins[f"login-{name}"].clients[CLIENT_ID]

    def at_broker(self, name: str) -> list[SimulatedOrder]:
        """Every order that the broker ever took for a follower, in the order of its arrival."""
        return [*self.simulator.logins[f"login-{name}"].book.orders.values()]

    def held(self, name: str) -> dict[str, int]:
        """What the broker holds for a follower: quantity by local symbol."""
        account = self.simulator.logins[f"login-{name}"].accounts[f"DU-{name}"]
        return {
            position.contract.local_symbol: position.quantity
            for position in account.positions.values()
            if position.quantity
        }

    async def _step(self, at: datetime) -> None:
        passed_seconds = (at - self.clock.now()).total_seconds()
        await asyncio.sleep(min(passed_seconds, _MACHINE_SECONDS))
        self.time.wake_broker(at)
        await self.settle()
        self.time.move_to(at)
        await self.settle()

    def _is_quiet(self) -> bool:
        if self.time.broker.next_wake is None:
            return False
        counts = [broker.traffic() for broker in self.ibkr.values()]
        sent, received = sum(one for one, _ in counts), sum(one for _, one in counts)
        return self.simulator.traffic() == (received, sent)

    def _config(self, market: Sequence[Shown], cash: str) -> SimulatorConfig:
        path = Path(self._folder.name) / "quotes.csv"
        path.write_text("\n".join([_HEADER, *(row.csv for row in market), ""]), encoding="utf-8")
        return SimulatorConfig(
            seed=7,
            ticker="QQQ",
            session_open_at=OPEN_AT,
            session_close_at=CLOSE_AT,
            spot=Decimal(592),
            logins=tuple(
                SimulatedLogin(
                    login_id=f"login-{name}",
                    port=0,
                    accounts=(SimulatedAccount(account_id=f"DU-{name}", cash=Decimal(cash)),),
                )
                for name in self.names
            ),
            quotes_file=path,
        )


def play(
    world: Callable[[], SimulatedWorld],
    story: Callable[[SimulatedWorld], Coroutine[object, object, None]],
) -> None:
    """Tell a story of a world, its simulator up."""

    async def whole() -> None:
        made = world()
        try:
            await made.open()
            await story(made)
        finally:
            await made.close()

    with asyncio.Runner(loop_factory=SocketLoop) as runner:
        # The library asks the policy for its loop, not the running task.
        asyncio.set_event_loop(runner.get_loop())
        try:
            runner.run(whole())
        finally:
            asyncio.set_event_loop(None)
