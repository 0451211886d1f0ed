"""Faults of single messages, snapshots and requests, as an unmodified client sees them."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from ib_insync import IB, Contract, Stock

from tests.gateway.simulator.conftest import Desk, hang_up, new_client
from tests.gateway.simulator.fault_desk import (
    arm,
    farewell,
    filling,
    fired,
    play,
    resting,
    send,
    shows,
    taped,
)

_FAST = 0.3
"""Machine seconds after which a client that is not answered gives up."""
FILL = ("execDetails", "openOrder", "orderStatus", "commissionReport")


@shows("duplicate-messages")
def test_a_message_comes_twice_and_a_fill_is_counted_once() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "duplicate-messages", {"kinds": ["execDetails"], "copies": 2}, times=0)
        with taped() as tape:
            trade = await send(desk, client, combo, filling())
        assert len(tape.kinds("execDetails")) == 9
        assert len(trade.fills) == 3

    play(story)


@shows("delay-messages")
def test_a_late_message_is_overtaken() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "delay-messages", {"kinds": ["execDetails"], "seconds": 5}, times=0)
        trade = await send(desk, client, combo, filling())
        assert trade.orderStatus.status == "Filled"
        assert trade.fills == []
        await desk.advance(5)
        assert len(trade.fills) == 3

    play(story)


@shows("reorder-messages")
def test_a_message_falls_behind_the_next_ones() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        straight = await heard(desk, client, combo)
        arm(desk, "reorder-messages", {"kinds": ["execDetails"], "behind": 2})
        bent = await heard(desk, client, combo)
        assert bent != straight
        assert sorted(bent) == sorted(straight)

    async def heard(desk: Desk, client: IB, combo: Contract) -> list[str]:
        with taped() as tape:
            await send(desk, client, combo, filling())
        return [f"{kind} {fields[3]}" for kind, fields in tape.rows if kind in FILL]

    play(story)


@shows("reorder-messages")
def test_a_message_that_nothing_overtakes_comes_at_last() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "reorder-messages", {"kinds": ["currentTime"], "behind": 3, "seconds": 2})
        asked = asyncio.ensure_future(client.reqCurrentTimeAsync())
        await desk.settle()
        assert not asked.done()
        await desk.advance(3)
        await desk.answer(asked)

    play(story)


@shows("lose-messages")
def test_a_lost_fill_is_found_in_the_executions() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "lose-messages", {"kinds": ["execDetails"]}, times=3)
        trade = await send(desk, client, combo, filling())
        assert trade.orderStatus.status == "Filled"
        assert trade.fills == []
        assert len(await desk.answer(client.reqExecutionsAsync())) == 3

    play(story)


@shows("lose-messages")
def test_ticks_may_be_lost_as_well() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "lose-messages", {"kinds": ["tickPrice", "tickSize"]}, times=0)
        ticker = client.reqMktData(combo)
        await desk.advance(3)
        assert ticker.marketDataType == 1
        assert math.isnan(ticker.bid)

    play(story)


@shows("slow-acks")
def test_acknowledgements_are_slow_and_stay_in_their_order() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        with taped() as straight:
            await send(desk, client, combo, resting())
        arm(desk, "slow-acks", {"seconds": 5}, times=0)
        with taped() as slow:
            trade = await send(desk, client, combo, resting())
            assert trade.orderStatus.status == "PendingSubmit"
            await desk.advance(5)
        assert slow.kinds(*FILL) == straight.kinds(*FILL)
        assert trade.orderStatus.status == "Submitted"

    play(story)


@shows("missing-terminator")
@pytest.mark.parametrize("kind", ["positionEnd", "openOrderEnd", "completedOrdersEnd"])
def test_an_answer_without_its_end_never_completes(kind: str) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        asks: dict[str, Callable[[], Awaitable[object]]] = {
            "positionEnd": client.reqPositionsAsync,
            "openOrderEnd": client.reqOpenOrdersAsync,
            "completedOrdersEnd": lambda: client.reqCompletedOrdersAsync(apiOnly=False),
        }
        fault_id = arm(desk, "missing-terminator", {"kind": kind})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asks[kind](), _FAST)
        assert fired(desk, fault_id) == 1
        await desk.answer(asks[kind]())

    play(story)


@shows("missing-terminator")
@pytest.mark.parametrize(
    ("kind", "connects"),
    [("accountDownloadEnd", True), ("accountUpdateMultiEnd", True), ("execDetailsEnd", False)],
)
def test_a_start_without_an_end_completes_late_or_fails(kind: str, connects: bool) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        await desk.disconnect(client)
        arm(desk, "missing-terminator", {"kind": kind})
        again = new_client()
        port = desk.simulator.ports["desk"]
        connecting = again.connectAsync("127.0.0.1", port, clientId=11, timeout=_FAST)
        if connects:
            await connecting
            hang_up(again)
        else:
            with pytest.raises(TimeoutError):
                await connecting

    play(story)


@shows("empty-snapshot")
def test_a_degraded_session_has_nothing_to_tell() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        await send(desk, client, combo, filling())
        await send(desk, client, combo, resting())
        assert await counts(desk, client) == (1, 1, 3, 2)
        arm(desk, "empty-snapshot", {"of": ["open-orders", "positions"], "seconds": 10})
        assert await counts(desk, client) == (0, 1, 3, 0)
        await desk.advance(11)
        arm(desk, "empty-snapshot", {"seconds": 10})
        assert await counts(desk, client) == (0, 0, 0, 0)
        await desk.advance(11)
        assert await counts(desk, client) == (1, 1, 3, 2)

    async def counts(desk: Desk, client: IB) -> tuple[int, int, int, int]:
        return (
            len(await desk.answer(client.reqAllOpenOrdersAsync())),
            len(await desk.answer(client.reqCompletedOrdersAsync(apiOnly=False))),
            len(await desk.answer(client.reqExecutionsAsync())),
            len(await desk.answer(client.reqPositionsAsync())),
        )

    play(story)


@shows("100-on-request")
@pytest.mark.parametrize("drops", [False, True])
def test_100_a_request_too_many_is_not_carried_out(drops: bool) -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "100-on-request", {"drops": drops, "of": "order"})
        if drops:
            gone = farewell(desk, client)
            client.placeOrder(combo, resting())
            await desk.answer(gone.wait())
        else:
            await send(desk, client, combo, resting())
            assert client.isConnected()
        assert desk.codes() == [100]
        assert not desk.simulator.logins["desk"].book.orders

    play(story)


@shows("200-on-request")
def test_200_a_known_contract_is_not_found() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "200-on-request")
        stock = Stock("QQQ", "SMART", "USD")
        assert await desk.answer(client.reqContractDetailsAsync(stock)) == []
        assert desk.codes() == [200]
        assert len(await desk.answer(client.reqContractDetailsAsync(stock))) == 1

    play(story)


@shows("321-on-request")
def test_321_a_request_fails_validation() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "321-on-request", {"of": "executions"}, nth=2)
        await send(desk, client, combo, filling())
        assert len(await desk.answer(client.reqExecutionsAsync())) == 3
        assert await desk.answer(client.reqExecutionsAsync()) == []
        assert desk.codes() == [321]

    play(story)


@shows("exercise-lost")
def test_a_lost_exercise_changes_nothing() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        await send(desk, client, combo, filling())
        account = desk.simulator.logins["desk"].accounts["DU1"]
        held = account.holdings()
        bought = next(p.contract for p in client.positions() if p.position > 0)
        bought.exchange = "SMART"
        fault_id = arm(desk, "exercise-lost")
        client.exerciseOptions(bought, 1, 1, "DU1", 1)
        await desk.settle()
        assert fired(desk, fault_id) == 1
        assert account.holdings() == held

    play(story)


def test_a_fault_may_wait_for_a_message_that_was_sent() -> None:
    async def story(desk: Desk, client: IB, combo: Contract) -> None:
        arm(desk, "drop-connection", on="sent:execDetails", nth=2)
        gone = farewell(desk, client)
        with taped() as tape:
            client.placeOrder(combo, filling())
            await desk.answer(gone.wait())
        assert len(tape.kinds("execDetails")) <= 2
        again = await desk.connect()
        assert sum(Decimal(str(fill.execution.shares)) for fill in again.fills()) == 6

    play(story)
