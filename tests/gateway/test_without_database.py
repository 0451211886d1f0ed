"""The gateway while the database is away, and whoever wakes up too late."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from shared.domain.controls import TradingMode
from shared.domain.followers import LoginId
from shared.domain.orders import OrderState
from shared.ports.broker import Withheld
from tests.fakes.async_clock import pause_machine, run_jumping
from tests.trading_worlds import World

Story = Callable[[World], Awaitable[None]]


def play(names: tuple[str, ...], story: Story) -> None:
    async def run() -> None:
        world = World(*names)
        world.lease_seconds = 15.0
        await world.lead()
        world.lease.on_regained(world.floor.connections.require_reconciling)
        keeping = asyncio.create_task(world.lease.keep())
        await story(world)
        keeping.cancel()

    run_jumping(run())


def test_without_its_database_the_gateway_cancels_openings_and_then_sends_nothing() -> None:
    async def story(world: World) -> None:
        await world.run_to(9, 30, 3)
        assert world.sent("anna") == ["-0.98"]
        world.documents.down = True
        await asyncio.sleep(8)
        assert world.floor.kill_switch.mode() is TradingMode.HALTED
        assert world.lease.stands(), "the lease outlives the switch"
        await world.run_to(9, 30, 4)
        assert len(world.brokers["anna"].canceled) == 1
        assert world.order("anna").state is OrderState.CANCELED
        await asyncio.sleep(10)
        assert not world.lease.stands()
        canceled = len(world.brokers["anna"].canceled)
        await world.run_to(9, 40)
        assert world.sent("anna") == ["-0.98"]
        assert len(world.brokers["anna"].canceled) == canceled
        assert list(world.floor.connections.ready()) == ["login-anna"], "connections run on"
        gate = world.floor.connections[LoginId("login-anna")]
        with pytest.raises(Withheld, match="lease"):
            gate.place(world.books["anna"].sent[0])

    play(("anna",), story)


def test_once_the_database_is_back_every_login_is_reconciled_before_it_trades() -> None:
    async def story(world: World) -> None:
        await world.run_to(9, 29)
        world.documents.down = True
        await asyncio.sleep(30)
        await world.run_to(9, 30, 30)
        assert world.sent("anna") == []
        anna = world.brokers["anna"]
        anna.answers = False
        world.documents.down = False
        await asyncio.sleep(3)
        assert world.lease.stands()
        assert list(world.floor.connections.ready()) == []
        await world.run_to(9, 31)
        assert world.sent("anna") == []
        anna.answers = True
        await asyncio.sleep(20)
        assert list(world.floor.connections.ready()) == ["login-anna"]
        await world.run_to(9, 32)
        assert world.sent("anna")[:1] == ["-0.98"]
        assert (await world.stored())["anna"].rungs

    play(("anna",), story)


def test_a_process_that_was_paused_past_its_lease_sends_nothing_when_it_wakes() -> None:
    async def story(world: World) -> None:
        await world.run_to(9, 30, 3)
        gate = world.floor.connections[LoginId("login-anna")]
        sent = world.books["anna"].sent[0]
        pause_machine(16)
        with pytest.raises(Withheld, match="lease"):
            gate.place(sent)
        with pytest.raises(Withheld, match="lease"):
            gate.cancel(sent.ids)
        assert world.sent("anna") == ["-0.98"]

    play(("anna",), story)
