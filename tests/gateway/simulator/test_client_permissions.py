"""Which client may see and change which order: owners, the master, client 0, orders by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from ib_insync import IB, Contract, Trade

from gateway.simulator.broker_actions import ManualLeg, ManualOrder
from tests.gateway.simulator.conftest import (
    Desk,
    a_config,
    a_limit,
    a_login,
    cancel,
    is_done,
    new_client,
    open_desk,
    put_spread,
    resend,
    send_fields,
)

MASTER_ID = 99
LONG, SHORT = "QQQ   261123P00592000", "QQQ   261123P00597000"

Story = Callable[[Desk], Awaitable[None]]


def play(story: Story) -> None:
    async def run() -> None:
        login = replace(a_login(), master_client_id=MASTER_ID)
        async with open_desk(a_config(logins=(login,))) as desk:
            await story(desk)

    asyncio.run(run())


def by_hand(limit: str | None, action: str = "BUY") -> ManualOrder:
    return ManualOrder(
        account_id="DU1",
        legs=(ManualLeg(contract=LONG, action="BUY"), ManualLeg(contract=SHORT, action="SELL")),
        action=action,
        quantity=1,
        limit=None if limit is None else Decimal(limit),
    )


async def resting(desk: Desk, client: IB) -> tuple[Contract, Trade]:
    combo = await put_spread(desk, client)
    trade = client.placeOrder(combo, a_limit("BUY", 1, -3.0, "RESTING"))
    await desk.settle()
    return combo, trade


def only_trade(client: IB) -> Trade:
    (trade,) = client.trades()
    return trade


def test_the_master_client_sees_orders_fills_and_fees_of_every_client() -> None:
    async def story(desk: Desk) -> None:
        master = await desk.connect(client_id=MASTER_ID)
        client = await desk.connect()
        combo, trade = await resting(desk, client)
        seen = only_trade(master)
        assert (seen.order.permId, seen.order.clientId) == (trade.order.permId, 11)
        trade.order.lmtPrice = -0.01
        client.placeOrder(combo, trade.order)
        await desk.settle()
        assert seen.orderStatus.status == "Filled"
        assert len(seen.fills) == 3
        fees = [f.commissionReport.commission for f in seen.fills if f.commissionReport.execId]
        assert fees == [0.65, 0.65]
        # Errors go to the client that placed the order alone.
        assert desk.codes() == []

    play(story)


def test_the_master_client_may_not_cancel_what_it_sees() -> None:
    async def story(desk: Desk) -> None:
        master, client = await desk.connect(client_id=MASTER_ID), await desk.connect()
        _, trade = await resting(desk, client)
        cancel(master, trade.order.orderId)
        await desk.settle()
        assert desk.codes() == [10147]
        assert not is_done(trade)

    play(story)


def test_the_same_order_id_of_another_client_is_another_order() -> None:
    async def story(desk: Desk) -> None:
        client, other = await desk.connect(), await desk.connect(client_id=12)
        combo, trade = await resting(desk, client)
        resend(other, trade.order.orderId, combo, a_limit("BUY", 1, -2.0, "OTHER"))
        await desk.settle()
        found = await desk.answer(client.reqAllOpenOrdersAsync())
        told = {(one.order.clientId, one.order.orderRef, one.order.lmtPrice) for one in found}
        assert told == {(11, "RESTING", -3.0), (12, "OTHER", -2.0)}

    play(story)


def test_open_orders_are_those_of_the_asking_client() -> None:
    async def story(desk: Desk) -> None:
        client, other = await desk.connect(), await desk.connect(client_id=12)
        await resting(desk, client)
        assert await desk.answer(other.reqOpenOrdersAsync()) == []
        assert len(await desk.answer(client.reqOpenOrdersAsync())) == 1

    play(story)


def test_an_order_by_hand_is_nobodys_until_client_0_binds_it() -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        perm_id = desk.simulator.actions.place(by_hand("-3.00"))
        await desk.settle()
        assert client.trades() == []
        (seen,) = await desk.answer(client.reqAllOpenOrdersAsync())
        assert (seen.order.permId, seen.order.orderId, seen.order.clientId) == (perm_id, 0, 0)
        cancel(client, 0)
        await desk.settle()
        assert desk.codes() == [10147]
        # ib_insync asks to bind as soon as client 0 connects.
        default = await desk.connect(client_id=0)
        bound = only_trade(default)
        assert bound.order.orderId < 0
        cancel(default, bound.order.orderId)
        await desk.settle()
        assert bound.orderStatus.status == "Cancelled"

    play(story)


def test_client_0_is_told_of_orders_by_hand_from_then_on_and_may_change_them() -> None:
    async def story(desk: Desk) -> None:
        default, client = await desk.connect(client_id=0), await desk.connect()
        desk.simulator.actions.place(by_hand("-3.00"))
        await desk.settle()
        trade = only_trade(default)
        trade.order.lmtPrice = -0.01
        resend(default, trade.order.orderId, trade.contract, trade.order)
        await desk.settle()
        assert trade.orderStatus.status == "Filled"
        assert len(trade.fills) == 3
        assert client.fills() == []

    play(story)


def test_executions_by_hand_are_found_by_every_client_and_moved_its_positions() -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        desk.simulator.actions.place(by_hand(None))
        await desk.settle()
        rows = await desk.answer(client.reqExecutionsAsync())
        assert [row.execution.orderRef for row in rows] == ["", "", ""]
        # The library turns the unset order id of the Gateway into 0.
        assert {(row.execution.clientId, row.execution.orderId) for row in rows} == {(0, 0)}
        assert sorted(position.position for position in client.positions()) == [-1, 1]

    play(story)


def test_327_only_client_0_binds_orders_by_hand() -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        send_fields(client, 15, 1, 1)
        await desk.settle()
        assert desk.codes() == [327]

    play(story)


def test_an_order_by_hand_is_checked_like_any_other() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(ValueError, match=r"^110: "):
            desk.simulator.actions.place(by_hand("-1.005"))
        with pytest.raises(ValueError, match="no contract is named"):
            desk.simulator.actions.place(
                replace(by_hand("-1.00"), legs=(ManualLeg(contract="AAPL", action="BUY"),))
            )
        with pytest.raises(KeyError):
            desk.simulator.actions.place(replace(by_hand("-1.00"), account_id="DU9"))

    play(story)


def test_a_login_takes_thirty_two_clients() -> None:
    async def story(desk: Desk) -> None:
        for client_id in range(1, 33):
            await desk.connect(client_id=client_id)
        late = new_client()
        seen: list[int] = []
        late.errorEvent += lambda _, code, *__: seen.append(code)
        with pytest.raises((ConnectionError, TimeoutError)):
            await late.connectAsync(
                "127.0.0.1", desk.simulator.ports["desk"], clientId=33, timeout=0.2
            )
        await desk.settle()
        assert seen == [326]

    play(story)


def test_order_ids_count_per_client() -> None:
    async def story(desk: Desk) -> None:
        client, other = await desk.connect(), await desk.connect(client_id=12)
        _, trade = await resting(desk, client)
        used = trade.order.orderId
        assert desk.simulator.logins["desk"].book.next_valid_id(11) == used + 1
        assert desk.simulator.logins["desk"].book.next_valid_id(12) == 1
        assert other.isConnected()

    play(story)
