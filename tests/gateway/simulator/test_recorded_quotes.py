"""Recorded quotes: what a file says holds, and a bad file is refused with its line and column."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from ib_insync import IB, Contract, Option, Stock

from gateway.simulator import QuotesFileError, Simulator
from tests.gateway.simulator.conftest import (
    Desk,
    ManualClock,
    a_combo,
    a_config,
    a_limit,
    combo_quote,
    open_desk,
)

HEADER = "at,symbol,expiry,strike,right,bid,ask,bid_size,ask_size"
HALF_DAY_OPEN = datetime(2023, 11, 24, 14, 30, tzinfo=UTC)
HALF_DAY_CLOSE = datetime(2023, 11, 24, 18, 0, tzinfo=UTC)
ROWS = """\
2023-11-24T14:29:00Z,IWM,,,,179.50,179.52,300,200
2023-11-24T14:30:00Z,IWM,20231124,178.5,P,0.80,0.84,30,25
2023-11-24T14:30:00Z,IWM,20231124,177.5,P,0.40,0.43,12,40
2023-11-24T14:31:00Z,IWM,20231124,178.5,P,0.90,0.93,30,25
2023-11-24T14:32:00Z,IWM,20231124,177.5,P,0.60,0.55,12,40
2023-11-24T14:33:00Z,IWM,20231124,177.5,P,0.00,0.05,0,40
2023-11-24T17:59:00Z,IWM,,,,178.00,178.02,300,200
"""


def a_file(folder: Path, rows: str, header: str = HEADER) -> Path:
    path = folder / "quotes.csv"
    path.write_text(f"{header}\n{rows}", encoding="utf-8")
    return path


async def an_option(desk: Desk, client: IB, strike: float) -> Contract:
    option = Option("IWM", "20231124", strike, "P", "SMART", currency="USD")
    await desk.answer(client.qualifyContractsAsync(option))
    return option


def test_a_row_holds_until_the_next_row_of_its_contract(tmp_path: Path) -> None:
    async def story() -> None:
        path = a_file(tmp_path, ROWS)
        config = a_config(
            quotes_file=path, ticker="IWM", open_at=HALF_DAY_OPEN, close_at=HALF_DAY_CLOSE
        )
        async with open_desk(config, HALF_DAY_OPEN) as desk:
            client = await desk.connect()
            short, long = await an_option(desk, client, 178.5), await an_option(desk, client, 177.5)
            assert short.localSymbol == "IWM   231124P00178500"
            combo = a_combo(long.conId, short.conId, "IWM")
            assert await combo_quote(desk, client, combo) == (-0.44, -0.37)
            await desk.advance(59)
            assert await combo_quote(desk, client, combo) == (-0.44, -0.37)
            await desk.advance(1)
            assert await combo_quote(desk, client, combo) == (-0.53, -0.47)

    asyncio.run(story())


def test_crossed_and_one_sided_quotes_fill_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        path = a_file(tmp_path, ROWS)
        config = a_config(
            quotes_file=path, ticker="IWM", open_at=HALF_DAY_OPEN, close_at=HALF_DAY_CLOSE
        )
        crossed_at = HALF_DAY_OPEN + timedelta(minutes=2)
        async with open_desk(config, crossed_at) as desk:
            client = await desk.connect()
            short, long = await an_option(desk, client, 178.5), await an_option(desk, client, 177.5)
            combo = a_combo(long.conId, short.conId, "IWM")
            assert await combo_quote(desk, client, combo) == (-1, -1)
            trade = client.placeOrder(combo, a_limit("BUY", 1, 0.9))
            await desk.advance(90)
            assert trade.orderStatus.status == "Submitted"
            assert desk.codes() == []

    asyncio.run(story())


def test_contracts_that_the_file_does_not_name_do_not_exist(tmp_path: Path) -> None:
    async def story() -> None:
        path = a_file(tmp_path, ROWS)
        config = a_config(
            quotes_file=path, ticker="IWM", open_at=HALF_DAY_OPEN, close_at=HALF_DAY_CLOSE
        )
        async with open_desk(config) as desk:
            client = await desk.connect()
            unnamed = Option("IWM", "20231124", 178, "P", "SMART", currency="USD")
            assert await desk.answer(client.reqContractDetailsAsync(unnamed)) == []
            assert desk.codes() == [200]
            (chain, _) = await desk.answer(client.reqSecDefOptParamsAsync("IWM", "", "STK", 0))
            assert (chain.expirations, chain.strikes) == (["20231124"], [177.5, 178.5])
            stock = Stock("IWM", "SMART", "USD")
            (details,) = await desk.answer(client.reqContractDetailsAsync(stock))
            assert details.liquidHours.startswith("20231124:0930-20231124:1300;")
            assert desk.simulator.market.spot(HALF_DAY_CLOSE) == Decimal("178.01")
            with pytest.raises(ValueError, match="recorded"):
                desk.simulator.move_spot(Decimal(180))

    asyncio.run(story())


def test_recorded_options_expire_against_the_recorded_close(tmp_path: Path) -> None:
    async def story() -> None:
        path = a_file(tmp_path, ROWS)
        config = a_config(
            quotes_file=path, ticker="IWM", open_at=HALF_DAY_OPEN, close_at=HALF_DAY_CLOSE
        )
        async with open_desk(config) as desk:
            client = await desk.connect()
            short, long = await an_option(desk, client, 178.5), await an_option(desk, client, 177.5)
            combo = a_combo(long.conId, short.conId, "IWM")
            client.placeOrder(combo, a_limit("BUY", 1, -0.37))
            await desk.settle()
            assert len(client.positions()) == 2
            await desk.jump(HALF_DAY_CLOSE + timedelta(minutes=20))
            (stock,) = client.positions()
            assert (stock.contract.symbol, stock.position, stock.avgCost) == ("IWM", 100, 178.5)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("header", "rows", "place", "fix"),
    [
        (HEADER.replace(",bid_size", ""), "", "line 1: column bid_size", "header must be"),
        ("", "", "line 1: column at", "header must be"),
        (HEADER, "", "line 2, column symbol", "add its quotes"),
        (HEADER, ROWS.replace("IWM", "SPY"), "line 2, column symbol", "name another ticker"),
        (HEADER, ROWS.split("\n")[1], "no row of the underlying IWM", "empty expiry"),
        (HEADER, ROWS.replace("0.84", "x"), "line 3, column ask", "decimal"),
        (HEADER, ROWS.replace("0.84", "NaN"), "line 3, column ask", "finite"),
        (HEADER, ROWS.replace("0.84", ""), "line 3, column ask", "decimal"),
        (HEADER, ROWS.replace("12,40", "12,4.5"), "line 4, column ask_size", "whole number"),
        (HEADER, ROWS.replace("12,40", "-1,40"), "line 4, column bid_size", "negative"),
        (HEADER, ROWS.replace("14:31:00Z", "14:31:00"), "line 5, column at", "time zone"),
        (HEADER, ROWS.replace("14:31:00Z", "later"), "line 5, column at", "2023-08-03T13:30:00Z"),
        (HEADER, ROWS.replace("178.5,P", "178.5,X"), "line 3, column right", "C nor P"),
        (HEADER, ROWS.replace("178.5,P", "0,P"), "line 3, column strike", "above 0"),
        (HEADER, ROWS.replace("20231124,178.5", "24/11,178.5"), "column expiry", "YYYYMMDD"),
        (HEADER, "2023-11-24T14:29:00Z,IWM\n", "line 2, column bid", "decimal"),
    ],
)
def test_a_bad_file_is_refused_by_line_column_and_fix(
    tmp_path: Path, header: str, rows: str, place: str, fix: str
) -> None:
    config = a_config(quotes_file=a_file(tmp_path, rows, header), ticker="IWM")
    with pytest.raises(QuotesFileError) as refusal:
        Simulator(config, ManualClock(config.session_open_at))
    assert place in str(refusal.value)
    assert fix in str(refusal.value)
