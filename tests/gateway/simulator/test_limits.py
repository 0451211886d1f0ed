"""What the Gateway limits: message rate, streams, market data rights, account feeds."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from ib_insync import IB, Contract, Stock, Ticker

from gateway.simulator import MarketDataAccess, SimulatedLogin, SimulatorConfig
from gateway.simulator.pacing import Pacing
from tests.gateway.simulator.conftest import (
    OPEN_AT,
    Desk,
    a_config,
    a_limit,
    a_login,
    open_desk,
    put_spread,
    send_fields,
)


def with_login(login: SimulatedLogin) -> SimulatorConfig:
    return a_config(logins=(login,))


async def the_stock(desk: Desk, client: IB) -> Contract:
    stock = Stock("QQQ", "SMART", "USD")
    await desk.answer(client.qualifyContractsAsync(stock))
    return stock


def pacing(rate: int) -> tuple[Pacing, Callable[[float], None]]:
    now = [100.0]

    def wait(seconds: float) -> None:
        now[0] += seconds

    return Pacing(rate, lambda: now[0]), wait


def test_fifty_messages_a_second_are_taken_for_ever() -> None:
    paced, wait = pacing(50)
    for _ in range(1000):
        assert paced.takes()
        wait(0.02)


def test_a_burst_of_two_seconds_worth_is_taken_and_then_no_more() -> None:
    paced, wait = pacing(50)
    assert [paced.takes() for _ in range(102)] == [True] * 100 + [False] * 2
    wait(0.11)
    assert [paced.takes() for _ in range(6)] == [True] * 5 + [False]
    assert paced.is_exhausted


def test_without_a_limit_everything_is_taken() -> None:
    paced, _ = pacing(0)
    assert all(paced.takes() for _ in range(500))


def test_100_too_many_messages_are_refused_and_then_the_connection_is_cut() -> None:
    async def story() -> None:
        config = replace(a_config(), messages_per_second=20)
        async with open_desk(config, monotonic=lambda: 5.0) as desk:
            client = await desk.connect()
            gone = asyncio.Event()
            client.disconnectedEvent += gone.set
            while desk.codes() != [100, 100]:
                send_fields(client, 49, 1)
                await desk.settle()
            assert client.isConnected()
            desk.clients.remove(client)
            send_fields(client, 49, 1)
            await asyncio.wait_for(gone.wait(), 5)
            assert desk.codes() == [100, 100, 100]

    asyncio.run(story())


def test_a_client_that_keeps_its_own_pace_is_never_refused() -> None:
    async def story() -> None:
        config = replace(a_config(), messages_per_second=50)
        async with open_desk(config) as desk:
            client = await desk.connect()
            client.client.MaxRequests = 45
            started_at = time.monotonic()
            for _ in range(110):
                send_fields(client, 49, 1)
            await asyncio.sleep(0)
            while time.monotonic() - started_at < 2.2 and desk.codes() == []:
                await asyncio.wait_for(client.reqCurrentTimeAsync(), 5)
            assert desk.codes() == []

    asyncio.run(story())


def test_101_a_login_streams_so_many_contracts_and_no_more() -> None:
    async def story() -> None:
        login = replace(a_login(), market_data_lines=2)
        async with open_desk(with_login(login)) as desk:
            client, other = await desk.connect(), await desk.connect(client_id=12)
            combo = await put_spread(desk, client)
            stock = await the_stock(desk, client)
            client.reqMktData(combo)
            other.reqMktData(stock)
            await desk.settle()
            client.reqMktData(stock)
            await desk.settle()
            assert desk.codes() == [101]
            other.cancelMktData(stock)
            await desk.settle()
            again = client.reqMktData(await the_stock(desk, client))
            await desk.settle()
            assert again.hasBidAsk()

    asyncio.run(story())


def test_102_a_request_id_streams_one_contract() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            stock = await the_stock(desk, client)
            empty = [""] * 6
            request: list[str | int] = [1, 11, 777, stock.conId, *empty, "SMART", *empty[:4]]
            for _ in range(2):
                send_fields(client, *request, 0, "", 0, 0, "")
            await desk.settle()
            assert desk.codes() == [102]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("access", "code"),
    [
        (MarketDataAccess.NOT_SUBSCRIBED, 354),
        (MarketDataAccess.NO_API_SUBSCRIPTION, 10089),
        (MarketDataAccess.COMPETING_SESSION, 10197),
    ],
)
def test_a_login_without_market_data_is_told_why_and_trades_nonetheless(
    access: MarketDataAccess, code: int
) -> None:
    async def story() -> None:
        login = replace(a_login(), market_data=access)
        async with open_desk(with_login(login)) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            ticker: Ticker = client.reqMktData(combo)
            await desk.settle()
            assert desk.codes() == [code]
            assert not ticker.hasBidAsk()
            trade = client.placeOrder(combo, a_limit("BUY", 1, -0.01))
            await desk.settle()
            assert trade.orderStatus.status == "Filled"

    asyncio.run(story())


def test_account_values_are_refreshed_every_three_minutes_as_far_as_they_changed() -> None:
    async def story() -> None:
        async with open_desk(at=OPEN_AT + timedelta(seconds=5)) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            client.placeOrder(combo, a_limit("BUY", 1, -0.01))
            await desk.settle()
            told: list[str] = []
            client.accountValueEvent += lambda value: told.append(value.tag)
            await desk.jump(OPEN_AT + timedelta(seconds=179))
            assert told == []
            desk.simulator.move_spot(Decimal(590))
            await desk.advance(1)
            assert {"NetLiquidation", "UnrealizedPnL"} <= set(told)
            assert "TotalCashValue" not in told

    asyncio.run(story())


def test_322_a_third_account_summary_is_refused() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            for request_id in (501, 502, 503):
                send_fields(client, 62, 1, request_id, "All", "NetLiquidation")
            await desk.settle()
            assert [(request, code) for request, code, _ in desk.errors if code == 322] == [
                (503, 322)
            ]
            send_fields(client, 63, 1, 501)
            send_fields(client, 62, 1, 503, "All", "NetLiquidation")
            await desk.settle()
            assert desk.codes() == [322]

    asyncio.run(story())
