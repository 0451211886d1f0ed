"""Corrected and busted executions, assignments, what-ifs and quotes that are none."""

import asyncio
import math
from decimal import Decimal

import pytest
from ib_insync import IB, Contract, OrderState, Stock, Ticker

from gateway.simulator.config import Json
from tests.gateway.simulator.conftest import Desk, put_spread
from tests.gateway.simulator.fault_desk import arm, filling, play, resting, send, shows, taped

_FAST = 0.3
"""Machine seconds after which a client that is not answered gives up."""


def stem(exec_id: str) -> str:
    return exec_id.rpartition(".")[0]


def cash(desk: Desk) -> Decimal:
    return desk.simulator.logins["desk"].accounts["DU1"].cash


def quantities(desk: Desk) -> dict[str, int]:
    account = desk.simulator.logins["desk"].accounts["DU1"]
    return {contract.local_symbol: held for contract, held in account.holdings()}


@shows("correction")
def test_an_execution_is_corrected_in_price() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "correction", {"price": "0.05", "seconds": 2})
        trade = await send(desk, client, combo, filling(quantity=1))
        paid = cash(desk)
        first = list(trade.fills)
        await desk.advance(3)
        corrected = trade.fills[len(first) :]
        assert len(corrected) == len(first) == 3
        for old, new in zip(first, corrected, strict=True):
            assert stem(old.execution.execId) == stem(new.execution.execId)
            assert new.execution.execId.endswith(".02")
            assert new.execution.shares == old.execution.shares
        net = [f.execution.price for f in (first[0], corrected[0])]
        assert net[1] - net[0] == pytest.approx(0.05)
        assert paid - cash(desk) == Decimal("5.00")
        assert trade.orderStatus.avgFillPrice == pytest.approx(net[1])

    play(story)


@shows("correction")
def test_an_execution_is_corrected_in_quantity_with_its_fee() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "correction", {"price": "0", "fewer": 1, "seconds": 0})
        trade = await send(desk, client, combo, filling(quantity=3))
        assert sorted(quantities(desk).values()) == [-2, 2]
        corrected = [f for f in trade.fills if f.execution.execId.endswith(".02")]
        assert [f.execution.shares for f in corrected] == [2, 2, 2]
        assert [f.commissionReport.commission for f in corrected[1:]] == [1.3, 1.3]

    play(story)


@shows("busted-fill")
def test_a_busted_fill_leaves_the_account_as_it_was() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        before = cash(desk)
        arm(desk, "busted-fill", {"seconds": 2})
        trade = await send(desk, client, combo, filling(quantity=2))
        assert len(client.positions()) == 2
        await desk.advance(3)
        assert [f.execution.shares for f in trade.fills] == [2, 2, 2, 0, 0, 0]
        assert client.positions() == []
        assert cash(desk) == before
        assert desk.simulator.logins["desk"].accounts["DU1"].realized == 0

    play(story)


@shows("assignment")
def test_short_options_are_assigned_without_a_word() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        await send(desk, client, combo, filling(quantity=3))
        executions = len(await desk.answer(client.reqExecutionsAsync()))
        arm(desk, "assignment", {"quantity": 2})
        await desk.settle()
        positions = {(p.contract.secType, p.position) for p in client.positions()}
        assert positions == {("OPT", 3.0), ("OPT", -1.0), ("STK", 200.0)}
        assert len(await desk.answer(client.reqExecutionsAsync())) == executions
        assert desk.codes() == []

    play(story)


async def what_if(desk: Desk, client: IB, combo: Contract) -> OrderState:
    return await desk.answer(client.whatIfOrderAsync(combo, resting()))


@shows("what-if-twice")
def test_a_preliminary_answer_to_a_what_if_has_no_margins() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "what-if-twice")
        with taped() as tape:
            state = await what_if(desk, client, combo)
            await desk.settle()
        assert len(tape.kinds("openOrder")) == 2
        assert state.initMarginChange == "1.7976931348623157E308"
        assert state.warningText
        assert (await what_if(desk, client, combo)).initMarginChange == "1000.00"

    play(story)


@shows("what-if-refused")
def test_a_what_if_is_refused() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "what-if-refused")
        refused: object = await desk.answer(client.whatIfOrderAsync(combo, resting()))
        assert refused == []
        assert desk.codes() == [201]

    play(story)


@shows("what-if-values")
@pytest.mark.parametrize("value", ["NaN", "-1", "1.7976931348623157E308"])
def test_a_what_if_answers_figures_that_are_none(value: str) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "what-if-values", {"value": value})
        state = await what_if(desk, client, combo)
        assert state.initMarginChange == state.equityWithLoanAfter == value

    play(story)


