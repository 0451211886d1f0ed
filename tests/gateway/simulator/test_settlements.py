"""Exercise, assignment and expiry, and what is traded afterwards: shares, stock and option."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from ib_insync import IB, Contract, LimitOrder, MarketOrder, Option, Stock

from gateway.simulator import ExerciseProcessing
from gateway.simulator.config import SimulatorConfig
from tests.gateway.simulator.conftest import (
    CLOSE_AT,
    EXPIRY,
    Desk,
    a_combo,
    a_config,
    a_limit,
    a_login,
    open_desk,
    put_spread,
)

Story = Callable[[Desk, IB], Awaitable[None]]
RICH = a_config(logins=(a_login(cash="900000"),))
AFTER_CLOSE = replace(RICH, exercise=ExerciseProcessing.AFTER_CLOSE)
LONG, SHORT = "QQQ   261123P00592000", "QQQ   261123P00597000"


def play(story: Story, config: SimulatorConfig = RICH) -> None:
    async def run() -> None:
        async with open_desk(config) as desk:
            await story(desk, await desk.connect())

    asyncio.run(run())


def held(client: IB) -> dict[str, float]:
    return {position.contract.localSymbol: position.position for position in client.positions()}


async def bought(desk: Desk, client: IB, contract: Contract, quantity: int) -> None:
    client.placeOrder(contract, MarketOrder("BUY", quantity, account="DU1"))
    await desk.advance(8)


async def an_option(desk: Desk, client: IB, strike: float, right: str) -> Contract:
    option = Option("QQQ", EXPIRY, strike, right, "SMART", currency="USD")
    await desk.answer(client.qualifyContractsAsync(option))
    return option


async def the_stock(desk: Desk, client: IB) -> Contract:
    stock = Stock("QQQ", "SMART", "USD")
    await desk.answer(client.qualifyContractsAsync(stock))
    return stock


def test_an_exercise_may_be_processed_after_the_close() -> None:
    async def story(desk: Desk, client: IB) -> None:
        option = await an_option(desk, client, 590, "C")
        await bought(desk, client, option, 2)
        client.exerciseOptions(option, 1, 1, "DU1", 0)
        await desk.settle()
        assert held(client) == {"QQQ   261123C00590000": 2}
        # A second one for what is left, and one too many.
        client.exerciseOptions(option, 1, 1, "DU1", 0)
        client.exerciseOptions(option, 1, 1, "DU1", 0)
        await desk.settle()
        assert desk.codes() == [322]
        await desk.jump(CLOSE_AT + timedelta(minutes=20))
        assert held(client) == {"QQQ": 200}

    play(story, AFTER_CLOSE)


def test_an_option_out_of_the_money_is_exercised_when_that_is_asked() -> None:
    async def story(desk: Desk, client: IB) -> None:
        option = await an_option(desk, client, 610, "C")
        await bought(desk, client, option, 2)
        client.exerciseOptions(option, 1, 1, "DU1", 0)
        await desk.settle()
        await desk.jump(CLOSE_AT + timedelta(minutes=20))
        (stock,) = client.positions()
        assert (stock.position, stock.avgCost) == (100, 610)

    play(story, AFTER_CLOSE)


def test_an_assignment_between_sessions_shows_in_positions_alone() -> None:
    async def story(desk: Desk, client: IB) -> None:
        combo = await put_spread(desk, client)
        await bought(desk, client, combo, 3)
        executions = await desk.answer(client.reqExecutionsAsync())
        desk.simulator.actions.assign("DU1", SHORT, 2)
        await desk.settle()
        assert held(client) == {LONG: 3, SHORT: -1, "QQQ": 200}
        (stock,) = [p for p in client.positions() if p.contract.secType == "STK"]
        assert stock.avgCost == 597
        assert len(await desk.answer(client.reqExecutionsAsync())) == len(executions)

    play(story)


def test_the_long_leg_may_be_exercised_too() -> None:
    async def story(desk: Desk, client: IB) -> None:
        combo = await put_spread(desk, client)
        await bought(desk, client, combo, 1)
        before = desk.simulator.logins["desk"].accounts["DU1"].cash
        desk.simulator.actions.assign("DU1", SHORT, 1)
        desk.simulator.actions.exercise("DU1", LONG, 1)
        await desk.settle()
        assert held(client) == {}
        # Bought at 597, delivered at 592: the width is lost.
        assert desk.simulator.logins["desk"].accounts["DU1"].cash == before - Decimal(500)

    play(story)


@pytest.mark.parametrize(("contract", "quantity"), [(SHORT, 2), (LONG, 1), (SHORT, 0), ("?", 1)])
def test_only_what_is_short_can_be_assigned(contract: str, quantity: int) -> None:
    async def story(desk: Desk, client: IB) -> None:
        await bought(desk, client, await put_spread(desk, client), 1)
        with pytest.raises(ValueError, match=r"QQQ|no contract"):
            desk.simulator.actions.assign("DU1", contract, quantity)
        assert held(client) == {LONG: 1, SHORT: -1}

    play(story)


def test_a_settlement_may_be_told_as_executions_without_an_order() -> None:
    async def story(desk: Desk, client: IB) -> None:
        await bought(desk, client, await put_spread(desk, client), 1)
        before = {row.execution.execId for row in client.fills()}
        seen: list[str] = []
        client.execDetailsEvent += lambda *_: seen.append("told")
        desk.simulator.actions.assign("DU1", SHORT, 1)
        await desk.settle()
        # The library keeps them, but tells nobody: there is no trade that they belong to.
        assert seen == []
        rows = [row for row in client.fills() if row.execution.execId not in before]
        told = {
            (row.contract.secType, row.execution.side, row.execution.shares, row.execution.price)
            for row in rows
        }
        assert told == {("OPT", "BOT", 1.0, 0.0), ("STK", "BOT", 100.0, 597.0)}
        assert {(row.execution.orderId, row.execution.permId) for row in rows} == {(0, 0)}
        assert len(await desk.answer(client.reqExecutionsAsync())) == len(before) + 2

    play(story, replace(RICH, settlement_executions=True))


def test_a_spread_in_the_money_at_expiry_leaves_nothing_but_its_width() -> None:
    async def story(desk: Desk, client: IB) -> None:
        combo = await put_spread(desk, client, long=610.0, short=615.0)
        await bought(desk, client, combo, 1)
        before = desk.simulator.logins["desk"].accounts["DU1"].cash
        await desk.jump(CLOSE_AT + timedelta(minutes=20))
        assert held(client) == {}
        assert desk.simulator.logins["desk"].accounts["DU1"].cash == before - Decimal(500)

    play(story)


def test_shares_are_traded_by_limit_at_or_through_the_quote_only() -> None:
    async def story(desk: Desk, client: IB) -> None:
        stock = await the_stock(desk, client)
        (ticker,) = await desk.answer(client.reqTickersAsync(stock))
        resting = client.placeOrder(
            stock, LimitOrder("SELL", 100, round(ticker.bid + 1, 2), account="DU1")
        )
        marketable = client.placeOrder(stock, LimitOrder("SELL", 100, ticker.bid, account="DU1"))
        await desk.settle()
        assert resting.orderStatus.filled == 0
        assert marketable.orderStatus.filled > 0
        fill = marketable.fills[0]
        assert (fill.execution.price, fill.execution.side) == (ticker.bid, "SLD")
        await desk.advance(8)
        assert held(client) == {"QQQ": -100}

    play(story)


def test_a_limit_for_shares_a_tenth_through_the_market_is_cancelled() -> None:
    async def story(desk: Desk, client: IB) -> None:
        stock = await the_stock(desk, client)
        trade = client.placeOrder(stock, LimitOrder("BUY", 100, 700.0, account="DU1"))
        await desk.settle()
        assert (trade.orderStatus.status, trade.orderStatus.filled) == ("Cancelled", 0)
        assert desk.codes() == [202]

    play(story)


def test_shares_and_their_hedge_are_sold_as_one_combo_at_a_limit() -> None:
    async def story(desk: Desk, client: IB) -> None:
        combo = await put_spread(desk, client)
        await bought(desk, client, combo, 1)
        desk.simulator.actions.assign("DU1", SHORT, 1)
        await desk.settle()
        stock = await the_stock(desk, client)
        package = a_combo(stock.conId, combo.comboLegs[0].conId)
        package.comboLegs[0].ratio = 100
        package.comboLegs[1].action = "BUY"
        (ticker,) = await desk.answer(client.reqTickersAsync(package))
        far = client.placeOrder(package, a_limit("SELL", 1, round(ticker.bid + 2, 2)))
        near = client.placeOrder(package, a_limit("SELL", 1, round(ticker.bid, 2)))
        await desk.advance(5)
        assert far.orderStatus.filled == 0
        assert near.orderStatus.status == "Filled"
        legs = {(f.contract.secType, f.execution.side, f.execution.shares) for f in near.fills}
        assert legs == {("BAG", "SLD", 1.0), ("STK", "SLD", 100.0), ("OPT", "SLD", 1.0)}
        assert held(client) == {}

    play(story)


def test_a_forced_liquidation_closes_leg_by_leg_the_short_one_first() -> None:
    async def story(desk: Desk, client: IB) -> None:
        await bought(desk, client, await put_spread(desk, client), 3)
        later = Option("QQQ", "20261125", 600, "C", "SMART", currency="USD")
        await desk.answer(client.qualifyContractsAsync(later))
        await bought(desk, client, later, 1)
        before = len(await desk.answer(client.reqExecutionsAsync()))
        assert desk.simulator.actions.liquidate("DU1") == 2
        await desk.advance(8)
        assert held(client) == {"QQQ   261125C00600000": 1}
        rows = (await desk.answer(client.reqExecutionsAsync()))[before:]
        assert (rows[0].contract.localSymbol, rows[0].execution.side) == (SHORT, "BOT")
        assert {row.execution.orderRef for row in rows} == {""}
        assert desk.simulator.actions.liquidate("DU1") == 0

    play(story)


def test_321_an_exercise_is_either_exercise_or_lapse() -> None:
    async def story(desk: Desk, client: IB) -> None:
        option = await an_option(desk, client, 590, "C")
        await bought(desk, client, option, 2)
        client.exerciseOptions(option, 3, 1, "DU1", 0)
        await desk.settle()
        assert desk.codes() == [321]

    play(story)


def test_a_lapse_is_taken_once_for_each_contract() -> None:
    async def story(desk: Desk, client: IB) -> None:
        option = await an_option(desk, client, 590, "C")
        await bought(desk, client, option, 1)
        client.exerciseOptions(option, 2, 1, "DU1", 0)
        client.exerciseOptions(option, 1, 1, "DU1", 0)
        await desk.settle()
        assert desk.codes() == [322]
        await desk.jump(CLOSE_AT + timedelta(minutes=20))
        assert held(client) == {}

    play(story)
