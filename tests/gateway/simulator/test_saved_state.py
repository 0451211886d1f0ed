"""What the broker holds survives a restart of the simulator itself."""

import asyncio
import json
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from ib_insync import MarketOrder

from gateway.simulator import ConfigError, ExerciseProcessing, Simulator, SimulatorConfig
from gateway.simulator.orders import Execution, Order
from gateway.simulator.saved_orders import execution_document, order_document
from gateway.simulator.tickets import Ticket
from tests.gateway.simulator.conftest import (
    CLOSE_AT,
    OPEN_AT,
    Desk,
    ManualClock,
    a_config,
    a_limit,
    a_login,
    open_desk,
    put_spread,
)

SHORT = "QQQ   261123P00597000"


def saving(folder: Path, seed: int = 7) -> SimulatorConfig:
    return replace(a_config(seed=seed), state_file=folder / "state.json")


async def trade_a_little(desk: Desk) -> None:
    """Fill two spreads, leave one order resting and one that was cancelled."""
    client = await desk.connect()
    combo = await put_spread(desk, client)
    client.placeOrder(combo, MarketOrder("BUY", 2, account="DU1", orderRef="DONE"))
    client.placeOrder(combo, a_limit("BUY", 3, -3.0, "RESTING"))
    gone = a_limit("BUY", 1, -3.5, "GONE")
    client.placeOrder(combo, gone)
    await desk.advance(6)
    client.cancelOrder(gone)
    await desk.settle()


def test_a_restarted_simulator_shows_the_same_book(tmp_path: Path) -> None:
    async def before() -> tuple[object, datetime]:
        async with open_desk(saving(tmp_path)) as desk:
            await trade_a_little(desk)
            desk.simulator.actions.assign("DU1", SHORT, 1)
            for client in list(desk.clients):
                await desk.disconnect(client)
            return desk.simulator.state(), desk.clock.now()

    async def after(at: datetime) -> object:
        async with open_desk(saving(tmp_path), at=at) as desk:
            return desk.simulator.state()

    told, at = asyncio.run(before())
    assert asyncio.run(after(at)) == told
    assert not (tmp_path / "state.json.new").exists()


def test_orders_ids_and_executions_go_on_after_a_restart(tmp_path: Path) -> None:
    async def before() -> None:
        async with open_desk(saving(tmp_path)) as desk:
            await trade_a_little(desk)

    async def after() -> None:
        async with open_desk(saving(tmp_path), at=OPEN_AT + timedelta(minutes=2)) as desk:
            client = await desk.connect()
            (trade,) = client.openTrades()
            assert (trade.order.orderRef, trade.order.totalQuantity) == ("RESTING", 3)
            assert desk.simulator.logins["desk"].book.next_valid_id(11) > trade.order.orderId
            assert len(await desk.answer(client.reqExecutionsAsync())) >= 3
            done = await desk.answer(client.reqCompletedOrdersAsync(False))
            assert {one.order.orderRef for one in done} == {"DONE", "GONE"}
            trade.order.lmtPrice = -0.01
            client.placeOrder(trade.contract, trade.order)
            await desk.advance(10)
            assert trade.orderStatus.status == "Filled"
            assert desk.codes() == []
            assert {abs(p.position) for p in client.positions()} == {5}

    asyncio.run(before())
    asyncio.run(after())


def test_a_restart_in_the_middle_changes_no_fill(tmp_path: Path) -> None:
    async def whole_day(config: SimulatorConfig, restarts: bool) -> object:
        async with open_desk(config) as desk:
            client = await desk.connect()
            combo = await put_spread(desk, client)
            client.placeOrder(combo, a_limit("BUY", 900, -0.01, "BIG"))
            await desk.advance(2)
            if not restarts:
                await desk.advance(30)
                return fills(desk)
            at = desk.clock.now()
        async with open_desk(config, at=at) as desk:
            await desk.advance(30)
            return fills(desk)

    rich = replace(a_config(), logins=(a_login(cash="9000000"),))
    plain = asyncio.run(whole_day(rich, restarts=False))
    saved = replace(rich, state_file=tmp_path / "state.json")
    assert asyncio.run(whole_day(saved, restarts=True)) == plain


def test_every_field_is_saved(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(saving(tmp_path)) as desk:
            await trade_a_little(desk)
            book = desk.simulator.logins["desk"].book
            order, row = next(iter(book.orders.values())), book.executions[0]
            saved = order_document(order)
            assert isinstance(saved, dict)
            assert set(saved) == {one.name for one in fields(Order)}
            ticket = saved["ticket"]
            assert isinstance(ticket, dict)
            # Neither is ever set in an order of the book.
            left_out = {"what_if", "unsupported"}
            assert set(ticket) == {one.name for one in fields(Ticket)} - left_out
            told = execution_document(row)
            assert isinstance(told, dict)
            assert set(told) == {one.name for one in fields(Execution)}

    asyncio.run(story())


def fills(desk: Desk) -> list[tuple[str, int, str]]:
    rows = desk.simulator.logins["desk"].book.executions
    return [(row.exec_id, row.shares, str(row.price)) for row in rows]


def test_what_was_due_while_it_was_down_is_done_at_its_start(tmp_path: Path) -> None:
    config = replace(saving(tmp_path), exercise=ExerciseProcessing.AFTER_CLOSE)

    async def before() -> None:
        async with open_desk(config) as desk:
            await trade_a_little(desk)

    async def after() -> None:
        async with open_desk(config, at=CLOSE_AT + timedelta(hours=2)) as desk:
            await desk.settle()
            client = await desk.connect()
            assert client.openTrades() == []
            assert client.positions() == []

    asyncio.run(before())
    asyncio.run(after())


def test_a_moved_spot_stays_moved(tmp_path: Path) -> None:
    async def story() -> tuple[str, str]:
        at = OPEN_AT + timedelta(minutes=1)
        first = Simulator(saving(tmp_path), ManualClock(at))
        first.move_spot(first.market.spot(at) + 10)
        second = Simulator(saving(tmp_path), ManualClock(at))
        return str(first.market.spot(at)), str(second.market.spot(at))

    moved, restored = asyncio.run(story())
    assert moved == restored


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 8}, "written for layout, seed and ticker"),
        ({"logins": {"other": {}}}, "login 'other' is not configured"),
        ({"moves": 3}, "state.moves must be a list"),
    ],
)
def test_a_state_of_another_configuration_is_refused(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    async def story() -> None:
        config = saving(tmp_path)
        path = tmp_path / "state.json"
        simulator = Simulator(config, ManualClock(OPEN_AT))
        simulator.move_spot(simulator.market.spot(OPEN_AT) + 1)
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
        with pytest.raises(ConfigError, match=says):
            Simulator(config, ManualClock(OPEN_AT))

    asyncio.run(story())


def test_a_state_file_cut_short_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "state.json").write_text('{"layout": 1')
        with pytest.raises(ConfigError, match="cannot be restored"):
            Simulator(saving(tmp_path), ManualClock(OPEN_AT))

    asyncio.run(story())
