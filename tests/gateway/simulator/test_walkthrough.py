"""An unmodified client goes through a whole trade over a real socket."""

import asyncio

import pytest
from ib_insync import IB, Contract, ExecutionFilter, Fill, MarketOrder, Option, OrderState, Stock

from tests.gateway.simulator.conftest import (
    EXPIRY,
    a_combo,
    a_config,
    a_limit,
    a_login,
    combo_quote,
    open_desk,
    put_spread,
    work_ladder,
)


def test_a_client_connects_and_every_start_up_request_is_answered() -> None:
    async def story() -> None:
        async with open_desk(a_config(logins=(a_login("desk", "DU1", "DU2"),))) as desk:
            client = await desk.connect()
            assert client.client.serverVersion() == 176
            assert client.managedAccounts() == ["DU1", "DU2"]
            assert client.positions() == []
            assert client.openTrades() == []
            values = {v.tag: v.value for v in client.accountValues("DU1")}
            assert values["TotalCashValue"] == "100000.00"
            assert {code for _, code, _ in desk.errors} == {2104, 2106, 2158}
            now = await desk.answer(client.reqCurrentTimeAsync())
            assert now == desk.clock.now()

    asyncio.run(story())


def test_contract_details_name_hours_tick_and_underlying() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            asked = Option("QQQ", EXPIRY, 597.5, "P", "SMART", currency="USD")
            (details,) = await desk.answer(client.reqContractDetailsAsync(asked))
            contract = details.contract
            assert contract is not None
            assert contract.localSymbol == "QQQ   261123P00597500"
            assert contract.lastTradeDateOrContractMonth == EXPIRY
            assert (details.minTick, contract.multiplier) == (0.01, "100")
            assert details.timeZoneId == "US/Eastern"
            assert details.liquidHours.startswith("20261123:0930-20261123:1615;")
            stock = Stock("QQQ", "SMART", "USD")
            await desk.answer(client.qualifyContractsAsync(stock))
            assert details.underConId == stock.conId
            far = Option("QQQ", "20261218", 600, "C", "SMART", currency="USD")
            (found,) = await desk.answer(client.reqContractDetailsAsync(far))
            assert found.lastTradeTime == ""
            (chain, _) = await desk.answer(
                client.reqSecDefOptParamsAsync("QQQ", "", "STK", stock.conId)
            )
            assert chain.expirations[0] == EXPIRY
            assert 600.0 in chain.strikes
            listed = await desk.answer(
                client.reqContractDetailsAsync(Option("QQQ", EXPIRY, 0, "P", "SMART"))
            )
            assert len(listed) == len(chain.strikes)
            rule = await desk.answer(client.reqMarketRuleAsync(26))
            assert [(step.lowEdge, step.increment) for step in rule or []] == [(0.0, 0.01)]

    asyncio.run(story())


def test_a_contract_id_of_the_chain_is_known_without_asking_first() -> None:
    async def ids(ask_first: bool) -> int:
        async with open_desk() as desk:
            client = await desk.connect()
            option = Option("QQQ", EXPIRY, 590, "C", "SMART", currency="USD")
            if ask_first:
                await desk.answer(client.qualifyContractsAsync(option))
                return option.conId
            known = Contract(conId=await_id, exchange="SMART")
            await desk.answer(client.qualifyContractsAsync(known))
            assert known.localSymbol == "QQQ   261123C00590000"
            return known.conId

    await_id = asyncio.run(ids(True))
    assert asyncio.run(ids(False)) == await_id


def test_combo_quotes_are_the_natural_prices_of_the_legs() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            legs = [Contract(conId=leg.conId, exchange="SMART") for leg in combo.comboLegs]
            await desk.answer(client.qualifyContractsAsync(*legs))
            long, short = await desk.answer(client.reqTickersAsync(*legs))
            bid, ask = await combo_quote(desk, client, combo)
            assert bid == pytest.approx(long.bid - short.ask)
            assert ask == pytest.approx(long.ask - short.bid)
            assert 0.04 - 1e-9 <= ask - bid <= 0.06 + 1e-9
            assert short.modelGreeks is not None
            assert -0.5 < (short.modelGreeks.delta or 0) < 0

    asyncio.run(story())


