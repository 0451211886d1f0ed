"""Sessions in sequence on one clock: what is carried, what rolls, and when Gateways are down."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from ib_insync import IB, Contract, MarketOrder, Option, Stock

from gateway.simulator import DailyRestart, ExerciseProcessing, SessionHours, SimulatorConfig
from tests.gateway.simulator.conftest import (
    CLOSE_AT,
    OPEN_AT,
    Desk,
    a_combo,
    a_config,
    a_limit,
    new_client,
    open_desk,
    work_ladder,
)

DAY = timedelta(days=1)
# Monday, Tuesday, Wednesday; Thursday is Thanksgiving; Friday is half a day.
FRIDAY = SessionHours(
    open_at=datetime(2026, 11, 27, 14, 30, tzinfo=UTC),
    close_at=datetime(2026, 11, 27, 18, 0, tzinfo=UTC),
)
LATER = (
    SessionHours(open_at=OPEN_AT + DAY, close_at=CLOSE_AT + DAY),
    SessionHours(open_at=OPEN_AT + 2 * DAY, close_at=CLOSE_AT + 2 * DAY),
    FRIDAY,
)
AFTER = ExerciseProcessing.AFTER_CLOSE
RECORDED = """\
at,symbol,expiry,strike,right,bid,ask,bid_size,ask_size
2026-11-23T14:30:00Z,SPY,,,,500.00,500.02,300,200
2026-11-23T14:30:00Z,SPY,20261124,500,C,1.20,1.25,30,25
2026-11-24T14:30:00Z,SPY,,,,501.00,501.02,300,200
2026-11-24T14:30:05Z,SPY,20261124,500,C,2.20,2.25,30,25
"""
RESTART = DailyRestart(at=time(23, 45), restart_seconds=90, sunday_logout=True)


def a_week(restart: DailyRestart | None = None) -> SimulatorConfig:
    return replace(a_config(), later_sessions=LATER, daily_restart=restart)


async def a_spread(desk: Desk, client: IB, expiry: str) -> Contract:
    legs = [
        Option("QQQ", expiry, strike, "P", "SMART", currency="USD") for strike in (592.0, 597.0)
    ]
    await desk.answer(client.qualifyContractsAsync(*legs))
    return a_combo(legs[0].conId, legs[1].conId)


def test_positions_are_carried_and_executions_are_those_of_the_day() -> None:
    async def story() -> None:
        async with open_desk(a_week(), at=CLOSE_AT) as desk:
            client = await desk.connect()
            combo = await a_spread(desk, client, "20261124")
            client.placeOrder(combo, MarketOrder("BUY", 1, account="DU1"))
            await desk.advance(5)
            bought = len(await desk.answer(client.reqExecutionsAsync()))
            assert bought == 3
            await desk.jump(OPEN_AT + DAY + timedelta(seconds=2))
            profit = client.reqPnL("DU1")
            await desk.settle()
            assert await desk.answer(client.reqExecutionsAsync()) == []
            assert await desk.answer(client.reqCompletedOrdersAsync(False)) == []
            assert len(client.positions()) == 2
            assert profit.dailyPnL != profit.unrealizedPnL
            client.cancelPnL("DU1")
            client.placeOrder(combo, MarketOrder("SELL", 1, account="DU1"))
            await desk.advance(5)
            assert client.positions() == []
            await desk.jump(CLOSE_AT + DAY + timedelta(hours=1))
            assert client.positions() == []

    asyncio.run(story())


def test_what_was_done_long_ago_is_forgotten() -> None:
    async def story() -> None:
        sessions = tuple(
            SessionHours(open_at=OPEN_AT + n * DAY, close_at=CLOSE_AT + n * DAY) for n in (1, 32)
        )
        config = replace(a_config(), later_sessions=sessions)
        async with open_desk(config, at=CLOSE_AT) as desk:
            client = await desk.connect()
            combo = await a_spread(desk, client, "20261124")
            client.placeOrder(combo, MarketOrder("BUY", 1, account="DU1"))
            await desk.advance(5)
            await desk.disconnect(client)
            book = desk.simulator.logins["desk"].book
            await desk.jump(OPEN_AT + DAY)
            assert (len(book.orders), len(book.executions)) == (1, 3)
            await desk.jump(OPEN_AT + 32 * DAY)
            assert (len(book.orders), len(book.executions)) == (0, 0)

    asyncio.run(story())


def test_an_option_expires_in_its_own_session_only() -> None:
    async def story() -> None:
        async with open_desk(a_week(), at=CLOSE_AT) as desk:
            client = await desk.connect()
            option = Option("QQQ", "20261125", 580, "C", "SMART", currency="USD")
            await desk.answer(client.qualifyContractsAsync(option))
            client.placeOrder(option, MarketOrder("BUY", 1, account="DU1"))
            await desk.advance(3)
            await desk.disconnect(client)
            await desk.jump(CLOSE_AT + DAY + timedelta(hours=1))
            client = await desk.connect()
            assert [p.contract.secType for p in client.positions()] == ["OPT"]
            await desk.disconnect(client)
            await desk.jump(CLOSE_AT + 2 * DAY + timedelta(minutes=20))
            client = await desk.connect()
            assert [p.contract.secType for p in client.positions()] == ["STK"]

    asyncio.run(story())


def test_a_ladder_from_the_second_open_fills_like_the_first() -> None:
    async def story() -> None:
        async with open_desk(a_week(), at=OPEN_AT + DAY + timedelta(seconds=2)) as desk:
            client = await desk.connect()
            (ticker,) = await desk.answer(client.reqTickersAsync(Stock("QQQ", "SMART", "USD")))
            spot = round(ticker.marketPrice())
            legs = [
                Option("QQQ", "20261124", strike, "P", "SMART", currency="USD")
                for strike in (spot - 7, spot - 2)
            ]
            await desk.answer(client.qualifyContractsAsync(*legs))
            combo = a_combo(legs[0].conId, legs[1].conId)
            trade = await work_ladder(desk, client, combo, 2, "SECOND")
            assert trade.orderStatus.status == "Filled"

    asyncio.run(story())


def test_a_day_order_after_the_close_and_one_good_till_cancelled_wait_for_the_next_open() -> None:
    async def story() -> None:
        async with open_desk(a_week(), at=CLOSE_AT + timedelta(hours=1)) as desk:
            client = await desk.connect()
            combo = await a_spread(desk, client, "20261125")
            day = client.placeOrder(combo, a_limit("BUY", 1, -4.5, "DAY"))
            lasting = a_limit("BUY", 1, -4.5, "GTC")
            lasting.tif = "GTC"
            kept = client.placeOrder(combo, lasting)
            await desk.jump(OPEN_AT + DAY + timedelta(seconds=1))
            assert {day.orderStatus.status, kept.orderStatus.status} == {"Submitted"}
            desk.clock.move_to(CLOSE_AT + DAY + timedelta(minutes=15))
            await desk.settle()
            assert (day.orderStatus.status, kept.orderStatus.status) == ("Cancelled", "Submitted")
            held = [text for _, code, text in desk.errors if code == 399]
            assert all("until 2026-11-24 09:30:00" in text for text in held)

    asyncio.run(story())


def test_hours_name_the_holiday_and_the_half_day() -> None:
    async def story() -> None:
        async with open_desk(a_week(), at=OPEN_AT + 2 * DAY) as desk:
            client = await desk.connect()
            option = Option("QQQ", "20261127", 600, "C", "SMART", currency="USD")
            (details,) = await desk.answer(client.reqContractDetailsAsync(option))
            assert details.liquidHours == (
                "20261125:0930-20261125:1615;20261126:CLOSED;"
                "20261127:0930-20261127:1315;20261128:CLOSED;20261129:CLOSED"
            )

    asyncio.run(story())


def test_chains_show_the_expiries_ahead_only() -> None:
    async def story() -> None:
        async with open_desk(a_week(), at=OPEN_AT + 2 * DAY) as desk:
            client = await desk.connect()
            (chain, _) = await desk.answer(client.reqSecDefOptParamsAsync("QQQ", "", "STK", 1))
            assert chain.expirations[0] == "20261125"

    asyncio.run(story())


def test_every_gateway_restarts_each_evening_and_takes_no_connection_meanwhile() -> None:
    async def story() -> None:
        restart_at = datetime(2026, 11, 24, 4, 45, tzinfo=UTC)
        async with open_desk(a_week(RESTART), at=restart_at - timedelta(hours=1)) as desk:
            client = await desk.connect()
            combo = await a_spread(desk, client, "20261125")
            lasting = a_limit("BUY", 1, -4.5, "GTC")
            lasting.tif = "GTC"
            client.placeOrder(combo, lasting)
            await desk.settle()
            await desk.jump(restart_at - timedelta(seconds=1))
            assert client.isConnected()
            desk.clients.remove(client)
            desk.clock.move_to(restart_at)
            await desk.settle()
            assert not client.isConnected()
            await refused(desk)
            desk.clock.move_to(restart_at + timedelta(seconds=90))
            again = await desk.connect()
            (trade,) = again.openTrades()
            assert trade.order.orderRef == "GTC"

    asyncio.run(story())


def test_from_sunday_on_a_login_waits_for_its_second_factor() -> None:
    async def story() -> None:
        logout_at = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
        async with open_desk(a_week(RESTART), at=logout_at - timedelta(minutes=10)) as desk:
            client = await desk.connect()
            await desk.jump(logout_at - timedelta(seconds=1))
            desk.clients.remove(client)
            desk.clock.move_to(logout_at)
            await desk.settle()
            assert not client.isConnected()
            await refused(desk)
            with pytest.raises(KeyError):
                desk.simulator.actions.log_in("nobody")
            desk.simulator.actions.log_in("desk")
            await desk.connect()

    asyncio.run(story())


def test_recorded_sessions_follow_each_other_and_no_quote_outlives_its_day(tmp_path: Path) -> None:
    async def story() -> None:
        path = tmp_path / "quotes.csv"
        path.write_text(RECORDED, encoding="utf-8")
        config = replace(
            a_config(quotes_file=path, ticker="SPY"), later_sessions=(LATER[0],), exercise=AFTER
        )
        async with open_desk(config, at=CLOSE_AT) as desk:
            client = await desk.connect()
            option = Option("SPY", "20261124", 500, "C", "SMART", currency="USD")
            await desk.answer(client.qualifyContractsAsync(option))
            trade = client.placeOrder(option, MarketOrder("BUY", 1, account="DU1"))
            await desk.settle()
            assert trade.orderStatus.avgFillPrice == 1.25
            await desk.jump(OPEN_AT + DAY + timedelta(seconds=1))
            (none,) = await desk.answer(client.reqTickersAsync(option))
            assert (none.bid, none.ask, none.askSize) == (-1, -1, 0)
            await desk.jump(OPEN_AT + DAY + timedelta(seconds=5))
            (quote,) = await desk.answer(client.reqTickersAsync(option))
            assert (quote.bid, quote.ask) == (2.20, 2.25)
            await desk.disconnect(client)
            # The second day closes at 501.01: the option is a cent in the money and more.
            await desk.jump(CLOSE_AT + DAY + timedelta(minutes=20))
            client = await desk.connect()
            assert [p.contract.secType for p in client.positions()] == ["STK"]

    asyncio.run(story())


async def refused(desk: Desk) -> None:
    """Check that a connection is closed before it says anything."""
    client = new_client()
    with pytest.raises((ConnectionError, TimeoutError)):
        await client.connectAsync(
            "127.0.0.1", desk.simulator.ports["desk"], clientId=11, timeout=0.2
        )
    await desk.settle()
