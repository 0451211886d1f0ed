"""What the tests of faults share: arming them, and hearing every message a client receives."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from ib_insync import IB, Contract, Order, Trade

from gateway.simulator.config import Json
from gateway.simulator.fault_messages import KIND_OF_MESSAGE
from tests.gateway.simulator.conftest import Desk, a_config, a_limit, a_login, open_desk, put_spread

Story = Callable[[Desk, IB, Contract], Awaitable[None]]

_Parameters = ParamSpec("_Parameters")
_Answer = TypeVar("_Answer")
_CLIENT_LOG = "ib_insync.client"

SHOWN: set[str] = set()
"""Faults that a test of an imported module shows."""


def shows(
    *names: str,
) -> Callable[[Callable[_Parameters, _Answer]], Callable[_Parameters, _Answer]]:
    """Say which faults a test shows."""

    def say(test: Callable[_Parameters, _Answer]) -> Callable[_Parameters, _Answer]:
        SHOWN.update(names)
        return test

    return say


def arm(desk: Desk, name: str, parameters: dict[str, Json] | None = None, **keys: Json) -> int:
    """Arm a fault and return its id."""
    document: dict[str, Json] = {"name": name, "parameters": parameters or {}, **keys}
    armed = desk.simulator.arm_fault(document)
    assert isinstance(armed, dict)
    fault_id = armed["id"]
    assert isinstance(fault_id, int)
    return fault_id


def fired(desk: Desk, fault_id: int) -> int:
    """Return how often a fault acted."""
    return desk.simulator.faults.faults[fault_id].fired


def play(story: Story, cash: str = "100000") -> None:
    """Run a story on a desk with one client and a vertical."""

    async def run() -> None:
        async with open_desk(a_config(logins=(a_login(cash=cash),))) as desk:
            client = await desk.connect()
            await story(desk, client, await put_spread(desk, client))

    asyncio.run(run())


async def send(desk: Desk, client: IB, combo: Contract, order: Order) -> Trade:
    trade = client.placeOrder(combo, order)
    await desk.settle()
    return trade


def farewell(desk: Desk, client: IB) -> asyncio.Event:
    """Take a client out of the desk's count, because its connection will be cut; set then."""
    desk.clients.remove(client)
    gone = asyncio.Event()
    client.disconnectedEvent += gone.set
    return gone


def resting(order_ref: str = "REST", quantity: int = 2) -> Order:
    """An order that the market does not reach by itself."""
    return a_limit("BUY", quantity, -3.0, order_ref)


def filling(order_ref: str = "FILL", quantity: int = 2) -> Order:
    """An order that fills at once."""
    return a_limit("BUY", quantity, -0.01, order_ref)


def in_seconds(desk: Desk, seconds: int) -> str:
    """Return a market time from now, as faults are told of it."""
    at: datetime = desk.clock.now() + timedelta(seconds=seconds)
    return at.isoformat()


async def open_references(desk: Desk, client: IB) -> list[str]:
    trades = await desk.answer(client.reqAllOpenOrdersAsync())
    return [trade.order.orderRef for trade in trades]


def limits(desk: Desk) -> list[str]:
    """Return the limits of the live orders, as the broker has them."""
    book = desk.simulator.logins["desk"].book
    return [str(order.ticket.limit_price) for order in book.live.values()]


def held(desk: Desk) -> dict[str, int]:
    account = desk.simulator.logins["desk"].accounts["DU1"]
    return {contract.local_symbol: quantity for contract, quantity in account.holdings()}


class Tape(logging.Handler):
    """Every message that the clients received, in order: kind and fields."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, list[str]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message that the client logs as received."""
        direction, _, text = record.getMessage().partition(" ")
        fields = text.split(",")
        if direction == "<<<" and fields[0].isdigit():
            self.rows.append((KIND_OF_MESSAGE.get(int(fields[0]), ""), fields))

    def kinds(self, *wanted: str) -> list[str]:
        """Return the kinds received, of those wanted."""
        return [kind for kind, _ in self.rows if kind in wanted]


@contextmanager
def taped() -> Iterator[Tape]:
    """Hear what the client library receives, through its own log."""
    logger, tape = logging.getLogger(_CLIENT_LOG), Tape()
    before = logger.propagate
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(tape)
    try:
        yield tape
    finally:
        logger.removeHandler(tape)
        logger.propagate = before
        logger.setLevel(logging.NOTSET)
