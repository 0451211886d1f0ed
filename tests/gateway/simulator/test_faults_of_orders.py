"""Faults of new orders and changes, as an unmodified client sees them."""

import asyncio

import pytest
from ib_insync import IB, Contract, Order

from tests.gateway.simulator.conftest import (
    Desk,
    a_config,
    a_limit,
    a_login,
    cancel,
    open_desk,
    put_spread,
    resend,
)
from tests.gateway.simulator.fault_desk import (
    arm,
    farewell,
    filling,
    held,
    limits,
    open_references,
    play,
    resting,
    send,
    shows,
    taped,
)

ACKS = ("openOrder", "orderStatus")


@shows("order-lost")
def test_a_lost_order_is_nowhere() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "order-lost")
        trade = await send(desk, client, combo, resting())
        assert trade.orderStatus.status == "PendingSubmit"
        assert await open_references(desk, client) == []
        # The same order id still serves: the broker never saw it.
        resend(client, trade.order.orderId, combo, trade.order)
        await desk.settle()
        assert await open_references(desk, client) == ["REST"]

    play(story)


@shows("order-late")
def test_a_late_order_arrives_after_its_client_has_gone() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "order-late", {"seconds": 15})
        await send(desk, client, combo, resting())
        await desk.disconnect(client)
        again = await desk.connect()
        assert await open_references(desk, again) == []
        await desk.advance(16)
        assert await open_references(desk, again) == ["REST"]

    play(story)


@shows("order-late")
def test_an_order_sent_again_meets_its_late_original_as_a_change() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "order-late", {"seconds": 10})
        trade = await send(desk, client, combo, resting())
        resend(client, trade.order.orderId, combo, trade.order)
        await desk.settle()
        assert trade.orderStatus.status == "Submitted"
        await desk.advance(11)
        assert await open_references(desk, client) == ["REST"]
        assert desk.codes() == []

    play(story)


@shows("ack-lost")
def test_an_order_whose_acknowledgement_is_lost_lives() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "ack-lost")
        trade = await send(desk, client, combo, resting())
        await desk.advance(3)
        assert trade.orderStatus.status == "PendingSubmit"
        assert await open_references(desk, client) == ["REST"]
        assert trade.orderStatus.status == "Submitted"
        trade.order.lmtPrice = -2.99
        with taped() as tape:
            await send(desk, client, combo, trade.order)
        assert set(tape.kinds(*ACKS)) == set(ACKS)

    play(story)


@shows("execution-before-open-order")
def test_an_execution_comes_before_the_first_open_order() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "execution-before-open-order")
        with taped() as tape:
            await send(desk, client, combo, filling())
            await desk.advance(5)
        heard = tape.kinds("openOrder", "orderStatus", "execDetails")
        assert heard[:3] == ["execDetails"] * 3
        assert "openOrder" in heard

    play(story)


@shows("execution-before-open-order")
def test_without_an_execution_the_open_order_comes_late() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "execution-before-open-order", {"seconds": 5})
        trade = await send(desk, client, combo, resting())
        assert trade.orderStatus.status == "PendingSubmit"
        await desk.advance(5)
        assert trade.orderStatus.status == "Submitted"

    play(story)


@shows("two-broker-orders")
def test_the_broker_holds_an_order_twice_and_both_fill() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "two-broker-orders")
        await send(desk, client, combo, resting())
        trades = await desk.answer(client.reqAllOpenOrdersAsync())
        assert [trade.order.orderRef for trade in trades] == ["REST", "REST"]
        assert len({trade.order.permId for trade in trades}) == 2
        arm(desk, "two-broker-orders")
        await send(desk, client, combo, filling())
        fills = await desk.answer(client.reqExecutionsAsync())
        assert len({fill.execution.permId for fill in fills}) == 2
        assert set(held(desk).values()) == {4, -4}

    play(story)


@shows("modify-doubles", "two-broker-orders")
@pytest.mark.parametrize("name", ["modify-doubles", "two-broker-orders"])
def test_two_broker_orders_share_one_order_id_and_only_one_can_be_cancelled(name: str) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, name, {"order_id": "same"} if name == "two-broker-orders" else {})
        trade = await send(desk, client, combo, resting())
        trade.order.lmtPrice = -2.9
        await send(desk, client, combo, trade.order)
        with taped() as tape:
            told = await desk.answer(client.reqAllOpenOrdersAsync())
        # The client keeps one trade for both: only the messages tell them apart.
        assert told == [told[0], told[0]]
        assert tape.kinds("openOrder") == ["openOrder", "openOrder"]
        assert len({o.perm_id for o in desk.simulator.logins["desk"].book.live.values()}) == 2
        assert sorted(limits(desk)) == ["-2.9", "-3.0"]
        cancel(client, trade.order.orderId)
        await desk.settle()
        assert len(limits(desk)) == 1

    play(story)


@shows("modify-lost")
def test_a_lost_change_leaves_the_order_as_it_was() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "modify-lost")
        trade = await send(desk, client, combo, resting())
        trade.order.lmtPrice = -2.9
        await send(desk, client, combo, trade.order)
        assert limits(desk) == ["-3.0"]
        await send(desk, client, combo, trade.order)
        assert limits(desk) == ["-2.9"]

    play(story)