@shows("what-if-silent")
def test_a_what_if_is_never_answered() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "what-if-silent")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.whatIfOrderAsync(combo, resting()), _FAST)
        assert (await what_if(desk, client, combo)).initMarginChange == "1000.00"

    play(story)


async def streams(desk: Desk, client: IB, combo: Contract) -> tuple[Ticker, Ticker, Ticker]:
    """Return the streams of the combo, of its first leg and of the underlying."""
    leg = Contract(conId=combo.comboLegs[0].conId, secType="OPT", exchange="SMART")
    stock = Stock("QQQ", "SMART", "USD")
    await desk.answer(client.qualifyContractsAsync(leg, stock))
    tickers = [client.reqMktData(contract) for contract in (combo, leg, stock)]
    await desk.advance(1)
    return tickers[0], tickers[1], tickers[2]


def is_good(ticker: Ticker) -> bool:
    return ticker.bidSize > 0 and -1 < ticker.bid < 1e300


@shows("quote-minus-one", "quote-no-data", "quote-nan", "quote-unset")
@pytest.mark.parametrize("of", ["combo", "leg"])
@pytest.mark.parametrize(
    ("name", "bid", "has_size"),
    [
        ("quote-minus-one", -1.0, True),
        ("quote-no-data", -1.0, False),
        ("quote-nan", math.nan, True),
        ("quote-unset", 1.7976931348623157e308, True),
    ],
)
def test_a_quote_is_none(of: str, name: str, bid: float, has_size: bool) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        bag, leg, stock = await streams(desk, client, combo)
        spoiled, whole = (bag, leg) if of == "combo" else (leg, bag)
        arm(desk, name, {"of": of, "side": "bid", "seconds": 5})
        await desk.advance(2)
        assert spoiled.bid == bid or (math.isnan(bid) and math.isnan(spoiled.bid))
        assert (spoiled.bidSize > 0) == has_size
        assert spoiled.ask not in {-1.0, bid}
        assert is_good(whole)
        assert is_good(stock)
        await desk.advance(4)
        assert is_good(spoiled)

    play(story)


@shows("quote-minus-one")
def test_a_combo_quote_of_minus_one_with_a_size_is_no_quote_to_the_client() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "quote-minus-one", {"of": "combo"})
        (ticker,) = await desk.answer(client.reqTickersAsync(combo))
        assert (ticker.bid, ticker.ask) == (-1.0, -1.0)
        assert ticker.bidSize > 0
        assert not ticker.hasBidAsk()

    play(story)


@shows("quote-crossed")
def test_a_quote_is_crossed() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        bag, leg, _ = await streams(desk, client, combo)
        arm(desk, "quote-crossed", {"of": "leg", "seconds": 5})
        await desk.settle()
        assert leg.bid > leg.ask
        assert bag.bid < bag.ask
        await desk.advance(6)
        assert leg.bid < leg.ask

    play(story)


@shows("quotes-stop")
def test_quotes_stop_without_a_word() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        bag, leg, stock = await streams(desk, client, combo)
        arm(desk, "quotes-stop", {"of": "leg", "seconds": 20})
        told = leg.bidSize, leg.askSize
        others = bag.bidSize, stock.bidSize
        await desk.advance(15)
        assert (leg.bidSize, leg.askSize) == told
        assert (bag.bidSize, stock.bidSize) != others
        await desk.advance(6)
        assert (leg.bidSize, leg.askSize) != told
        assert desk.codes() == []

    play(story)


@shows("354-on-quotes", "10197-on-quotes")
@pytest.mark.parametrize("code", [354, 10197])
def test_market_data_is_taken_away(code: int) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        bag, *_ = await streams(desk, client, combo)
        parameters: dict[str, Json] = {"seconds": 30}
        arm(desk, f"{code}-on-quotes", parameters)
        await desk.settle()
        assert desk.codes() == [code] * 3
        told = bag.bidSize, bag.askSize
        await desk.advance(15)
        assert (bag.bidSize, bag.askSize) == told
        client.reqMktData(Contract(conId=combo.comboLegs[1].conId, exchange="SMART"))
        await desk.settle()
        assert desk.codes() == [code] * 4
        await desk.advance(16)
        assert (bag.bidSize, bag.askSize) != told

    play(story)


@shows("10167-on-quotes")
def test_live_quotes_become_delayed_ones() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        bag, *_ = await streams(desk, client, combo)
        assert bag.marketDataType == 1
        arm(desk, "10167-on-quotes", {"of": "combo", "seconds": 10})
        await desk.settle()
        assert desk.codes() == [10167]
        assert bag.marketDataType == 3
        again = client.reqMktData(await put_spread(desk, client))
        await desk.settle()
        assert again.marketDataType == 3
        await desk.advance(11)
        assert bag.marketDataType == 1

    play(story)
