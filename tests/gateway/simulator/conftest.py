"""A desk: the simulator on a clock moved by hand, with unmodified ib_insync clients connected."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest
from ib_insync import IB, Client, ComboLeg, Contract, LimitOrder, Option, Order, TagValue, Trade

from gateway.simulator import SimulatedAccount, SimulatedLogin, Simulator, SimulatorConfig
from gateway.simulator.config import Json

OPEN_AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
CLOSE_AT = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
SHORT_STRIKE, LONG_STRIKE = 597.0, 592.0
EXPIRY = "20261123"

_Answer = TypeVar("_Answer")
# ib_insync leaves these unannotated; here they are given their types.
new_client: Callable[[], IB] = IB
hang_up: Callable[[IB], None] = IB.disconnect
is_done: Callable[[Trade], bool] = Trade.isDone
_place: Callable[[Client, int, Contract, Order], None] = Client.placeOrder
_cancel: Callable[[Client, int, str], None] = Client.cancelOrder
_cancel_all: Callable[[Client], None] = Client.reqGlobalCancel
_send_fields: Callable[..., None] = Client.send


@pytest.fixture(autouse=True)
def quiet_client() -> Iterator[None]:
    """Keep ib_insync from logging the rejections that tests provoke."""
    loggers = [logging.getLogger(name) for name in ("ib_insync", "gateway.simulator.session")]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    yield
    for logger in loggers:
        logger.setLevel(logging.NOTSET)


class ManualClock:
    """Market time that moves only when told to."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._at

    async def sleep_until(self, at: datetime) -> None:
        if at <= self._at:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((at, woken))
        await woken

    def move_to(self, at: datetime) -> None:
        self._at = at
        due = [sleeper for sleeper in self._sleepers if sleeper[0] <= at]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > at]
        for _, woken in due:
            if not woken.done():
                woken.set_result(None)

    def is_waited_on(self) -> bool:
        return any(not woken.done() for _, woken in self._sleepers)

    def next_wake(self) -> datetime:
        return min(at for at, woken in self._sleepers if not woken.done())


@dataclass
class Desk:
    """A running simulator, its clock and the clients connected to it."""

    simulator: Simulator
    clock: ManualClock
    clients: list[IB] = field(default_factory=list)
    errors: list[tuple[int, int, str]] = field(default_factory=list)

    async def connect(self, login_id: str = "desk", client_id: int = 11) -> IB:
        client = new_client()
        client.client.MaxRequests = 0
        client.errorEvent += self._note_error
        port = self.simulator.ports[login_id]
        await client.connectAsync("127.0.0.1", port, clientId=client_id, timeout=5)
        self.clients.append(client)
        await self.settle()
        return client

    async def disconnect(self, client: IB) -> None:
        self.clients.remove(client)
        hang_up(client)
        await self.settle()

    async def settle(self) -> None:
        """Wait until every byte that was sent has been received, both ways."""
        async with asyncio.timeout(10):
            calm = 0
            while calm < 5:
                await asyncio.sleep(0)
                calm = calm + 1 if self._is_quiet() else 0

    async def advance(self, seconds: int) -> None:
        """Move the clock second by second, letting everybody finish within each."""
        for _ in range(seconds):
            await self.jump(self.clock.now() + timedelta(seconds=1))

    async def jump(self, at: datetime) -> None:
        """Move the clock at once, stopping wherever the simulator wants to wake."""
        await self.settle()
        while (wake := self.clock.next_wake()) < at:
            self.clock.move_to(wake)
            await self.settle()
        self.clock.move_to(at)
        await self.settle()

    async def answer(self, request: Awaitable[_Answer]) -> _Answer:
        """Await an answer that needs no market time."""
        return await asyncio.wait_for(request, 5)

    def codes(self) -> list[int]:
        """Return error codes received, without the notices about data farms."""
        return [code for _, code, _ in self.errors if not 2100 <= code < 2200]

    def _note_error(self, request_id: int, code: int, text: str, _: object) -> None:
        self.errors.append((request_id, code, text))

    def _is_quiet(self) -> bool:
        if not self.clock.is_waited_on():
            return False
        stats = [client.client.connectionStats() for client in self.clients]
        received = sum(stat.numBytesRecv for stat in stats)
        sent = sum(stat.numBytesSent for stat in stats)
        return self.simulator.traffic() == (received, sent)


