"""Faults of cancels and of fills, as an unmodified client sees them."""

import pytest
from ib_insync import IB, Contract

from tests.gateway.simulator.conftest import (
    Desk,
    cancel,
)
from tests.gateway.simulator.fault_desk import (
    arm,
    filling,
    fired,
    held,
    open_references,
    play,
    resting,
    send,
    shows,
)


@shows("unsolicited-cancel")
def test_the_broker_cancels_an_order_by_itself() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        gone = await send(desk, client, combo, resting("GONE"))
        stays = await send(desk, client, combo, resting("STAYS"))
        arm(desk, "unsolicited-cancel", order_ref="GONE")
        await desk.settle()
        assert desk.codes() == [202]
        assert gone.orderStatus.status == "Cancelled"
        assert stays.orderStatus.status == "Submitted"

    play(story)


@shows("cancel-late")
def test_an_order_fills_before_its_late_cancel() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "no-fills", {"seconds": 3})
        arm(desk, "cancel-late", {"seconds": 10})
        trade = await send(desk, client, combo, filling())
        client.cancelOrder(trade.order)
        await desk.advance(5)
        assert trade.orderStatus.status == "Filled"
        await desk.advance(6)
        assert desk.codes() == [10148]

    play(story)


@shows("cancel-lost")
def test_a_lost_cancel_leaves_the_order_working() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "cancel-lost")
        trade = await send(desk, client, combo, resting())
        client.cancelOrder(trade.order)
        await desk.settle()
        assert trade.orderStatus.status == "PendingCancel"
        assert await open_references(desk, client) == ["REST"]

    play(story)


@shows("cancel-ack-lost")
def test_a_cancel_that_is_not_acknowledged_has_ended_the_order() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "cancel-ack-lost")
        trade = await send(desk, client, combo, resting())
        client.cancelOrder(trade.order)
        await desk.settle()
        assert trade.orderStatus.status == "PendingCancel"
        assert await open_references(desk, client) == []
        assert desk.codes() == []

    play(story)


@shows("fill-after-cancel")
@pytest.mark.parametrize(("quantity", "filled", "status"), [(0, 5, "Filled"), (2, 2, "Cancelled")])
def test_a_fill_crosses_with_the_cancel(quantity: int, filled: int, status: str) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "fill-after-cancel", {"quantity": quantity, "seconds": 2})
        trade = await send(desk, client, combo, resting(quantity=5))
        client.cancelOrder(trade.order)
        await desk.settle()
        assert trade.orderStatus.status == "Cancelled"
        assert desk.codes() == [202]
        await desk.advance(3)
        combo_fills = [f.execution for f in trade.fills if f.contract.secType == "BAG"]
        assert [(f.shares, f.price) for f in combo_fills] == [(filled, -3.0)]
        assert sorted(held(desk).values()) == [-filled, filled]
        assert trade.orderStatus.status == status
        assert trade.orderStatus.filled == filled

    play(story)


@shows("161-on-cancel", "10147-on-cancel")
@pytest.mark.parametrize("code", [161, 10147])
def test_a_code_refuses_a_cancel_and_the_order_lives(code: int) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, f"{code}-on-cancel")
        trade = await send(desk, client, combo, resting())
        cancel(client, trade.order.orderId)
        await desk.settle()
        assert desk.codes() == [code]
        assert await open_references(desk, client) == ["REST"]

    play(story)


@shows("10148-on-cancel")
def test_10148_a_cancel_finds_the_order_filled() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "10148-on-cancel")
        trade = await send(desk, client, combo, resting())
        cancel(client, trade.order.orderId)
        await desk.settle()
        assert desk.codes() == [10148]
        assert sorted(held(desk).values()) == [-2, 2]

    play(story)


@shows("partial-fill")
def test_fills_are_cut_to_a_size() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        fault_id = arm(desk, "partial-fill", {"quantity": 1}, times=3)
        trade = await send(desk, client, combo, filling(quantity=5))
        await desk.advance(10)
        shares = [f.execution.shares for f in trade.fills if f.contract.secType == "BAG"]
        assert shares[:3] == [1, 1, 1]
        assert sum(shares) == 5
        assert fired(desk, fault_id) == 3

    play(story)


@shows("no-fills")
def test_nothing_fills_for_a_while() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "no-fills", {"seconds": 10})
        trade = await send(desk, client, combo, filling())
        await desk.advance(9)
        assert trade.orderStatus.status == "Submitted"
        await desk.advance(2)
        assert trade.orderStatus.status == "Filled"

    play(story)
