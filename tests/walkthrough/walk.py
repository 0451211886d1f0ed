"""A walk: one client library at the simulator, over its socket, on a clock moved by hand."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import ModuleType

from gateway.simulator import SimulatedAccount, SimulatedLogin, Simulator, SimulatorConfig
from tests.fakes.async_clock import AsyncManualClock
from tests.walkthrough.api import Answer, Contract, Fill, Ib, Order, Trade

OPEN_AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
CLOSE_AT = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
EXPIRY = "20261123"
LOGIN_ID, ACCOUNT, CLIENT_ID = "login-1", "DU0000001", 11
FARM_NOTICES = {2104, 2106, 2158}

_ANSWER_SECONDS = 5
_LIVE = {"PreSubmitted", "Submitted"}


class Walk:
    """What the steps share.

    Attributes:
        ib: The client that trades.
        errors: Codes told to any client, with the request or order id they concern.
        options: Qualified contracts by strike and right.
    """

    def __init__(self, library: ModuleType, simulator: Simulator, clock: AsyncManualClock) -> None:
        self.library = library
        self.simulator = simulator
        self.clock = clock
        self.errors: list[tuple[int, int]] = []
        self.options: dict[tuple[float, str], Contract] = {}
        self.clients: list[Ib] = []
        self.ib = self.new_client()

    def new_client(self) -> Ib:
        """A client that is not connected yet and keeps no pace of its own."""
        ib: Ib = self.library.IB()
        ib.client.MaxRequests = 0
        ib.errorEvent += lambda request_id, code, *_: self.errors.append((request_id, code))
        return ib

    async def connect(self, ib: Ib, client_id: int = CLIENT_ID, give_up_seconds: float = 5) -> None:
        """Connect and synchronize."""
        port = self.simulator.ports[LOGIN_ID]
        await ib.connectAsync("127.0.0.1", port, clientId=client_id, timeout=give_up_seconds)
        self.clients.append(ib)
        await self.settle()

    async def disconnect(self, ib: Ib) -> None:
        """Hang up."""
        self.clients.remove(ib)
        ib.disconnect()
        await self.settle()

    async def drop(self, ib: Ib) -> None:
        """Cut a client's connection, as when a Gateway dies."""
        gone = asyncio.Event()
        ib.disconnectedEvent += gone.set
        self.clients.remove(ib)
        self.simulator.drop(LOGIN_ID)
        await asyncio.wait_for(gone.wait(), _ANSWER_SECONDS)

    async def answer(self, asked: Awaitable[Answer]) -> Answer:
        """Await an answer that needs no market time."""
        return await asyncio.wait_for(asked, _ANSWER_SECONDS)

    async def settle(self) -> None:
        """Wait until every byte that was sent has been received, both ways."""
        async with asyncio.timeout(10):
            calm = 0
            while calm < 5:
                await asyncio.sleep(0)
                calm = calm + 1 if self._is_quiet() else 0

    async def until(
        self, is_so: Callable[[], bool], *, tries: int = 60, step_seconds: int = 1
    ) -> None:
        """Let market time pass until something is so."""
        await self.settle()
        for _ in range(tries):
            if is_so():
                return
            await self._run_to(self.clock.now() + timedelta(seconds=step_seconds))
        raise AssertionError(f"not so within {tries * step_seconds} s of market time")

    def option(self, strike: float, right: str = "P") -> Contract:
        """An option of today, not looked up yet."""
        made: Contract = self.library.Option("QQQ", EXPIRY, strike, right, "SMART", currency="USD")
        return made

    def put_spread(self, long: float, short: float) -> Contract:
        """A bull put spread of looked-up options: buying it receives a credit."""
        legs = [
            self.library.ComboLeg(conId=one.conId, ratio=1, action=action, exchange="SMART")
            for one, action in (
                (self.options[long, "P"], "BUY"),
                (self.options[short, "P"], "SELL"),
            )
        ]
        combo: Contract = self.library.Contract(
            secType="BAG", symbol="QQQ", exchange="SMART", currency="USD", comboLegs=legs
        )
        return combo

    def limit(self, quantity: int, price: float, ref: str, action: str = "BUY") -> Order:
        """A guaranteed limit order for the day."""
        parameters = [self.library.TagValue("NonGuaranteed", "0")]
        order: Order = self.library.LimitOrder(
            action,
            quantity,
            price,
            account=ACCOUNT,
            orderRef=ref,
            tif="DAY",
            smartComboRoutingParams=parameters,
        )
        return order

    async def rest(self, combo: Contract, ref: str) -> Trade:
        """Leave an order far from the market."""
        trade = self.ib.placeOrder(combo, self.limit(1, -3.0, ref))
        await self.until(lambda: trade.orderStatus.status in _LIVE)
        return trade

    async def cents(self, combo: Contract) -> tuple[float, float]:
        """Bid and ask of a combo, by a short stream."""
        ticker = self.ib.reqMktData(combo)
        await self.until(lambda: not math.isnan(ticker.bid + ticker.ask))
        self.ib.cancelMktData(combo)
        return ticker.bid, ticker.ask

    def shares(self) -> float:
        """How much stock the account holds."""
        return sum(one.position for one in self.ib.positions() if one.contract.secType == "STK")

    def options_held(self) -> int:
        """How many different options the account holds."""
        return sum(one.contract.secType == "OPT" for one in self.ib.positions())

    async def run_to(self, at: datetime) -> None:
        """Let market time pass, stopping wherever the simulator wants to wake."""
        await self.settle()
        await self._run_to(at)

    def told(self, code: int) -> bool:
        """Tell whether a code arrived."""
        return any(one == code for _, one in self.errors)

    def _is_quiet(self) -> bool:
        stats = [ib.client.connectionStats() for ib in self.clients]
        sent = sum(one.numBytesSent for one in stats)
        received = sum(one.numBytesRecv for one in stats)
        return self.clock.next_wake is not None and self.simulator.traffic() == (received, sent)

    async def _run_to(self, at: datetime) -> None:
        while (wake := self.clock.next_wake) is not None and wake < at:
            self.clock.move_to(wake)
            await self.settle()
        self.clock.move_to(at)
        await self.settle()


def legs_of(fills: list[Fill]) -> list[Fill]:
    """The fills of legs, without the combo's own rows."""
    return [fill for fill in fills if fill.contract.secType != "BAG"]


@asynccontextmanager
async def walking(library: ModuleType) -> AsyncIterator[Walk]:
    """Run a simulator two seconds after the open and give a walk that is not connected."""
    for name in (library.__name__, "gateway.simulator.session"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    clock = AsyncManualClock(OPEN_AT + timedelta(seconds=2))
    simulator = Simulator(_config(), clock)
    await simulator.start()
    running = asyncio.create_task(simulator.run())
    walk = Walk(library, simulator, clock)
    try:
        yield walk
    finally:
        for ib in walk.clients:
            ib.disconnect()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await simulator.stop()


def _config() -> SimulatorConfig:
    account = SimulatedAccount(account_id=ACCOUNT, cash=Decimal(10_000_000))
    return SimulatorConfig(
        seed=7,
        ticker="QQQ",
        session_open_at=OPEN_AT,
        session_close_at=CLOSE_AT,
        spot=Decimal(600),
        logins=(SimulatedLogin(login_id=LOGIN_ID, port=0, accounts=(account,)),),
    )
