"""One contract for every broker: heartbeats, the link to IBKR, market data that is not live."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from shared.domain.errors import AdapterError
from shared.ports.broker import (
    ClientIdTaken,
    ConnectionLost,
    LinkBroken,
    LinkRestored,
    MarketDataState,
)
from tests.contract.broker_stories import CONTRACTS, Story, of_type, teller
from tests.contract.venues import CLIENT_ID, SimulatorVenue, Venue, simulator_venue


@pytest.fixture(params=["memory", "simulator"])
def tell(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    return teller(request.param, tmp_path)


def test_a_heartbeat_is_answered_while_connected_and_fails_when_not(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        await venue.broker.heartbeat()
        await venue.drop()
        with pytest.raises(AdapterError):
            await venue.broker.heartbeat()

    tell(story)


def test_market_data_is_live_while_connected(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        await venue.broker.watch("QQQ", CONTRACTS)
        await venue.advance(2)
        assert venue.broker.has_live_data
        assert of_type(venue, MarketDataState) == []
        await venue.drop()
        assert not venue.broker.has_live_data

    tell(story)


def at_simulator(tmp_path: Path, story: Callable[[SimulatorVenue], Awaitable[None]]) -> None:
    """Play a story at a simulator whose login watches the spread."""

    async def play() -> None:
        async with simulator_venue(tmp_path) as venue:
            await venue.broker.connect()
            await venue.broker.resolve("QQQ", CONTRACTS)
            await venue.broker.watch("QQQ", CONTRACTS)
            await venue.advance(1)
            await story(venue)

    asyncio.run(play())


async def notice(venue: SimulatorVenue, code: int, words: str, number: int = -1) -> None:
    venue.simulator.send_error("login-1", number, code, words)
    await venue.settle()


def subscriptions(venue: SimulatorVenue) -> list[int]:
    return list(venue.simulator.logins["login-1"].clients[CLIENT_ID].subscribed.quotes)


@pytest.mark.parametrize("code", [1100, 2110])
def test_the_gateways_lost_link_is_told_although_our_connection_stands(
    tmp_path: Path, code: int
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        await notice(venue, code, "Connectivity between IB and TWS has been lost.")
        (broken,) = of_type(venue, LinkBroken)
        assert (broken.code, broken.reason) == (
            code,
            "Connectivity between IB and TWS has been lost.",
        )
        assert venue.broker.is_connected
        assert not venue.broker.has_live_data
        assert [one.is_live for one in of_type(venue, MarketDataState)] == [False]
        await notice(venue, 1102, "Connectivity restored - data maintained.")
        assert of_type(venue, LinkRestored) == [
            LinkRestored(code=1102, are_subscriptions_lost=False)
        ]
        assert venue.broker.has_live_data
        assert [one.is_live for one in of_type(venue, MarketDataState)] == [False, True]
        assert set(venue.broker.quotes()) == {"QQQ", *(one.key for one in CONTRACTS)}
        assert of_type(venue, ConnectionLost) == []

    at_simulator(tmp_path, story)


def test_quotes_are_gone_and_can_be_subscribed_anew_where_the_link_came_back_without_them(
    tmp_path: Path,
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        await notice(venue, 1100, "lost")
        await notice(venue, 1101, "Connectivity restored - data lost.")
        assert of_type(venue, LinkRestored) == [
            LinkRestored(code=1101, are_subscriptions_lost=True)
        ]
        assert venue.broker.quotes() == {}
        before = set(subscriptions(venue))
        await venue.broker.watch("QQQ", CONTRACTS)
        await venue.advance(1)
        assert len(set(subscriptions(venue)) - before) == 3
        assert len(venue.broker.quotes()) == 3

    at_simulator(tmp_path, story)


def test_a_broken_farm_of_market_data_ends_live_data_until_the_same_farm_is_back(
    tmp_path: Path,
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        await notice(venue, 2103, "Market data farm connection is broken:usopt")
        assert not venue.broker.has_live_data
        await notice(venue, 2104, "Market data farm connection is OK:usfarm")
        assert not venue.broker.has_live_data
        await notice(venue, 2104, "Market data farm connection is OK:usopt")
        assert venue.broker.has_live_data
        assert [one.is_live for one in of_type(venue, MarketDataState)] == [False, True]

    at_simulator(tmp_path, story)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (2105, "HMDS data farm connection is broken:ushmds"),
        (2157, "Sec-def data farm connection is broken:secdefnj"),
        (2108, "Market data farm connection is inactive:usfarm"),
    ],
)
def test_farms_that_carry_no_quotes_do_not_end_live_data(
    tmp_path: Path, code: int, words: str
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        await notice(venue, code, words)
        assert venue.broker.has_live_data
        assert of_type(venue, MarketDataState) == []

    at_simulator(tmp_path, story)


@pytest.mark.parametrize("code", [354, 10089, 10167, 10197])
def test_a_subscription_that_is_not_live_ends_live_data_until_it_ticks_live_again(
    tmp_path: Path, code: int
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        first = subscriptions(venue)[0]
        await notice(venue, code, "No market data during competing live session", first)
        (told,) = of_type(venue, MarketDataState)
        assert not told.is_live
        assert str(code) in told.reason
        assert not venue.broker.has_live_data
        await venue.broker.watch("QQQ", CONTRACTS)
        await venue.advance(1)
        assert venue.broker.has_live_data
        assert first not in subscriptions(venue)
        assert len(subscriptions(venue)) == 3
        assert len(venue.broker.quotes()) == 3

    at_simulator(tmp_path, story)


def test_a_taken_client_id_is_told_at_once_and_by_its_own_name(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        started = asyncio.get_running_loop().time()
        with pytest.raises(ClientIdTaken, match=r"login-1.*326"):
            await venue.another("login-1").connect()
        assert asyncio.get_running_loop().time() - started < 0.5

    at_simulator(tmp_path, story)


def test_whoever_waits_for_an_answer_is_told_when_we_hang_up(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        sweeping = asyncio.create_task(venue.broker.sweep())
        await asyncio.sleep(0)
        await venue.broker.disconnect()
        with pytest.raises(AdapterError):
            await sweeping
        assert len(of_type(venue, ConnectionLost)) == 1
        await venue.broker.connect()
        assert (await venue.broker.sweep()).open_orders == ()

    at_simulator(tmp_path, story)


def test_a_moved_socket_is_left_to_connect_again(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        await notice(venue, 1300, "TWS socket port has been reset")
        assert not venue.broker.is_connected
        assert len(of_type(venue, ConnectionLost)) == 1

    at_simulator(tmp_path, story)
