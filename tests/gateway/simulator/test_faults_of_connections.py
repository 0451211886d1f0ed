"""Faults of connections and of log-ins, as an unmodified client sees them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from ib_insync import IB

from gateway.simulator.config import Json
from tests.gateway.simulator.conftest import (
    Desk,
    a_config,
    a_limit,
    a_login,
    new_client,
    open_desk,
    put_spread,
)
from tests.gateway.simulator.fault_desk import (
    arm,
    farewell,
    in_seconds,
    resting,
    send,
    shows,
)

_FAST = 0.3
"""Machine seconds after which a client that is not answered gives up."""


async def connect_within(desk: Desk, seconds: float, client_id: int = 11) -> IB:
    client = new_client()
    port = desk.simulator.ports["desk"]
    await client.connectAsync("127.0.0.1", port, clientId=client_id, timeout=seconds)
    return client


def run(story: Callable[[Desk], Awaitable[None]]) -> None:
    async def main() -> None:
        async with open_desk() as desk:
            await story(desk)

    asyncio.run(main())


@shows("drop-connection")
def test_a_connection_is_cut_at_a_market_time_and_nobody_elses() -> None:
    async def story() -> None:
        config = a_config(logins=(a_login("one", "DU1"), a_login("two", "DU2")))
        async with open_desk(config) as desk:
            one, two = await desk.connect("one"), await desk.connect("two")
            arm(desk, "drop-connection", login="one", at=in_seconds(desk, 5))
            await desk.advance(4)
            assert one.isConnected()
            gone = farewell(desk, one)
            desk.clock.move_to(desk.clock.now() + timedelta(seconds=1))
            await desk.answer(gone.wait())
            await desk.settle()
            assert two.isConnected()
            assert (await desk.connect("one")).isConnected()

    asyncio.run(story())


@shows("silent-socket")
def test_a_silent_socket_accepts_and_never_answers() -> None:
    async def story(desk: Desk) -> None:
        fault_id = arm(desk, "silent-socket", {"seconds": 0})
        with pytest.raises(TimeoutError):
            await connect_within(desk, _FAST)
        desk.simulator.fault_control.remove(fault_id)
        assert (await desk.connect()).isConnected()

    run(story)


@shows("silent-connection")
@pytest.mark.parametrize("processes", [False, True])
def test_a_connection_falls_silent_and_catches_up_later(processes: bool) -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        combo = await put_spread(desk, client)
        arm(desk, "silent-connection", {"seconds": 20, "processes": processes})
        trade = await send(desk, client, combo, resting())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reqCurrentTimeAsync(), _FAST)
        assert client.isConnected()
        assert trade.orderStatus.status == "PendingSubmit"
        assert len(desk.simulator.logins["desk"].book.live) == processes
        await desk.advance(20)
        assert trade.orderStatus.status == "Submitted"

    run(story)


@shows("login-throttled")
def test_a_throttled_log_in_is_answered_late() -> None:
    async def story(desk: Desk) -> None:
        arm(desk, "login-throttled", {"seconds": 30})
        with pytest.raises(TimeoutError):
            await connect_within(desk, _FAST)
        await desk.advance(31)
        assert (await desk.connect()).isConnected()

    run(story)


@shows("login-throttled")
def test_a_throttled_log_in_may_be_refused() -> None:
    async def story(desk: Desk) -> None:
        arm(desk, "login-throttled", {"seconds": 30, "mode": "refuse"})
        with pytest.raises((TimeoutError, ConnectionError)):
            await connect_within(desk, _FAST)
        await desk.advance(31)
        assert (await desk.connect()).isConnected()

    run(story)


@shows("326-on-connect")
def test_326_a_client_id_is_held_after_an_abrupt_drop() -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        gone = farewell(desk, client)
        arm(desk, "326-on-connect", {"seconds": 30})
        await desk.answer(gone.wait())
        codes: list[int] = []
        refused = new_client()
        refused.errorEvent += lambda _id, code, *_: codes.append(code)
        port = desk.simulator.ports["desk"]
        with pytest.raises(TimeoutError):
            await refused.connectAsync("127.0.0.1", port, clientId=11, timeout=_FAST)
        assert codes == [326]
        assert (await desk.connect(client_id=12)).isConnected()
        await desk.advance(31)
        assert (await desk.connect(client_id=11)).isConnected()

    run(story)


@shows("daily-restart")
def test_a_restart_shuts_the_port_and_keeps_the_orders() -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        combo = await put_spread(desk, client)
        await send(desk, client, combo, resting())
        gone = farewell(desk, client)
        arm(desk, "daily-restart", {"seconds": 60})
        await desk.answer(gone.wait())
        with pytest.raises(ConnectionRefusedError):
            await connect_within(desk, _FAST)
        await desk.advance(61)
        again = await desk.connect()
        assert [trade.order.orderRef for trade in again.openTrades()] == ["REST"]

    run(story)


@shows("id-rollback")
def test_after_a_rollback_the_next_valid_id_is_one_already_used() -> None:
    async def story(desk: Desk) -> None:
        client = await desk.connect()
        combo = await put_spread(desk, client)
        used = (await send(desk, client, combo, resting())).order.orderId
        gone = farewell(desk, client)
        arm(desk, "id-rollback")
        await desk.answer(gone.wait())
        assert desk.simulator.logins["desk"].book.next_valid_id(11) == 1
        again = await desk.connect()
        # The client itself steps over the ids of the orders it is told of.
        assert again.client.getReqId() > used

    run(story)


def test_only_one_client_of_a_login_may_be_cut_off() -> None:
    async def story(desk: Desk) -> None:
        one, two = await desk.connect(client_id=11), await desk.connect(client_id=12)
        combo = await put_spread(desk, one)
        arm(desk, "silent-connection", client=12)
        first = await send(desk, one, combo, resting())
        second = await send(desk, two, combo, a_limit("BUY", 1, -3.0, "OTHER"))
        assert first.orderStatus.status == "Submitted"
        assert second.orderStatus.status == "PendingSubmit"

    run(story)


@pytest.mark.parametrize("shut_first", [False, True])
def test_a_port_may_be_shut_before_it_was_opened(shut_first: bool) -> None:
    async def story() -> None:
        faults: tuple[Json, ...] = ({"name": "daily-restart", "parameters": {"seconds": 10}},)
        async with open_desk(a_config(faults=faults if shut_first else ())) as desk:
            if shut_first:
                with pytest.raises(ConnectionRefusedError):
                    await connect_within(desk, _FAST)
                await desk.advance(11)
            assert (await desk.connect()).isConnected()

    asyncio.run(story())
