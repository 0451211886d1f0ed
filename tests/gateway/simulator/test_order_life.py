"""The phases of an order from its acceptance to its end, as the client sees them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from ib_insync import IB, Contract, Option, Order, Stock, Trade

from gateway.simulator.clients import ApiClient
from gateway.simulator.config import SimulatorConfig
from gateway.simulator.frames import Field
from tests.gateway.simulator.conftest import (
    CLOSE_AT,
    EXPIRY,
    OPEN_AT,
    Desk,
    a_combo,
    a_config,
    a_limit,
    a_login,
    cancel,
    is_done,
    open_desk,
    put_spread,
    resend,
    send_fields,
)

Story = Callable[[Desk, IB, Contract], Awaitable[None]]


def play(story: Story, config: SimulatorConfig | None = None) -> None:
    async def run() -> None:
        async with open_desk(config) as desk:
            client = await desk.connect()
            await story(desk, client, await put_spread(desk, client))

    asyncio.run(run())


def statuses(trade: Trade) -> list[str]:
    """Return the statuses in order, without repeats and fills."""
    told = [entry.status for entry in trade.log if not entry.message.startswith("Fill")]
    return [status for n, status in enumerate(told) if n == 0 or told[n - 1] != status]


async def send(desk: Desk, client: IB, combo: Contract, order: Order) -> Trade:
    trade = client.placeOrder(combo, order)
    await desk.settle()
    return trade


def test_a_new_order_is_pending_then_presubmitted_then_submitted() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 1, -3.0))
        assert statuses(trade) == ["PendingSubmit", "PreSubmitted", "Submitted"]

    play(story)


def test_a_status_is_repeated_as_the_gateway_does() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        sent: list[list[Field]] = []
        login = desk.simulator.logins["desk"]
        login.clients[11] = ApiClient(11, 176, sent.extend)
        await send(desk, client, combo, a_limit("BUY", 1, -3.0))
        told = [fields[2] for fields in sent if fields[0] == 3]
        assert told == ["PendingSubmit", "PreSubmitted", "Submitted", "Submitted"]
        assert [fields[0] for fields in sent if fields[0] == 5] == [5, 5]

    play(story)


def test_a_modification_is_acknowledged_by_a_repeated_status() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 1, -3.0))
        trade.order.lmtPrice = -2.9
        client.placeOrder(combo, trade.order)
        await desk.settle()
        assert trade.log[-1].message == "Modified"
        assert trade.order.lmtPrice == -2.9

    play(story)


def test_a_cancel_is_pending_before_it_is_done() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 1, -3.0))
        cancel(client, trade.order.orderId)
        await desk.settle()
        assert statuses(trade)[-3:] == ["Submitted", "PendingCancel", "Cancelled"]
        (done,) = await desk.answer(client.reqCompletedOrdersAsync(False))
        assert done.orderStatus.status == "Cancelled"

    play(story)


def test_a_dated_order_ends_without_a_cancel_code_and_its_part_fill_stays() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        order = a_limit("BUY", 900, -0.01, "PART")
        order.tif, order.goodTillDate = "GTD", "20261123-14:30:05"
        trade = await send(desk, client, combo, order)
        filled = trade.orderStatus.filled
        assert 0 < filled < 900
        await desk.advance(3)
        assert trade.orderStatus.status == "Cancelled"
        assert filled <= trade.orderStatus.filled < 900
        assert desk.codes() == []
        await desk.advance(5)
        held = {position.position for position in client.positions()}
        assert held == {trade.orderStatus.filled, -trade.orderStatus.filled}

    play(story, a_config(logins=(a_login(cash="9000000"),)))


def test_an_order_for_the_next_session_is_not_worked_in_this_one() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        await desk.jump(CLOSE_AT + timedelta(minutes=15))
        later = Option("QQQ", "20261125", 600, "C", "SMART", currency="USD")
        await desk.answer(client.qualifyContractsAsync(later))
        trade = client.placeOrder(later, a_limit("BUY", 1, 9.0))
        await desk.jump(CLOSE_AT + timedelta(hours=6))
        assert trade.orderStatus.status == "PreSubmitted"
        assert not is_done(trade)

    play(story)


@pytest.mark.parametrize(("action", "limit"), [("BUY", 5.5), ("SELL", -6.5)])
def test_202_a_limit_far_through_the_market_is_cancelled_at_once(action: str, limit: float) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit(action, 1, limit))
        assert (trade.orderStatus.status, trade.orderStatus.filled) == ("Cancelled", 0)
        ((_, code, text),) = [error for error in desk.errors if error[1] == 202]
        assert (code, "too far" in text) == (202, True)

    play(story)


def test_202_ends_an_order_that_is_moved_far_through_the_market() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 1, -3.0))
        trade.order.lmtPrice = 6.0
        await send(desk, client, combo, trade.order)
        assert (trade.orderStatus.status, trade.orderStatus.filled) == ("Cancelled", 0)

    play(story)


@pytest.mark.parametrize(("action", "limit"), [("BUY", -5.0), ("BUY", -5.2), ("SELL", 0.0)])
def test_201_a_combination_without_risk_is_not_allowed(action: str, limit: float) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        await send(desk, client, combo, a_limit(action, 1, limit))
        ((_, code, text),) = [error for error in desk.errors if error[1] == 201]
        assert (code, "Riskless combination" in text) == (201, True)
        assert await desk.answer(client.reqAllOpenOrdersAsync()) == []

    play(story)


def test_a_combination_with_a_cent_of_risk_is_allowed() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 1, -4.99))
        assert trade.orderStatus.status == "Submitted"
        calls = [
            Option("QQQ", EXPIRY, strike, "C", "SMART", currency="USD") for strike in (605, 600)
        ]
        await desk.answer(client.qualifyContractsAsync(*calls))
        bear = a_combo(calls[0].conId, calls[1].conId)
        bear_trade = await send(desk, client, bear, a_limit("BUY", 1, -4.99))
        assert bear_trade.orderStatus.status == "Submitted"
        naked = a_combo(calls[0].conId, calls[1].conId)
        naked.comboLegs[1].ratio = 2
        naked_trade = await send(desk, client, naked, a_limit("BUY", 1, -5.0))
        assert naked_trade.orderStatus.status == "Submitted"
        assert desk.codes() == []

    play(story)


def test_201_a_modification_beyond_the_margin_is_refused_and_the_order_stays() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        trade = await send(desk, client, combo, a_limit("BUY", 8, -3.0, "MORE"))
        resend(client, trade.order.orderId, combo, a_limit("BUY", 40, -3.0, "MORE"))
        await desk.settle()
        assert desk.codes() == [201]
        # The library believes the order to be dead; the broker works it as it was.
        assert is_done(trade)
        (kept,) = await desk.answer(client.reqAllOpenOrdersAsync())
        assert (kept.order.orderRef, kept.order.totalQuantity) == ("MORE", 8)

    play(story, a_config(logins=(a_login(cash="5000"),)))


def test_201_twenty_orders_of_one_side_are_the_most_in_a_contract() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        for number in range(21):
            await send(desk, client, combo, a_limit("BUY", 1, -4.5, f"R{number}"))
        await send(desk, client, combo, a_limit("SELL", 1, -0.01, "OTHER-SIDE"))
        assert desk.codes() == [201]
        assert len(await desk.answer(client.reqAllOpenOrdersAsync())) == 21

    play(story)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ocaGroup", "G"),
        ("parentId", 3),
        ("goodAfterTime", "20261123 12:00:00"),
        ("faGroup", "All"),
        ("algoStrategy", "Adaptive"),
    ],
)
def test_321_what_is_not_simulated_is_refused_instead_of_ignored(
    field: str, value: str | int
) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        order = a_limit("BUY", 1, -3.0)
        setattr(order, field, value)
        await send(desk, client, combo, order)
        assert desk.codes() == [321]

    play(story)


def test_shares_trade_before_the_open_if_the_order_says_so() -> None:
    async def story() -> None:
        async with open_desk(at=OPEN_AT - timedelta(hours=1)) as desk:
            client = await desk.connect()
            stock = Stock("QQQ", "SMART", "USD")
            await desk.answer(client.qualifyContractsAsync(stock))
            (ticker,) = await desk.answer(client.reqTickersAsync(stock))
            early = a_limit("BUY", 10, ticker.ask, "EARLY")
            early.outsideRth = True
            regular = a_limit("BUY", 10, ticker.ask + 1, "REGULAR")
            early_trade = client.placeOrder(stock, early)
            regular_trade = client.placeOrder(stock, regular)
            await desk.advance(5)
            assert early_trade.orderStatus.status == "Filled"
            assert regular_trade.orderStatus.status == "PreSubmitted"
            await desk.jump(OPEN_AT + timedelta(seconds=3))
            assert regular_trade.orderStatus.status == "Filled"

    asyncio.run(story())


def test_an_advisor_names_a_clients_account_in_every_order() -> None:
    async def story() -> None:
        login = a_login("desk", "DU1", "DU2", advisor_account="DF1")
        async with open_desk(a_config(logins=(login,))) as desk:
            client = await desk.connect()
            assert client.managedAccounts() == ["DF1", "DU1", "DU2"]
            combo = await put_spread(desk, client)
            for name in ("", "DF1"):
                await send(desk, client, combo, a_limit("BUY", 1, -3.0, account=name))
            assert desk.codes() == [436, 436]
            trade = await send(desk, client, combo, a_limit("BUY", 1, -0.01, account="DU2"))
            assert trade.orderStatus.status == "Filled"
            assert {position.account for position in client.positions()} == {"DU2"}
            values = {(v.account, v.tag): v.value for v in client.accountValues()}
            assert values["DF1", "TotalCashValue"] == "0.00"

    asyncio.run(story())


def test_435_a_login_of_two_accounts_must_say_which() -> None:
    async def story() -> None:
        async with open_desk(a_config(logins=(a_login("desk", "DU1", "DU2"),))) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            await send(desk, client, combo, a_limit("BUY", 1, -3.0, account=""))
            assert desk.codes() == [435]
            send_fields(client, 6, 2, 1, "")
            send_fields(client, 62, 1, 900, "Family", "NetLiquidation")
            await desk.settle()
            assert desk.codes() == [435, 321, 321]

    asyncio.run(story())


def test_a_day_order_given_before_the_open_ends_the_same_day() -> None:
    async def story() -> None:
        async with open_desk(at=OPEN_AT - timedelta(minutes=5)) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            trade = client.placeOrder(combo, a_limit("BUY", 1, -4.5))
            await desk.settle()
            desk.clock.move_to(CLOSE_AT + timedelta(minutes=15))
            await desk.settle()
            assert trade.orderStatus.status == "Cancelled"

    asyncio.run(story())
