"""The steps of the walk, each a small story that ends in one line of words."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal

from tests.walkthrough.walk import (
    ACCOUNT,
    CLIENT_ID,
    CLOSE_AT,
    EXPIRY,
    FARM_NOTICES,
    LOGIN_ID,
    Walk,
)

Step = Callable[[Walk], Awaitable[str]]

_STRIKES = ((592.0, "P"), (597.0, "P"), (590.0, "C"))
LONG, SHORT = 592.0, 597.0
_WIDTH_USD = 500
_MORE_THAN_IS_SHOWN = 300


async def connect(walk: Walk) -> str:
    await walk.connect(walk.ib)
    assert walk.ib.isConnected()
    assert walk.ib.managedAccounts() == [ACCOUNT]
    await walk.answer(walk.ib.reqCurrentTimeAsync())
    return f"server version {walk.ib.client.serverVersion()}"


async def start_up_sync(walk: Walk) -> str:
    assert (walk.ib.positions(), walk.ib.openTrades(), walk.ib.fills()) == ([], [], [])
    assert {value.tag for value in walk.ib.accountValues()} >= {"NetLiquidation", "BuyingPower"}
    assert {code for _, code in walk.errors} == FARM_NOTICES
    return f"{len(walk.ib.accountValues())} account values, no order, no position"


async def chains(walk: Walk) -> str:
    stock = walk.library.Stock("QQQ", "SMART", "USD")
    await walk.answer(walk.ib.qualifyContractsAsync(stock))
    chain, *_ = await walk.answer(walk.ib.reqSecDefOptParamsAsync("QQQ", "", "STK", stock.conId))
    assert chain.expirations[0] == EXPIRY
    assert 600.0 in chain.strikes
    return f"{len(chain.expirations)} expiries, {len(chain.strikes)} strikes"


async def qualify(walk: Walk) -> str:
    walk.options = {(strike, right): walk.option(strike, right) for strike, right in _STRIKES}
    await walk.answer(walk.ib.qualifyContractsAsync(*walk.options.values()))
    for option in walk.options.values():
        assert option.conId > 0
        assert option.lastTradeDateOrContractMonth == EXPIRY
    return ", ".join(option.localSymbol for option in walk.options.values())


async def stream_legs_and_combo(walk: Walk) -> str:
    long, short = walk.options[LONG, "P"], walk.options[SHORT, "P"]
    combo = walk.put_spread(LONG, SHORT)
    bought, sold, both = (walk.ib.reqMktData(one) for one in (long, short, combo))
    await walk.until(lambda: not math.isnan(bought.bid + sold.ask + both.bid))
    assert math.isclose(both.bid, bought.bid - sold.ask, abs_tol=1e-9)
    assert math.isclose(both.ask, bought.ask - sold.bid, abs_tol=1e-9)
    assert sold.modelGreeks is not None
    assert -0.5 < (sold.modelGreeks.delta or 0.0) < 0
    for one in (long, short, combo):
        walk.ib.cancelMktData(one)
    return (
        f"combo {both.bid:.2f}/{both.ask:.2f}, delta of the short leg {sold.modelGreeks.delta:.2f}"
    )


async def what_if(walk: Walk) -> str:
    margins = await walk.answer(
        walk.ib.whatIfOrderAsync(walk.put_spread(LONG, SHORT), walk.limit(4, -0.9, "WHAT-IF"))
    )
    assert float(margins.initMarginChange) == 4 * _WIDTH_USD
    assert await walk.answer(walk.ib.reqAllOpenOrdersAsync()) == []
    return f"margin {margins.initMarginChange}, fee {margins.commission}"


async def ladder(walk: Walk) -> str:
    combo = walk.put_spread(LONG, SHORT)
    bid, ask = await walk.cents(combo)
    order = walk.limit(2, round(bid - 0.05, 2), "LADDER")
    trade = walk.ib.placeOrder(combo, order)
    rungs = 1
    while order.lmtPrice < ask - 1e-9 and trade.orderStatus.status != "Filled":
        await walk.settle()
        order.lmtPrice = round(order.lmtPrice + 0.01, 2)
        walk.ib.placeOrder(combo, order)
        rungs += 1
    await walk.until(lambda: trade.orderStatus.status == "Filled")
    assert len({one.order.permId for one in [trade]} - {0}) == 1
    return f"{rungs} prices, one order, filled at {trade.orderStatus.avgFillPrice:.2f}"


async def partial_fill(walk: Walk) -> str:
    combo = walk.put_spread(LONG, SHORT)
    _, ask = await walk.cents(combo)
    trade = walk.ib.placeOrder(combo, walk.limit(_MORE_THAN_IS_SHOWN, ask, "PARTIAL"))
    await walk.until(lambda: trade.orderStatus.filled > 0)
    first = trade.orderStatus.filled
    assert first < _MORE_THAN_IS_SHOWN
    walk.ib.cancelOrder(trade.order)
    await walk.until(lambda: trade.orderStatus.status in {"Cancelled", "Filled"})
    return f"{first:.0f} of {_MORE_THAN_IS_SHOWN} at once, the rest canceled"


async def executions(walk: Walk) -> str:
    fills = await walk.answer(walk.ib.reqExecutionsAsync())
    assert {fill.execution.orderRef for fill in fills} == {"LADDER", "PARTIAL"}
    by_type = dict.fromkeys(("BAG", "OPT"), 0.0)
    for fill in fills:
        by_type[fill.contract.secType] += fill.execution.shares
    assert by_type["OPT"] == 2 * by_type["BAG"]
    ids = [fill.execution.execId for fill in fills]
    assert len(set(ids)) == len(ids)
    return f"{len(fills)} rows, {by_type['BAG']:.0f} combos"


async def commissions(walk: Walk) -> str:
    legs = [fill for fill in walk.ib.fills() if fill.contract.secType == "OPT"]
    for fill in legs:
        report = fill.commissionReport
        assert report.execId == fill.execution.execId
        assert math.isclose(report.commission, 0.65 * fill.execution.shares, abs_tol=0.01)
    return f"{len(legs)} reports, {sum(f.commissionReport.commission for f in legs):.2f} USD"


async def positions(walk: Walk) -> str:
    held = {one.contract.conId: one.position for one in walk.ib.positions()}
    asked = await walk.answer(walk.ib.reqPositionsAsync())
    assert {one.contract.conId: one.position for one in asked} == held
    long, short = walk.options[LONG, "P"].conId, walk.options[SHORT, "P"].conId
    assert held[long] == -held[short] > 0
    return f"{held[long]:.0f} spreads"


async def account_values_and_summary(walk: Walk) -> str:
    summary = {one.tag: one.value for one in await walk.answer(walk.ib.accountSummaryAsync())}
    values = {one.tag: one.value for one in walk.ib.accountValues()}
    assert float(summary["NetLiquidation"]) > 0
    assert math.isclose(float(values["InitMarginReq"]), float(summary["InitMarginReq"]))
    return f"margin {summary['InitMarginReq']}, equity {summary['NetLiquidation']}"


async def profit_and_loss(walk: Walk) -> str:
    profit = walk.ib.reqPnL(ACCOUNT)
    await walk.until(lambda: not math.isnan(profit.unrealizedPnL))
    return f"unrealized {profit.unrealizedPnL:.2f}"


async def cancel(walk: Walk) -> str:
    trade = await walk.rest(walk.put_spread(LONG, SHORT), "CANCEL")
    walk.ib.cancelOrder(trade.order)
    await walk.until(lambda: trade.orderStatus.status == "Cancelled")
    assert walk.told(202)
    return "status Cancelled, then 202"


async def global_cancel(walk: Walk) -> str:
    combo = walk.put_spread(LONG, SHORT)
    trades = [await walk.rest(combo, f"GLOBAL-{n}") for n in range(3)]
    walk.ib.reqGlobalCancel()
    await walk.until(lambda: all(t.orderStatus.status == "Cancelled" for t in trades))
    assert await walk.answer(walk.ib.reqAllOpenOrdersAsync()) == []
    return f"{len(trades)} orders"


async def completed_orders(walk: Walk) -> str:
    done = await walk.answer(walk.ib.reqCompletedOrdersAsync(False))
    told = {trade.order.orderRef: trade.orderStatus.status for trade in done}
    assert (told["LADDER"], told["CANCEL"]) == ("Filled", "Cancelled")
    assert all(trade.order.permId > 0 for trade in done)
    return f"{len(done)} orders"


async def rejections(walk: Walk) -> str:
    combo, ib = walk.put_spread(LONG, SHORT), walk.ib
    filled = next(trade.order for trade in ib.trades() if trade.order.orderRef == "LADDER")
    done = next(trade.order for trade in ib.trades() if trade.order.orderRef == "CANCEL")
    asked: dict[int, Callable[[], object]] = {
        103: lambda: ib.client.placeOrder(done.orderId, combo, walk.limit(1, -3.0, "AGAIN")),
        104: lambda: ib.client.placeOrder(filled.orderId, combo, walk.limit(9, -3.0, "LADDER")),
        110: lambda: ib.placeOrder(combo, walk.limit(1, -3.005, "OFF-TICK")),
        161: lambda: ib.client.cancelOrder(done.orderId, ""),
        200: lambda: ib.placeOrder(walk.option(597.3), walk.limit(1, 1.0, "UNKNOWN")),
        201: lambda: ib.placeOrder(combo, walk.limit(50_000, -3.0, "TOO-BIG")),
        10147: lambda: ib.client.cancelOrder(999_999, ""),
        10148: lambda: ib.client.cancelOrder(filled.orderId, ""),
    }
    for code, ask in asked.items():
        ask()
        await walk.settle()
        assert walk.told(code), code
    assert await walk.answer(ib.reqAllOpenOrdersAsync()) == []
    return ", ".join(str(code) for code in asked)


async def client_id_in_use(walk: Walk) -> str:
    second = walk.new_client()
    try:
        await walk.connect(second, client_id=CLIENT_ID, give_up_seconds=1)
    except TimeoutError:
        assert walk.told(326)
        assert walk.ib.isConnected()
        return "326 and a bare time-out; the first client stays"
    raise AssertionError("a second client with the same id was let in")


async def second_client(walk: Walk) -> str:
    trade = await walk.rest(walk.put_spread(LONG, SHORT), "OTHERS")
    second = walk.new_client()
    await walk.connect(second, client_id=CLIENT_ID + 1)
    (seen,) = await walk.answer(second.reqAllOpenOrdersAsync())
    assert (seen.order.orderRef, seen.order.permId) == ("OTHERS", trade.order.permId)
    await walk.disconnect(second)
    return "sees the order of the first by asking for all"


async def drop_and_reconnect(walk: Walk) -> str:
    await walk.drop(walk.ib)
    assert not walk.ib.isConnected()
    await walk.connect(walk.ib)
    (trade,) = walk.ib.openTrades()
    assert trade.order.orderRef == "OTHERS"
    walk.ib.cancelOrder(trade.order)
    await walk.until(lambda: trade.orderStatus.status == "Cancelled")
    return "the order is found again and canceled"


async def link_lost_and_restored(walk: Walk) -> str:
    for code in (1100, 1102):
        walk.simulator.send_error(LOGIN_ID, -1, code, "Connectivity between IB and TWS")
        await walk.settle()
        assert walk.told(code)
        assert walk.ib.isConnected()
    await walk.answer(walk.ib.reqCurrentTimeAsync())
    return "1100 and 1102 arrive, the socket stays"


async def exercise(walk: Walk) -> str:
    call = walk.options[590.0, "C"]
    order = walk.library.MarketOrder("BUY", 1, account=ACCOUNT, orderRef="CALL", tif="DAY")
    trade = walk.ib.placeOrder(call, order)
    await walk.until(lambda: trade.orderStatus.status == "Filled")
    walk.ib.exerciseOptions(call, 1, 1, ACCOUNT, 0)
    await walk.until(lambda: walk.shares() == 100)
    return "one call became 100 shares"


async def assignment(walk: Walk) -> str:
    fills = len(walk.ib.fills())
    held = {one.contract.conId: one.position for one in walk.ib.positions()}
    assigned = -held[walk.options[SHORT, "P"].conId]
    await walk.run_to(CLOSE_AT - timedelta(seconds=1))
    walk.simulator.move_spot(
        Decimal(595)
    )  # between the strikes: only the short leg is in the money
    await walk.until(lambda: walk.options_held() == 0, tries=24, step_seconds=3600)
    assert walk.shares() == 100 + 100 * assigned
    assert len(walk.ib.fills()) == fills
    return f"{assigned:.0f} short puts became {100 * assigned:.0f} shares, without an execution"


STEPS: tuple[Step, ...] = (
    connect,
    start_up_sync,
    chains,
    qualify,
    stream_legs_and_combo,
    what_if,
    ladder,
    partial_fill,
    executions,
    commissions,
    positions,
    account_values_and_summary,
    profit_and_loss,
    cancel,
    global_cancel,
    completed_orders,
    rejections,
    client_id_in_use,
    second_client,
    drop_and_reconnect,
    link_lost_and_restored,
    exercise,
    assignment,
)
