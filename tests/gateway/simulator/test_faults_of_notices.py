"""Outages that the Gateway gives notice of, as an unmodified client sees them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.simulator.notices import NOTICES, notice_code
from tests.gateway.simulator.conftest import (
    Desk,
    a_config,
    a_limit,
    a_login,
    open_desk,
    put_spread,
)
from tests.gateway.simulator.fault_desk import (
    arm,
    farewell,
    filling,
    resting,
    send,
    shows,
)


def run(story: Callable[[Desk], Awaitable[None]]) -> None:
    async def main() -> None:
        async with open_desk() as desk:
            await story(desk)

    asyncio.run(main())


@shows("1100-connectivity-lost", "2110-server-connection-broken")
@pytest.mark.parametrize("name", ["1100-connectivity-lost", "2110-server-connection-broken"])
def test_without_ibkr_orders_wait_and_quotes_stop_but_the_socket_stays_up(name: str) -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        combo = await put_spread(desk, client)
        ticker = client.reqMktData(combo)
        await desk.advance(1)
        arm(desk, name, {"seconds": 30})
        await desk.settle()
        assert desk.errors[-1][:2] == (-1, notice_code(name))
        told = ticker.bid, ticker.bidSize, ticker.askSize
        trade = await send(desk, client, combo, resting())
        await desk.advance(20)
        assert (ticker.bid, ticker.bidSize, ticker.askSize) == told
        assert trade.orderStatus.status == "PendingSubmit"
        assert client.isConnected()
        await desk.answer(client.reqCurrentTimeAsync())
        await desk.advance(11)
        assert desk.errors[-1][:2] == (-1, 1102)
        assert trade.orderStatus.status == "Submitted"
        assert (ticker.bid, ticker.bidSize, ticker.askSize) != told

    run(story)


@shows("1100-connectivity-lost")
def test_a_fill_without_ibkr_is_told_when_it_is_back() -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        combo = await put_spread(desk, client)
        arm(desk, "no-fills", {"seconds": 5})
        trade = await send(desk, client, combo, filling())
        arm(desk, "1100-connectivity-lost", {"seconds": 30})
        await desk.advance(20)
        assert desk.simulator.logins["desk"].book.executions
        assert trade.fills == []
        await desk.advance(11)
        assert trade.orderStatus.status == "Filled"
        assert len(trade.fills) == 3

    run(story)


@shows("1100-connectivity-lost")
def test_a_fill_may_be_told_although_ibkr_is_said_to_be_lost() -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        combo = await put_spread(desk, client)
        arm(desk, "no-fills", {"seconds": 5})
        trade = await send(desk, client, combo, filling())
        arm(desk, "1100-connectivity-lost", {"seconds": 60, "tells_orders": True})
        await desk.advance(10)
        assert trade.orderStatus.status == "Filled"
        assert len(trade.fills) == 3
        assert (await send(desk, client, combo, resting())).orderStatus.status == "PendingSubmit"

    run(story)


@shows("1101-restored-data-lost", "1102-restored-data-kept")
@pytest.mark.parametrize(
    ("name", "keeps"), [("1101-restored-data-lost", False), ("1102-restored-data-kept", True)]
)
def test_market_data_is_lost_or_kept(name: str, keeps: bool) -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        combo = await put_spread(desk, client)
        ticker = client.reqMktData(combo)
        await desk.settle()
        arm(desk, "1100-connectivity-lost", {"seconds": 0})
        await desk.advance(5)
        arm(desk, name)
        await desk.settle()
        assert desk.codes()[-2:] == [1100, notice_code(name)]
        told = ticker.bid, ticker.bidSize, ticker.askSize
        await desk.advance(20)
        assert ((ticker.bid, ticker.bidSize, ticker.askSize) != told) == keeps
        assert (await send(desk, client, combo, resting())).orderStatus.status == "Submitted"

    run(story)


@shows("1300-port-reset")
def test_1300_is_told_and_the_connection_is_cut() -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        gone = farewell(desk, client)
        arm(desk, "1300-port-reset")
        await desk.answer(gone.wait())
        assert desk.codes() == [1300]
        assert (await desk.connect()).isConnected()

    run(story)


@shows("2103-data-farm-broken", "2104-data-farm-ok")
@pytest.mark.parametrize("ends", ["by itself", "by 2104"])
def test_a_broken_data_farm_stops_the_ticks(ends: str) -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        combo = await put_spread(desk, client)
        ticker = client.reqMktData(combo)
        await desk.advance(1)
        arm(desk, "2103-data-farm-broken", {"seconds": 30 if ends == "by itself" else 0})
        await desk.settle()
        told = ticker.bid, ticker.bidSize, ticker.askSize
        await desk.advance(20)
        assert (ticker.bid, ticker.bidSize, ticker.askSize) == told
        if ends == "by itself":
            await desk.advance(11)
        else:
            arm(desk, "2104-data-farm-ok")
            await desk.settle()
        assert [code for _, code, _ in desk.errors][-2:] == [2103, 2104]
        assert (ticker.bid, ticker.bidSize, ticker.askSize) != told

    run(story)


@shows(
    "2105-history-farm-broken",
    "2106-history-farm-ok",
    "2107-history-farm-inactive",
    "2108-data-farm-inactive",
    "2157-sec-def-farm-broken",
    "2158-sec-def-farm-ok",
)
@pytest.mark.parametrize(
    "name",
    [
        "2105-history-farm-broken",
        "2106-history-farm-ok",
        "2107-history-farm-inactive",
        "2108-data-farm-inactive",
        "2157-sec-def-farm-broken",
        "2158-sec-def-farm-ok",
    ],
)
def test_other_farms_give_notice_and_change_nothing(name: str) -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        combo = await put_spread(desk, client)
        arm(desk, name)
        await desk.settle()
        assert desk.errors[-1] == (-1, notice_code(name), NOTICES[name])
        assert (await send(desk, client, combo, resting())).orderStatus.status == "Submitted"

    run(story)


def test_an_outage_of_every_login_ends_for_every_login() -> None:
    async def story() -> None:
        config = a_config(logins=(a_login("one", "DU1"), a_login("two", "DU2")))
        async with open_desk(config) as desk:
            one, two = await desk.connect("one"), await desk.connect("two")
            combo = await put_spread(desk, one)
            arm(desk, "1100-connectivity-lost", {"seconds": 0})
            order = a_limit("BUY", 1, -3.0, "WAITS", "DU2")
            trade = await send(desk, two, combo, order)
            assert trade.orderStatus.status == "PendingSubmit"
            arm(desk, "1102-restored-data-kept", login="one")
            await desk.settle()
            assert desk.codes() == [1100, 1100, 1102, 1102]
            assert trade.orderStatus.status == "Submitted"
            assert one.isConnected()

    asyncio.run(story())