def test_a_what_if_shows_the_margin_of_a_vertical_and_places_nothing() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            state = await desk.answer(client.whatIfOrderAsync(combo, a_limit("BUY", 4, -0.9)))
            assert isinstance(state, OrderState)
            assert float(state.initMarginChange) == 4 * 5 * 100
            assert state.commission == pytest.approx(8 * 0.65)
            assert float(state.equityWithLoanChange) == pytest.approx(4 * 90 - 8 * 0.65)
            assert await desk.answer(client.reqAllOpenOrdersAsync()) == []

    asyncio.run(story())


def test_a_login_may_answer_a_what_if_twice() -> None:
    async def story() -> None:
        logins = (a_login("desk", "DU1", whatif_twice=True),)
        async with open_desk(a_config(logins=logins)) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            state = await desk.answer(client.whatIfOrderAsync(combo, a_limit("BUY", 1, -0.9)))
            # ib_insync takes the preliminary answer, whose margins are unset.
            assert state.initMarginChange == "1.7976931348623157E308"
            assert state.warningText

    asyncio.run(story())


def test_a_ladder_fills_as_combo_then_legs_then_fees() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            events = _recorded(client)
            trade = await work_ladder(desk, client, combo, 3, "SIG-1-F-1")
            assert trade.orderStatus.status == "Filled"
            first = [f for f in trade.fills if f.time == trade.fills[0].time]
            assert [f.contract.secType for f in first[:3]] == ["BAG", "OPT", "OPT"]
            _assert_legs_add_up(trade.fills)
            last_fill = max(i for i, event in enumerate(events) if event == "execDetails")
            first_fee = events.index("commission")
            assert events.index("Filled") < max(
                i for i, event in enumerate(events) if event == "commission"
            )
            assert events[first_fee - 1] in {"Submitted", "Filled"}
            assert events[last_fill + 1] == "Filled"
            held = {p.contract.localSymbol: p.position for p in client.positions()}
            assert held == {"QQQ   261123P00592000": 3.0, "QQQ   261123P00597000": -3.0}
            (done,) = await desk.answer(client.reqCompletedOrdersAsync(False))
            assert (done.order.orderRef, done.order.permId) == ("SIG-1-F-1", trade.order.permId)

    asyncio.run(story())


def test_closing_realizes_profit_per_leg_and_empties_the_account() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            opened = await work_ladder(desk, client, combo, 2, "OPEN")
            closed = client.placeOrder(combo, MarketOrder("SELL", 2, account="DU1", tif="DAY"))
            await desk.advance(5)
            assert closed.orderStatus.status == "Filled"
            realized = sum(
                f.commissionReport.realizedPNL for f in closed.fills if f.contract.secType == "OPT"
            )
            credit = -opened.orderStatus.avgFillPrice
            debit = -closed.orderStatus.avgFillPrice
            assert realized == pytest.approx(200 * (credit - debit) - 8 * 0.65, abs=0.01)
            assert client.positions() == []
            values = {v.tag: v.value for v in client.accountValues("DU1")}
            assert float(values["TotalCashValue"]) == pytest.approx(100_000 + realized, abs=0.01)
            rows = await desk.answer(client.reqExecutionsAsync(ExecutionFilter(side="BUY")))
            assert {row.execution.side for row in rows} == {"BOT"}

    asyncio.run(story())


def test_account_feeds_follow_a_fill() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            profit = client.reqPnL("DU1")
            single = client.reqPnLSingle("DU1", "", combo.comboLegs[0].conId)
            await desk.answer(client.accountSummaryAsync("DU1"))
            await work_ladder(desk, client, combo, 1, "FEED")
            assert profit.dailyPnL == pytest.approx(profit.unrealizedPnL)
            assert single.position == 1
            summary = {v.tag: v.value for v in await client.accountSummaryAsync("DU1")}
            assert float(summary["InitMarginReq"]) == 500
            assert len(client.portfolio()) == 2

    asyncio.run(story())


