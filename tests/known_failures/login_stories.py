"""Stories of one login at the simulator, through the real client library."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway.broker.ibkr_broker import IbkrBroker
from gateway.broker.ibkr_requests import Timeouts
from gateway.simulator.clients import ApiClient
from gateway.simulator.config import Json
from gateway.simulator.contracts import Contract
from gateway.simulator.order_messages import LIVE_REQUEST, exec_details
from gateway.simulator.orders import Execution as SimulatedExecution
from gateway.simulator.orders import Order as SimulatedOrder
from shared.domain.followers import Login, LoginId
from tests.contract.broker_stories import CONTRACTS
from tests.contract.venues import CLIENT_ID, SimulatorVenue, simulator_venue

LOGIN_ID = "login-1"
Story = Callable[[SimulatorVenue], Awaitable[None]]


def tell(folder: Path, story: Story) -> None:
    """Tell a story of a login that is connected and knows the legs of the spread."""

    async def whole() -> None:
        async with simulator_venue(folder) as venue:
            await venue.broker.connect()
            assert await venue.broker.resolve("QQQ", CONTRACTS) == ()
            await venue.settle()
            await story(venue)

    asyncio.run(whole())


def gateway_end(venue: SimulatorVenue) -> ApiClient:
    """The IB Gateway's end of our connection: what it sends, our library receives."""
    return venue.simulator.logins[LOGIN_ID].clients[CLIENT_ID]


async def send_executions(venue: SimulatorVenue, *executions: SimulatedExecution) -> None:
    """Have the IB Gateway tell executions live."""
    gateway = gateway_end(venue)
    for one in executions:
        gateway.send(exec_details(LIVE_REQUEST, one, gateway.server_version))
    await venue.settle()


def executions_at(venue: SimulatorVenue) -> list[SimulatedExecution]:
    """Every execution that the broker booked for the login."""
    return venue.simulator.logins[LOGIN_ID].book.executions


def orders_at(venue: SimulatorVenue) -> list[SimulatedOrder]:
    """Every order that the broker took from the login."""
    return [*venue.simulator.logins[LOGIN_ID].book.orders.values()]


def arm(venue: SimulatorVenue, name: str, **parameters: Json) -> None:
    """Arm a fault of the simulator's catalog against the login, once."""
    venue.simulator.fault_control.arm({"name": name, "login": LOGIN_ID, "parameters": parameters})


def impatient(venue: SimulatorVenue, connect_seconds: float = 10) -> IbkrBroker:
    """Another client of the login that waits for answers half a second only."""
    login = Login(
        login_id=LoginId(LOGIN_ID),
        host="127.0.0.1",
        port=venue.simulator.ports[LOGIN_ID],
        client_id=CLIENT_ID + 1,
    )
    timeouts = Timeouts(connect_seconds=connect_seconds, request_seconds=0.5, heartbeat_seconds=0.5)
    broker = IbkrBroker(login, now=venue.clock.now, timeouts=timeouts)
    venue.brokers.append(broker)
    return broker


def underlying(venue: SimulatorVenue) -> Contract:
    """The stock."""
    return venue.simulator.market.contracts.underlying