@shows("modify-late")
def test_a_late_change_undoes_the_next_one() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "modify-late", {"seconds": 7})
        trade = await send(desk, client, combo, resting())
        for price in (-2.99, -2.98):
            trade.order.lmtPrice = price
            await send(desk, client, combo, trade.order)
            await desk.advance(5)
        assert limits(desk) == ["-2.99"]

    play(story)


@shows("modify-ack-lost")
def test_a_change_that_is_not_acknowledged_was_made() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "modify-ack-lost")
        trade = await send(desk, client, combo, resting())
        trade.order.lmtPrice = -2.9
        with taped() as tape:
            await send(desk, client, combo, trade.order)
        assert tape.kinds(*ACKS) == []
        assert limits(desk) == ["-2.9"]

    play(story)


@shows("103-on-order", "110-on-order", "201-on-order", "321-on-order")
@pytest.mark.parametrize("code", [103, 110, 201, 321])
def test_a_code_refuses_the_next_new_order(code: int) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, f"{code}-on-order", order_ref="REST")
        await send(desk, client, combo, a_limit("BUY", 1, -3.1, "OTHER"))
        await send(desk, client, combo, resting())
        assert desk.codes() == [code]
        assert await open_references(desk, client) == ["OTHER"]

    play(story)


@shows("201-on-order")
def test_201_uses_the_order_id_up() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "201-on-order")
        trade = await send(desk, client, combo, resting())
        resend(client, trade.order.orderId, combo, trade.order)
        await desk.settle()
        assert desk.codes() == [201, 103]

    play(story)


@shows("202-on-order")
def test_202_ends_an_order_that_was_acknowledged() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "202-on-order")
        trade = await send(desk, client, combo, resting())
        assert desk.codes() == [202]
        assert trade.orderStatus.status == "Cancelled"
        assert "Submitted" in [entry.status for entry in trade.log]

    play(story)


@shows("399-on-order", "10349-on-order")
@pytest.mark.parametrize(("code", "status"), [(399, "Submitted"), (10349, "Cancelled")])
def test_a_notice_leaves_the_order_live_whatever_the_client_makes_of_it(
    code: int, status: str
) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, f"{code}-on-order")
        trade = await send(desk, client, combo, resting())
        assert desk.codes() == [code]
        assert trade.orderStatus.status == status
        assert await open_references(desk, client) == ["REST"]

    play(story)


@shows("103-on-modify", "105-on-modify", "110-on-modify")
@pytest.mark.parametrize("code", [103, 105, 110])
def test_a_code_refuses_a_change_and_the_order_stays_as_it_was(code: int) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, f"{code}-on-modify", nth=2)
        trade = await send(desk, client, combo, resting())
        for price in (-2.99, -2.98):
            trade.order.lmtPrice = price
            resend(client, trade.order.orderId, combo, trade.order)
            await desk.settle()
        assert desk.codes() == [code]
        (kept,) = desk.simulator.logins["desk"].book.live.values()
        assert str(kept.ticket.limit_price) == "-2.99"

    play(story)


@shows("104-on-modify")
def test_104_a_change_finds_the_order_filled() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "104-on-modify")
        trade = await send(desk, client, combo, resting())
        changed = a_limit("BUY", 2, -2.99, "REST")
        resend(client, trade.order.orderId, combo, changed)
        await desk.settle()
        assert desk.codes() == [104]
        assert trade.orderStatus.status == "Filled"
        assert sorted(held(desk).values()) == [-2, 2]

    play(story)


@shows("drop-connection")
def test_an_order_arrives_as_its_connection_breaks() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "drop-connection", on="order")
        gone = farewell(desk, client)
        trade = client.placeOrder(combo, resting())
        await desk.answer(gone.wait())
        assert trade.orderStatus.status == "PendingSubmit"
        again = await desk.connect()
        assert [t.order.orderRef for t in again.openTrades()] == ["REST"]

    play(story)


def test_faults_are_counted_per_login_client_and_reference() -> None:
    async def story() -> None:
        config = a_config(logins=(a_login("one", "DU1"), a_login("two", "DU2")))
        async with open_desk(config) as desk:
            one, two = await desk.connect("one"), await desk.connect("two")
            combo = await put_spread(desk, one)
            arm(desk, "order-lost", login="two")
            arm(desk, "order-lost", login="one", client=12)
            for client, account in ((one, "DU1"), (two, "DU2")):
                order: Order = a_limit("BUY", 1, -3.0, "HERE", account)
                await send(desk, client, combo, order)
            assert await open_references(desk, one) == ["HERE"]
            assert await open_references(desk, two) == []

    asyncio.run(story())


def test_a_chance_is_drawn_from_the_seed() -> None:
    async def lost(seed: int) -> list[bool]:
        async with open_desk(a_config(seed=seed)) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            arm(desk, "order-lost", times=0, chance="0.5")
            for number in range(12):
                await send(desk, client, combo, a_limit("BUY", 1, -3.0, f"N{number}"))
            there = await open_references(desk, client)
            return [f"N{number}" in there for number in range(12)]

    first = asyncio.run(lost(7))
    assert first == asyncio.run(lost(7))
    assert first != asyncio.run(lost(8))
    assert len(set(first)) == 2