def test_a_second_client_sees_the_order_only_when_asking_for_all() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            first, second = await desk.connect(), await desk.connect(client_id=12)
            combo = await put_spread(desk, first)
            mine = first.placeOrder(combo, a_limit("BUY", 1, -3.0, "RESTING"))
            await desk.settle()
            assert await desk.answer(second.reqOpenOrdersAsync()) == []
            (seen,) = await desk.answer(second.reqAllOpenOrdersAsync())
            assert (seen.order.permId, seen.order.lmtPrice) == (mine.order.permId, -3.0)

    asyncio.run(story())


def test_a_reconnected_client_finds_its_order_and_may_change_it() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            client.placeOrder(combo, a_limit("BUY", 1, -3.0, "KEPT"))
            await desk.settle()
            await desk.disconnect(client)
            again = await desk.connect()
            (trade,) = again.openTrades()
            assert trade.order.orderRef == "KEPT"
            trade.order.lmtPrice = -0.01
            again.placeOrder(trade.contract, trade.order)
            await desk.settle()
            assert trade.orderStatus.status == "Filled"
            assert desk.codes() == []

    asyncio.run(story())


def test_an_exercised_option_becomes_stock_at_the_strike() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            option = Option("QQQ", EXPIRY, 590, "C", "SMART", currency="USD")
            await desk.answer(client.qualifyContractsAsync(option))
            client.placeOrder(option, MarketOrder("BUY", 1, account="DU1"))
            await desk.advance(2)
            client.exerciseOptions(option, 1, 1, "DU1", 0)
            await desk.settle()
            (stock,) = client.positions()
            assert (stock.contract.secType, stock.position, stock.avgCost) == ("STK", 100, 590)

    asyncio.run(story())


def test_a_combo_of_stock_and_option_is_priced_per_share() -> None:
    async def story() -> None:
        async with open_desk(a_config(logins=(a_login(cash="500000"),))) as desk:
            client = await desk.connect()
            stock = Stock("QQQ", "SMART", "USD")
            option = Option("QQQ", EXPIRY, 595, "P", "SMART", currency="USD")
            await desk.answer(client.qualifyContractsAsync(stock, option))
            combo = a_combo(stock.conId, option.conId)
            combo.comboLegs[0].ratio = 100
            combo.comboLegs[1].action = "BUY"
            trade = client.placeOrder(combo, MarketOrder("BUY", 1, account="DU1"))
            await desk.advance(2)
            legs = [f.execution for f in trade.fills if f.contract.secType != "BAG"]
            assert [(leg.shares, leg.side) for leg in legs] == [(100, "BOT"), (1, "BOT")]
            assert trade.orderStatus.avgFillPrice == pytest.approx(sum(leg.price for leg in legs))

    asyncio.run(story())


def _recorded(client: IB) -> list[str]:
    """Return a list that grows with the client's order events, in order."""
    events: list[str] = []
    client.execDetailsEvent += lambda *_: events.append("execDetails")
    client.commissionReportEvent += lambda *_: events.append("commission")
    client.orderStatusEvent += lambda trade: events.append(trade.orderStatus.status)
    return events


def _assert_legs_add_up(fills: list[Fill]) -> None:
    for start in range(0, len(fills), 3):
        combo, bought, sold = (fill.execution for fill in fills[start : start + 3])
        assert combo.price == pytest.approx(bought.price - sold.price)
        assert (bought.side, sold.side) == ("BOT", "SLD")
        assert combo.shares == bought.shares == sold.shares
        parts = [e.execId.split(".") for e in (combo, bought, sold)]
        assert len({part[2] for part in parts}) == 3
        assert len({tuple(part[:2]) for part in parts}) == 1
        for fill in fills[start + 1 : start + 3]:
            assert fill.commissionReport.commission == pytest.approx(0.65 * combo.shares)
