"""Where quotes come from when the login that gave them ceases to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shared.domain.followers import LoginId
from shared.ports.broker import MarketDataState
from tests.fakes.async_clock import run_jumping
from tests.trading_worlds import World

Story = Callable[[World], Awaitable[None]]


def play(names: tuple[str, ...], story: Story) -> None:
    async def run() -> None:
        await story(World(*names))

    run_jumping(run())


def sources(world: World) -> list[str]:
    return [gate.login_id for gate in world.floor.connections.pricing()]


def watched(world: World, name: str) -> bool:
    return bool(world.brokers[name].quotes())


def test_one_login_prices_for_everybody() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 29)
        assert sources(world) == ["login-anna"]
        assert watched(world, "anna")
        assert not watched(world, "bert")
        await asyncio.sleep(30)
        assert sources(world) == ["login-anna"]

    play(("anna", "bert", "carl"), story)


def test_a_lost_login_is_followed_by_another_within_two_seconds() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 29, 50)
        world.brokers["anna"].reachable = False
        world.brokers["anna"].drop()
        await asyncio.sleep(1.9)
        assert sources(world) == ["login-bert"]
        assert world.floor.quotes()

    play(("anna", "bert", "carl"), story)


def test_data_that_is_not_live_prices_nothing_and_another_takes_over_within_two_seconds() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 29, 50)
        anna = world.brokers["anna"]
        anna.data_is_live = False
        assert world.floor.quotes() == {}
        anna.tell(MarketDataState(is_live=False, reason="10197"))
        await asyncio.sleep(1.9)
        assert sources(world) == ["login-bert"]
        await world.run_to(9, 30, 3)
        assert world.sent("bert") == ["-0.98"]

    play(("anna", "bert"), story)


def test_without_any_live_data_nothing_is_priced_and_nothing_is_sent() -> None:
    async def story(world: World) -> None:
        world.make_brokers()
        world.brokers["anna"].data_is_live = False
        await world.lead()
        await world.run_to(9, 31)
        await asyncio.sleep(5)
        assert world.floor.quotes() == {}
        assert world.sent("anna") == []
        world.brokers["anna"].data_is_live = True
        await world.run_to(9, 31, 10)
        assert world.sent("anna") == ["-0.98"]

    play(("anna",), story)


def test_a_feed_that_falls_silent_in_the_session_is_followed_by_another() -> None:
    async def story(world: World) -> None:
        await world.lead()
        await world.run_to(9, 31)
        gates = world.floor.connections.ready()
        world.market.is_live = False
        for second in range(10):
            await world.run_to(9, 31, 10 + second)
            await asyncio.sleep(1)
        assert gates[LoginId("login-bert")].is_watching
        await asyncio.sleep(30)
        assert sum(gate.is_watching for gate in gates.values()) <= 3

    play(("anna", "bert", "carl", "dora", "emil"), story)
