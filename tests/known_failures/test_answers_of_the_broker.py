"""Known failures of requests: refused, answered twice, answered without figures, or never."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from shared.domain.errors import AdapterError
from shared.domain.options import ContractKey
from shared.domain.orders import Margin
from shared.ports.broker import ClientIdTaken, WhatIfRefused
from tests.builders import a_contract
from tests.contract.broker_stories import CONTRACTS, a_what_if
from tests.contract.venues import SimulatorVenue
from tests.fakes.async_clock import calm
from tests.known_failures.login_stories import LOGIN_ID, arm, gateway_end, impatient, tell


def test_a_refused_what_if_is_no_margin_although_the_library_gives_an_empty_list(
    tmp_path: Path,
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        refused = await venue.broker.what_if(a_what_if(account="DU9999999"))
        assert isinstance(refused, WhatIfRefused)
        assert refused.message.startswith("321: ")
        assert isinstance(await venue.broker.what_if(a_what_if()), Margin)

    tell(tmp_path, story)


def test_the_restored_link_opens_no_second_account_summary(tmp_path: Path) -> None:
    """The library asks for another one after every 1102; IBKR allows two."""

    async def story(venue: SimulatorVenue) -> None:
        for _ in range(5):
            for code in (1100, 1102):
                venue.simulator.send_error(LOGIN_ID, -1, code, "connectivity")
                await venue.settle()
        assert gateway_end(venue).subscribed.summaries == {}
        assert venue.broker.is_connected

    tell(tmp_path, story)


def test_an_unknown_contract_is_not_taken_for_a_failed_request(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        unknown = a_contract("580")
        assert await venue.broker.resolve("QQQ", [unknown]) == (unknown,)

    tell(tmp_path, story)


def test_quotes_are_subscribed_anew_after_a_reconnect(tmp_path: Path) -> None:
    """The library keys tickers by the contract object; old ones never tick again."""

    async def story(venue: SimulatorVenue) -> None:
        await venue.broker.watch("QQQ", CONTRACTS)
        await venue.advance(1)
        before = venue.broker.quotes()
        await venue.drop()
        assert venue.broker.quotes() == {}
        await venue.broker.connect()
        await venue.broker.watch("QQQ", CONTRACTS)
        await venue.advance(1)
        after = venue.broker.quotes()
        assert set(after) == set(before) == {ContractKey("QQQ"), *(one.key for one in CONTRACTS)}
        newest_before = max(quote.at for quote in before.values())
        assert min(quote.at for quote in after.values()) > newest_before

    tell(tmp_path, story)


@pytest.mark.parametrize("of", ["contract-details", "open-orders", "executions", "positions"])
def test_a_refused_request_is_never_an_empty_answer(of: str, tmp_path: Path) -> None:
    """321: ib_insync completes some requests empty, ib_async leaves them waiting for ever."""

    async def story(venue: SimulatorVenue) -> None:
        broker = impatient(venue)
        await broker.connect()
        arm(venue, "321-on-request", of=of)
        asked = broker.resolve("QQQ", CONTRACTS) if of == "contract-details" else broker.sweep()
        with pytest.raises(AdapterError):
            await asked

    tell(tmp_path, story)


@pytest.mark.parametrize(
    "kind", ["openOrderEnd", "completedOrdersEnd", "execDetailsEnd", "positionEnd"]
)
def test_an_answer_without_its_end_is_never_waited_for_longer_than_it_may_take(
    kind: str, tmp_path: Path
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        broker = impatient(venue)
        await broker.connect()
        arm(venue, "missing-terminator", kind=kind)
        with pytest.raises(AdapterError, match="did not answer"):
            await broker.sweep()
        assert (await broker.sweep()).open_orders == ()

    tell(tmp_path, story)


def test_contract_details_without_their_end_are_given_up(tmp_path: Path) -> None:
    """A production system hung for three hours on such a request."""

    async def story(venue: SimulatorVenue) -> None:
        broker = impatient(venue)
        await broker.connect()
        arm(venue, "missing-terminator", kind="contractDetailsEnd")
        with pytest.raises(AdapterError, match="did not answer"):
            await broker.resolve("QQQ", CONTRACTS)
        assert await broker.resolve("QQQ", CONTRACTS) == ()

    tell(tmp_path, story)


def test_a_what_if_that_is_never_answered_is_given_up(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        broker = impatient(venue)
        await broker.connect()
        broker.learn_from(venue.broker)
        arm(venue, "what-if-silent")
        with pytest.raises(AdapterError, match="did not answer"):
            await broker.what_if(a_what_if())

    tell(tmp_path, story)


@pytest.mark.parametrize("value", ["", "NaN", "Infinity", "-1000.00"])
def test_margins_that_are_no_figures_are_never_a_margin(value: str, tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        arm(venue, "what-if-values", value=value)
        assert isinstance(await venue.broker.what_if(a_what_if()), WhatIfRefused)

    tell(tmp_path, story)


def test_of_two_answers_of_a_what_if_the_one_with_figures_counts(tmp_path: Path) -> None:
    """The first has every figure unset; ib_insync takes it for the answer."""

    async def story(venue: SimulatorVenue) -> None:
        for _ in range(2):
            arm(venue, "what-if-twice")
            margin = await venue.broker.what_if(a_what_if())
            assert isinstance(margin, Margin)
            assert (margin.initial_before, margin.initial_after) == (Decimal(0), Decimal(1000))

    tell(tmp_path, story)


def test_a_what_if_without_figures_is_no_margin_and_never_answered_by_them(
    tmp_path: Path,
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        broker = impatient(venue)
        await broker.connect()
        broker.learn_from(venue.broker)
        arm(venue, "what-if-values", value="1.7976931348623157E308")
        with pytest.raises(AdapterError, match="did not answer"):
            await broker.what_if(a_what_if())

    tell(tmp_path, story)


@pytest.mark.parametrize("name", ["354", "10167", "10197"])
def test_quotes_that_are_not_live_price_nothing(name: str, tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        await venue.broker.watch("QQQ", CONTRACTS)
        await venue.advance(1)
        assert venue.broker.has_live_data
        arm(venue, f"{name}-on-quotes", seconds=0)
        await venue.advance(11)
        assert not venue.broker.has_live_data

    tell(tmp_path, story)


@pytest.mark.parametrize("name", ["quote-minus-one", "quote-no-data", "quote-nan", "quote-unset"])
def test_a_leg_below_zero_or_without_a_number_is_no_quote(name: str, tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        arm(venue, name, of="leg", seconds=0)
        await venue.broker.watch("QQQ", CONTRACTS)
        await venue.advance(2)
        for contract in CONTRACTS:
            quote = venue.broker.quotes()[contract.key]
            assert (quote.bid, quote.ask, quote.mid) == (None, None, None)

    tell(tmp_path, story)


def test_a_message_beyond_the_pace_is_told_and_the_login_goes_on(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        broker = impatient(venue)
        await broker.connect()
        arm(venue, "100-on-request", of="positions")
        with pytest.raises(AdapterError):
            await broker.sweep()
        assert (await broker.sweep()).executions == ()

    tell(tmp_path, story)


@pytest.mark.parametrize("name", ["silent-socket", "login-throttled"])
def test_a_gateway_that_lets_nobody_in_is_given_up_in_time(name: str, tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        arm(venue, name, seconds=0)
        await venue.advance(1)
        broker = impatient(venue, connect_seconds=0.5)
        with pytest.raises(AdapterError, match="login-1"):
            await broker.connect()
        assert not broker.is_connected

    tell(tmp_path, story)


def test_a_silent_connection_is_found_by_its_heartbeat(tmp_path: Path) -> None:
    """`isConnected` stays true while nothing comes in."""

    async def story(venue: SimulatorVenue) -> None:
        broker = impatient(venue)
        await broker.connect()
        await broker.heartbeat()
        arm(venue, "silent-connection")
        with pytest.raises(AdapterError):
            await broker.heartbeat()
        assert broker.is_connected

    tell(tmp_path, story)


def test_an_id_held_by_a_dead_session_is_waited_for_and_never_replaced(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        arm(venue, "326-on-connect", seconds=30)
        await calm()
        with pytest.raises(ClientIdTaken):
            await venue.broker.connect()
        await venue.advance(31)
        await venue.broker.connect()
        assert venue.broker.is_connected

    tell(tmp_path, story)