def a_login(
    login_id: str = "desk",
    *accounts: str,
    cash: str = "100000",
    whatif_twice: bool = False,
    advisor_account: str = "",
) -> SimulatedLogin:
    return SimulatedLogin(
        login_id=login_id,
        port=0,
        accounts=tuple(
            SimulatedAccount(account_id=name, cash=Decimal(cash)) for name in accounts or ("DU1",)
        ),
        whatif_twice=whatif_twice,
        advisor_account=advisor_account,
    )


def a_config(
    *,
    seed: int = 7,
    logins: tuple[SimulatedLogin, ...] | None = None,
    close_at: datetime = CLOSE_AT,
    open_at: datetime = OPEN_AT,
    quotes_file: Path | None = None,
    ticker: str = "QQQ",
    faults: tuple[Json, ...] = (),
) -> SimulatorConfig:
    return SimulatorConfig(
        seed=seed,
        ticker=ticker,
        faults=faults,
        session_open_at=open_at,
        session_close_at=close_at,
        spot=Decimal("600.00"),
        logins=logins or (a_login(),),
        quotes_file=quotes_file,
        # The clients of these tests do not keep the pace of a real one.
        messages_per_second=0,
    )


@asynccontextmanager
async def open_desk(
    config: SimulatorConfig | None = None,
    at: datetime | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Desk]:
    """Run a simulator, by default two seconds after the open."""
    config = config or a_config()
    clock = ManualClock(at or config.session_open_at + timedelta(seconds=2))
    simulator = Simulator(config, clock, monotonic)
    desk = Desk(simulator, clock)
    await simulator.start()
    running = asyncio.create_task(simulator.run())
    try:
        await asyncio.sleep(0)
        yield desk
    finally:
        for client in desk.clients:
            hang_up(client)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await simulator.stop()


def resend(client: IB, order_id: int, contract: Contract, order: Order) -> None:
    """Send placeOrder past the client's own bookkeeping."""
    _place(client.client, order_id, contract, order)


def cancel(client: IB, order_id: int) -> None:
    """Send cancelOrder past the client's own bookkeeping."""
    _cancel(client.client, order_id, "")


def cancel_everything(client: IB) -> None:
    _cancel_all(client.client)


def send_fields(client: IB, *fields: str | int) -> None:
    """Send any message."""
    _send_fields(client.client, *fields)


async def put_spread(
    desk: Desk, client: IB, long: float = LONG_STRIKE, short: float = SHORT_STRIKE
) -> Contract:
    """Return a bull put spread as a combo: buying it receives a credit."""
    options = [
        Option("QQQ", EXPIRY, strike, "P", "SMART", currency="USD") for strike in (long, short)
    ]
    await desk.answer(client.qualifyContractsAsync(*options))
    return a_combo(options[0].conId, options[1].conId)


def a_combo(bought_con_id: int, sold_con_id: int, symbol: str = "QQQ") -> Contract:
    legs = [
        ComboLeg(conId=con_id, ratio=1, action=action, exchange="SMART")
        for con_id, action in ((bought_con_id, "BUY"), (sold_con_id, "SELL"))
    ]
    return Contract(secType="BAG", symbol=symbol, exchange="SMART", currency="USD", comboLegs=legs)


def a_limit(
    action: str, quantity: int, price: float, order_ref: str = "", account: str = "DU1"
) -> LimitOrder:
    return LimitOrder(
        action,
        quantity,
        price,
        orderRef=order_ref,
        account=account,
        tif="DAY",
        smartComboRoutingParams=[TagValue("NonGuaranteed", "0")],
    )


async def combo_quote(desk: Desk, client: IB, combo: Contract) -> tuple[float, float]:
    """Return bid and ask of a snapshot."""
    (ticker,) = await desk.answer(client.reqTickersAsync(combo))
    return ticker.bid, ticker.ask


async def work_ladder(
    desk: Desk, client: IB, combo: Contract, quantity: int, order_ref: str, account: str = "DU1"
) -> Trade:
    """Work an opening order up to a cent every five seconds for ten rungs, never above the mid."""
    order = a_limit("BUY", quantity, await _floored_mid(desk, client, combo), order_ref, account)
    trade = client.placeOrder(combo, order)
    await desk.settle()
    for _ in range(9):
        await desk.advance(5)
        if is_done(trade):
            break
        mid = await _floored_mid(desk, client, combo)
        order.lmtPrice = min(round(order.lmtPrice + 0.01, 2), mid)
        client.placeOrder(combo, order)
        await desk.settle()
    return trade


async def _floored_mid(desk: Desk, client: IB, combo: Contract) -> float:
    bid, ask = await combo_quote(desk, client, combo)
    return math.floor((bid + ask) * 50 + 1e-6) / 100
