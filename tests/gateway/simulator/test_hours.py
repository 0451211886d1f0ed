"""Sessions: before the open, half days, day orders, dated orders, expiry and streaming."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from ib_insync import IB, Contract, MarketOrder, Option, Stock

from tests.gateway.simulator.conftest import (
    CLOSE_AT,
    EXPIRY,
    OPEN_AT,
    Desk,
    a_config,
    a_limit,
    combo_quote,
    open_desk,
    put_spread,
)

HALF_DAY_OPEN = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
HALF_DAY_CLOSE = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


async def an_option(desk: Desk, client: IB, strike: float, right: str) -> Contract:
    option = Option("QQQ", EXPIRY, strike, right, "SMART", currency="USD")
    await desk.answer(client.qualifyContractsAsync(option))
    return option


def test_before_the_open_the_underlying_quotes_and_options_do_not() -> None:
    async def story() -> None:
        async with open_desk(at=OPEN_AT - timedelta(hours=2)) as desk:
            client = await desk.connect()
            stock = Stock("QQQ", "SMART", "USD")
            await desk.answer(client.qualifyContractsAsync(stock))
            combo = await put_spread(desk, client)
            (ticker,) = await desk.answer(client.reqTickersAsync(stock))
            assert ticker.hasBidAsk()
            (none,) = await desk.answer(client.reqTickersAsync(combo))
            assert (none.bid, none.ask, none.bidSize, none.askSize) == (-1, -1, 0, 0)

    asyncio.run(story())


def test_the_underlying_is_silent_before_four_in_the_morning() -> None:
    async def story() -> None:
        async with open_desk(at=datetime(2026, 11, 23, 8, 59, 59, tzinfo=UTC)) as desk:
            client = await desk.connect()
            stock = Stock("QQQ", "SMART", "USD")
            await desk.answer(client.qualifyContractsAsync(stock))
            ticker = client.reqMktData(stock)
            await desk.settle()
            assert (ticker.bid, ticker.bidSize) == (-1, 0)
            await desk.advance(1)
            assert ticker.hasBidAsk()

    asyncio.run(story())


def test_an_order_before_the_open_is_held_with_a_warning_and_worked_from_the_open() -> None:
    async def story() -> None:
        async with open_desk(at=OPEN_AT - timedelta(minutes=5)) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            trade = client.placeOrder(combo, a_limit("BUY", 1, -0.01))
            await desk.settle()
            assert trade.orderStatus.status == "PreSubmitted"
            ((_, code, text),) = [e for e in desk.errors if e[1] == 399]
            assert "until 2026-11-23 09:30:00 US/Eastern" in text
            assert code == 399
            await desk.jump(OPEN_AT)
            assert [
                entry.status for entry in trade.log if not entry.message.startswith("Fill")
            ] == [
                "PendingSubmit",
                "PendingSubmit",
                "PreSubmitted",
                "Submitted",
                "Filled",
            ]

    asyncio.run(story())


def test_a_day_order_ends_with_the_options_session() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            day = client.placeOrder(combo, a_limit("BUY", 1, -4.5, "DAY"))
            until_cancelled = a_limit("BUY", 1, -4.5, "GTC")
            until_cancelled.tif = "GTC"
            kept = client.placeOrder(combo, until_cancelled)
            await desk.settle()
            desk.clock.move_to(CLOSE_AT + timedelta(minutes=15) - timedelta(seconds=1))
            await desk.settle()
            assert day.orderStatus.status == "Submitted"
            await desk.advance(1)
            assert day.orderStatus.status == "Cancelled"
            assert kept.orderStatus.status == "Submitted"

    asyncio.run(story())


@pytest.mark.parametrize(
    "text", ["20261123 09:31:00 US/Eastern", "20261123-14:31:00", "20261123 09:31:00"]
)
def test_a_dated_order_ends_at_its_date(text: str) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            order = a_limit("BUY", 1, -4.5)
            order.tif, order.goodTillDate = "GTD", text
            trade = client.placeOrder(combo, order)
            await desk.jump(OPEN_AT + timedelta(seconds=59))
            assert trade.orderStatus.status == "Submitted"
            await desk.advance(1)
            assert trade.orderStatus.status == "Cancelled"

    asyncio.run(story())


@pytest.mark.parametrize(("text", "code"), [("20261123-14:29:00", 201), ("tomorrow", 321)])
def test_a_dated_order_needs_a_date_ahead(text: str, code: int) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            order = a_limit("BUY", 1, -4.5)
            order.tif, order.goodTillDate = "GTD", text
            client.placeOrder(combo, order)
            await desk.settle()
            assert desk.codes() == [code]

    asyncio.run(story())


def test_a_half_day_shows_in_the_hours_and_stops_quotes_fifteen_minutes_after_it() -> None:
    async def story() -> None:
        config = a_config(open_at=HALF_DAY_OPEN, close_at=HALF_DAY_CLOSE)
        async with open_desk(config) as desk:
            client = await desk.connect()
            option = Option("QQQ", "20261127", 600, "C", "SMART", currency="USD")
            (details,) = await desk.answer(client.reqContractDetailsAsync(option))
            assert details.liquidHours.startswith("20261127:0930-20261127:1315;20261128:CLOSED")
            stock = Stock("QQQ", "SMART", "USD")
            (shares,) = await desk.answer(client.reqContractDetailsAsync(stock))
            assert shares.liquidHours.startswith("20261127:0930-20261127:1300;")
            assert shares.tradingHours.startswith("20261127:0400-20261127:2000;")
            await desk.answer(client.qualifyContractsAsync(option))
            ticker = client.reqMktData(option)
            desk.clock.move_to(HALF_DAY_CLOSE + timedelta(minutes=15) - timedelta(seconds=1))
            await desk.settle()
            assert ticker.hasBidAsk()
            await desk.advance(1)
            assert (ticker.bid, ticker.ask, ticker.askSize) == (-1, -1, 0)

    asyncio.run(story())


def test_expiring_options_vanish_or_become_stock_twenty_minutes_after_the_close() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            worthless = await an_option(desk, client, 580, "P")
            exercised = await an_option(desk, client, 580, "C")
            for option in (worthless, exercised):
                client.placeOrder(option, MarketOrder("BUY", 1, account="DU1"))
            await desk.advance(3)
            assert len(client.positions()) == 2
            executions = len(await desk.answer(client.reqExecutionsAsync()))
            desk.clock.move_to(CLOSE_AT + timedelta(minutes=20) - timedelta(seconds=1))
            await desk.settle()
            assert len(client.positions()) == 2
            await desk.advance(1)
            (stock,) = client.positions()
            assert (stock.contract.secType, stock.position, stock.avgCost) == ("STK", 100, 580)
            assert len(await desk.answer(client.reqExecutionsAsync())) == executions

    asyncio.run(story())


def test_a_short_option_in_the_money_is_assigned_and_a_lapsed_one_is_not_exercised() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            deep = await put_spread(desk, client, long=610.0, short=615.0)
            client.placeOrder(deep, MarketOrder("BUY", 1, account="DU1"))
            await desk.advance(3)
            long = Contract(conId=deep.comboLegs[0].conId, exchange="SMART")
            await desk.answer(client.qualifyContractsAsync(long))
            client.exerciseOptions(long, 2, 1, "DU1", 0)
            await desk.settle()
            await desk.jump(CLOSE_AT + timedelta(minutes=20))
            (stock,) = client.positions()
            assert (stock.position, stock.avgCost) == (100, 615)

    asyncio.run(story())


def test_streams_tick_each_second_while_an_order_is_live_and_every_five_otherwise() -> None:
    async def story() -> None:
        async with open_desk(at=OPEN_AT + timedelta(minutes=5)) as desk:
            client = await desk.connect()
            option = await an_option(desk, client, 599, "P")
            ticker = client.reqMktData(option)
            await desk.settle()
            seconds: list[int] = []
            ticker.updateEvent += lambda _: seconds.append(desk.clock.now().second)
            await desk.advance(20)
            assert seconds == [5, 10, 15, 20]
            order = a_limit("BUY", 1, 0.01)
            client.placeOrder(option, order)
            await desk.advance(4)
            client.cancelOrder(order)
            await desk.settle()
            await desk.advance(12)
            assert seconds == [5, 10, 15, 20, 21, 22, 23, 24, 25, 30, 35]

    asyncio.run(story())


def test_streams_tick_each_second_of_the_first_minute() -> None:
    async def story() -> None:
        async with open_desk(at=OPEN_AT - timedelta(seconds=3)) as desk:
            client = await desk.connect()
            option = await an_option(desk, client, 599, "P")
            ticker = client.reqMktData(option)
            await desk.settle()
            seconds: list[datetime] = []
            ticker.updateEvent += lambda _: seconds.append(desk.clock.now())
            await desk.advance(90)
            first_minute = [OPEN_AT + timedelta(seconds=n) for n in range(60)]
            assert seconds == [
                *first_minute,
                *(OPEN_AT + timedelta(seconds=n) for n in range(60, 87, 5)),
            ]

    asyncio.run(story())


def test_a_cancelled_stream_is_silent_and_a_quiet_market_wakes_for_account_updates_only() -> None:
    async def story() -> None:
        async with open_desk(at=OPEN_AT + timedelta(hours=1)) as desk:
            client = await desk.connect()
            option = await an_option(desk, client, 599, "P")
            client.reqMktData(option)
            await desk.settle()
            assert desk.clock.next_wake() == OPEN_AT + timedelta(hours=1, seconds=5)
            client.cancelMktData(option)
            await desk.advance(10)
            assert desk.clock.next_wake() == OPEN_AT + timedelta(hours=1, minutes=3)
            await desk.jump(CLOSE_AT + timedelta(hours=5))
            assert await combo_quote(desk, client, await put_spread(desk, client)) == (-1, -1)
            await desk.disconnect(client)
            await desk.advance(181)
            assert desk.clock.next_wake() > desk.clock.now() + timedelta(hours=12)

    asyncio.run(story())
