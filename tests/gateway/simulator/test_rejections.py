"""Every refusal has IBKR's code, and an unmodified client sees it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from ib_insync import (
    IB,
    Contract,
    LimitOrder,
    MarketOrder,
    Option,
    Order,
    OrderState,
    StopOrder,
    Trade,
)

from tests.gateway.simulator.conftest import (
    EXPIRY,
    Desk,
    a_config,
    a_limit,
    a_login,
    cancel,
    cancel_everything,
    new_client,
    open_desk,
    put_spread,
    resend,
    send_fields,
)

Story = Callable[[Desk, IB, Contract], Awaitable[None]]


def play(story: Story, cash: str = "100000") -> None:
    """Run a story on a desk with one client and a vertical."""

    async def run() -> None:
        async with open_desk(a_config(logins=(a_login(cash=cash),))) as desk:
            client = await desk.connect()
            await story(desk, client, await put_spread(desk, client))

    asyncio.run(run())


async def send(desk: Desk, client: IB, combo: Contract, order: Order) -> Trade:
    trade = client.placeOrder(combo, order)
    await desk.settle()
    return trade


def test_103_an_order_id_is_used_once() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        order = a_limit("BUY", 1, -3.0)
        trade = await send(desk, client, combo, order)
        client.cancelOrder(order)
        await desk.settle()
        assert trade.orderStatus.status == "Cancelled"
        resend(client, order.orderId, combo, order)
        low = a_limit("BUY", 1, -3.0)
        resend(client, order.orderId - 1, combo, low)
        await desk.settle()
        assert desk.codes() == [202, 103, 103]

    play(story)


def test_104_a_filled_order_cannot_be_modified() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 1, -0.01))
        assert trade.orderStatus.status == "Filled"
        resend(client, trade.order.orderId, combo, a_limit("BUY", 1, -0.02))
        await desk.settle()
        assert desk.codes() == [104]

    play(story)


@pytest.mark.parametrize("change", ["side", "legs", "reference", "time in force", "type"])
def test_105_a_modification_changes_price_and_quantity_only(change: str) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 1, -3.0, "A"))
        order = a_limit("BUY", 1, -2.9, "A")
        if change == "side":
            order = a_limit("SELL", 1, -2.9, "A")
        if change == "legs":
            combo = await put_spread(desk, client, long=590.0)
        if change == "reference":
            order.orderRef = "B"
        if change == "time in force":
            order.tif = "GTC"
        if change == "type":
            order.orderType = "MKT"
        resend(client, trade.order.orderId, combo, order)
        await desk.settle()
        assert desk.codes() == [105]
        (kept,) = await desk.answer(client.reqAllOpenOrdersAsync())
        assert kept.order.lmtPrice == -3.0

    play(story)


def test_110_a_price_off_the_tick_is_refused_and_a_live_order_keeps_its_price() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        new = await send(desk, client, combo, a_limit("BUY", 1, -1.005))
        assert new.orderStatus.status == "PendingSubmit"
        live = await send(desk, client, combo, a_limit("BUY", 1, -3.0))
        live.order.lmtPrice = -2.995
        await send(desk, client, combo, live.order)
        assert desk.codes() == [110, 110]
        (kept,) = await desk.answer(client.reqAllOpenOrdersAsync())
        assert client.openTrades()[-1].orderStatus.status == "Submitted"
        assert kept.order.orderId == live.order.orderId

    play(story)


def test_161_10147_and_10148_tell_why_a_cancel_fails() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        filled = await send(desk, client, combo, a_limit("BUY", 1, -0.01))
        cancelled = await send(desk, client, combo, a_limit("BUY", 1, -3.0))
        for order_id in (cancelled.order.orderId, cancelled.order.orderId, 9999):
            cancel(client, order_id)
        cancel(client, filled.order.orderId)
        await desk.settle()
        assert desk.codes() == [202, 161, 10147, 10148]

    play(story)


def test_200_an_unknown_contract_is_not_found() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        off_grid = Option("QQQ", EXPIRY, 595.25, "P", "SMART", currency="USD")
        weekend = Option("QQQ", "20261128", 595, "P", "SMART", currency="USD")
        other = Option("AAPL", EXPIRY, 200, "P", "SMART", currency="USD")
        for option in (off_grid, weekend, other):
            assert await desk.answer(client.reqContractDetailsAsync(option)) == []
        client.reqMktData(off_grid)
        await send(desk, client, off_grid, LimitOrder("BUY", 1, 1.0, account="DU1"))
        combo.comboLegs[0].conId = 123
        await send(desk, client, combo, a_limit("BUY", 1, -1.0))
        expired = Option("QQQ", "20261120", 595, "P", "SMART", currency="USD")
        await send(desk, client, expired, LimitOrder("BUY", 1, 1.0, account="DU1"))
        assert desk.codes() == [200] * 7

    play(story)


def test_201_an_order_beyond_the_margin_is_rejected_in_ibkrs_words() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 20, -0.7))
        assert trade.orderStatus.status == "Cancelled"
        ((_, code, text),) = [error for error in desk.errors if error[1] == 201]
        assert code == 201
        assert "YOUR EQUITY WITH LOAN VALUE [6374.00 USD] MUST EXCEED" in text
        assert "INITIAL MARGIN [10000.00 USD]" in text
        assert await desk.answer(client.reqAllOpenOrdersAsync()) == []

    play(story, cash="5000")


def test_closing_is_not_refused_for_margin() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        opened = await send(desk, client, combo, MarketOrder("BUY", 8, account="DU1"))
        await desk.advance(5)
        assert opened.orderStatus.status == "Filled"
        closed = await send(desk, client, combo, a_limit("SELL", 8, -4.9))
        await desk.advance(5)
        assert closed.orderStatus.status == "Filled"
        assert desk.codes() == []

    play(story, cash="4000")


def test_202_follows_a_cancel_and_a_global_cancel_reaches_every_client() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 1, -3.0))
        other = await desk.connect(client_id=12)
        cancel_everything(other)
        await desk.settle()
        assert trade.orderStatus.status == "Cancelled"
        assert desk.codes() == [202]

    play(story)


def test_10147_an_order_of_another_client_is_not_found() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 1, -3.0))
        other = await desk.connect(client_id=12)
        cancel(other, trade.order.orderId)
        await desk.settle()
        assert desk.codes() == [10147]
        assert trade.orderStatus.status == "Submitted"

    play(story)


def test_321_names_an_account_of_another_login() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        await send(desk, client, combo, a_limit("BUY", 1, -1.0, account="DU9"))
        assert desk.codes() == [321]

    play(story)


def test_321_answers_contract_details_and_orders_of_a_combo_without_legs() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        assert await desk.answer(client.reqContractDetailsAsync(combo)) == []
        combo.comboLegs = []
        await send(desk, client, combo, a_limit("BUY", 1, -1.0))
        assert desk.codes() == [321, 321]

    play(story)


@pytest.mark.parametrize(
    ("field", "value"),
    [("totalQuantity", 0), ("totalQuantity", 1.5), ("tif", "FOK"), ("action", "HOLD")],
)
def test_321_an_order_must_make_sense(field: str, value: float | str) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        order = a_limit("BUY", 1, -1.0)
        setattr(order, field, value)
        await send(desk, client, combo, order)
        assert desk.codes() == [321]

    play(story)


def test_322_exercise_needs_the_position() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        option = Contract(conId=combo.comboLegs[0].conId, exchange="SMART")
        await desk.answer(client.qualifyContractsAsync(option))
        client.exerciseOptions(option, 1, 1, "DU1", 0)
        await desk.settle()
        assert desk.codes() == [322]

    play(story)


def test_326_a_client_id_connects_once() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        rival = new_client()
        seen: list[int] = []
        rival.errorEvent += lambda _, code, *__: seen.append(code)
        port = desk.simulator.ports["desk"]
        with pytest.raises((ConnectionError, TimeoutError)):
            await rival.connectAsync("127.0.0.1", port, clientId=11, timeout=0.2)
        await desk.settle()
        assert seen == [326]
        assert client.isConnected()

    play(story)


def test_387_other_order_types_are_not_supported() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        await send(desk, client, combo, StopOrder("BUY", 1, -1.0, account="DU1"))
        assert desk.codes() == [387]

    play(story)


def test_505_an_unknown_message_does_not_end_the_connection() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        send_fields(client, 777, 1)
        send_fields(client, 3, "not a number")
        await desk.settle()
        assert desk.codes() == [505, 320]
        assert (await desk.answer(client.reqCurrentTimeAsync())) == desk.clock.now()

    play(story)


def test_a_rejected_what_if_answers_with_nothing() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        answer = await desk.answer(client.whatIfOrderAsync(combo, a_limit("BUY", 1, -1.005)))
        assert not isinstance(answer, OrderState)
        assert desk.codes() == [110]

    play(story)


def test_a_modified_quantity_cannot_fall_below_what_filled() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 300, -0.01))
        filled = int(trade.orderStatus.filled)
        assert 1 < filled < 300
        too_few, enough = a_limit("BUY", filled - 1, -0.01), a_limit("BUY", filled, -0.01)
        resend(client, trade.order.orderId, combo, too_few)
        resend(client, trade.order.orderId, combo, enough)
        await desk.settle()
        assert desk.codes() == [105]
        assert await desk.answer(client.reqAllOpenOrdersAsync()) == []

    play(story, cash="1000000")
