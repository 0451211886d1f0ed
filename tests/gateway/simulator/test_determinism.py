"""The same seed gives the same bytes, and no outcome depends on who was read first."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from ib_insync import IB, Trade

from gateway.simulator.config import Json
from tests.gateway.simulator.conftest import (
    Desk,
    a_config,
    a_limit,
    a_login,
    combo_quote,
    is_done,
    open_desk,
    put_spread,
    work_ladder,
)

LOGINS = ("first", "second", "third")


def executions(state: Json, login_id: str) -> Json:
    assert isinstance(state, dict)
    logins = state["logins"]
    assert isinstance(logins, dict)
    login = logins[login_id]
    assert isinstance(login, dict)
    return login["executions"]


async def trading_day(seed: int, order: tuple[str, ...], quantity: int) -> dict[str, Json]:
    """Run one ladder per login side by side, connecting and sending in the given order."""
    logins = tuple(a_login(name, f"DU-{name}", cash="1000000") for name in LOGINS)
    async with open_desk(a_config(seed=seed, logins=logins)) as desk:
        clients = {name: await desk.connect(name) for name in order}
        trades: dict[str, Trade] = {}
        for name in order:
            combo = await put_spread(desk, clients[name])
            limit = a_limit("BUY", quantity, -0.36, f"REF-{name}", f"DU-{name}")
            trades[name] = clients[name].placeOrder(combo, limit)
        for _ in range(10):
            await desk.advance(5)
            for name, trade in trades.items():
                if not is_done(trade):
                    trade.order.lmtPrice = round(trade.order.lmtPrice + 0.02, 2)
                    clients[name].placeOrder(trade.contract, trade.order)
        state = desk.simulator.state()
        return {name: executions(state, name) for name in LOGINS}


def test_two_runs_of_one_seed_are_identical() -> None:
    first = asyncio.run(trading_day(3, LOGINS, 40))
    second = asyncio.run(trading_day(3, LOGINS, 40))
    assert first == second
    assert all(first.values())


def test_another_seed_is_another_day() -> None:
    assert asyncio.run(trading_day(3, LOGINS, 40)) != asyncio.run(trading_day(4, LOGINS, 40))


@pytest.mark.parametrize("order", [("third", "first", "second"), ("second", "third", "first")])
def test_the_order_of_three_clients_does_not_change_a_fill(order: tuple[str, ...]) -> None:
    assert asyncio.run(trading_day(5, LOGINS, 150)) == asyncio.run(trading_day(5, order, 150))


def test_large_orders_fill_in_parts_no_greater_than_the_displayed_size() -> None:
    async def story(seed: int) -> list[float]:
        async with open_desk(a_config(seed=seed, logins=(a_login(cash="9000000"),))) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            trade = client.placeOrder(combo, a_limit("BUY", 900, -0.01, "BIG"))
            await desk.advance(60)
            assert trade.orderStatus.status == "Filled"
            parts = [f.execution.shares for f in trade.fills if f.contract.secType == "BAG"]
            times = [f.execution.time for f in trade.fills if f.contract.secType == "BAG"]
            assert len(set(times)) == len(times)
            cumulative = [f.execution.cumQty for f in trade.fills if f.contract.secType == "BAG"]
            assert cumulative == [sum(parts[: n + 1]) for n in range(len(parts))]
            return parts

    parts = asyncio.run(story(7))
    assert sum(parts) == 900
    assert max(parts) <= 200
    assert parts == asyncio.run(story(7))


def test_some_small_orders_fill_in_parts_too() -> None:
    async def story() -> set[int]:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            counts: set[int] = set()
            for number in range(12):
                trade = client.placeOrder(combo, a_limit("BUY", 5, -0.01, f"SMALL-{number}"))
                await desk.advance(8)
                assert trade.orderStatus.status == "Filled"
                counts.add(len(trade.fills) // 3)
            return counts

    assert {1, 2} <= asyncio.run(story())


def test_displayed_size_is_taken_once_per_second_by_an_account() -> None:
    async def story() -> None:
        async with open_desk(a_config(logins=(a_login(cash="9000000"),))) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            trades = [
                client.placeOrder(combo, a_limit("BUY", 900, -0.01, f"R{n}")) for n in range(3)
            ]
            await desk.settle()
            assert 0 < sum(trade.orderStatus.filled for trade in trades) <= 200

    asyncio.run(story())


@pytest.mark.parametrize("seed", range(8))
def test_a_ladder_from_the_open_fills_on_any_seed(seed: int) -> None:
    async def story() -> None:
        async with open_desk(a_config(seed=seed)) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            trade = await work_ladder(desk, client, combo, 2, "LADDER")
            assert trade.orderStatus.status == "Filled"

    asyncio.run(story())


def test_a_fill_improves_on_the_limit_and_never_betters_the_quote() -> None:
    async def story(desk: Desk, client: IB) -> None:
        combo = await put_spread(desk, client)
        (ticker,) = await desk.answer(client.reqTickersAsync(combo))
        trade = client.placeOrder(combo, a_limit("BUY", 1, round(ticker.ask + 0.2, 2)))
        await desk.settle()
        assert trade.orderStatus.avgFillPrice == ticker.ask
        below = client.placeOrder(combo, a_limit("BUY", 1, round(ticker.ask - 0.01, 2)))
        await desk.settle()
        assert below.orderStatus.filled == 0
        sale = client.placeOrder(combo, a_limit("SELL", 1, ticker.bid))
        await desk.settle()
        assert sale.orderStatus.avgFillPrice == pytest.approx(ticker.bid)

    async def run() -> None:
        async with open_desk() as desk:
            await story(desk, await desk.connect())

    asyncio.run(run())


def test_what_is_due_is_done_before_a_request_of_the_same_instant() -> None:
    async def story() -> None:
        async with open_desk(a_config(logins=(a_login(cash="9000000"),))) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            trade = client.placeOrder(combo, a_limit("BUY", 900, -0.01, "DUE"))
            await desk.settle()
            before = trade.orderStatus.filled
            client.cancelOrder(trade.order)
            # The cancel is on the wire; the simulator finds it and the new second together.
            desk.clock.move_to(desk.clock.now() + timedelta(seconds=1))
            await desk.settle()
            assert trade.orderStatus.filled > before
            assert trade.orderStatus.status == "Cancelled"

    asyncio.run(story())


def test_moving_the_spot_moves_the_options() -> None:
    async def story() -> None:
        async with open_desk() as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            _, before = await combo_quote(desk, client, combo)
            desk.simulator.move_spot(Decimal("596.00"))
            _, after = await combo_quote(desk, client, combo)
            assert after < before - 1

    asyncio.run(story())
