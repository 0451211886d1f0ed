"""One contract for every broker, in memory and at the simulator: connections and sweeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from shared.domain.errors import AdapterError
from shared.domain.fills import COMBO_KEY
from shared.domain.followers import AccountId
from shared.ports.broker import (
    ConnectionLost,
)
from tests.builders import a_contract
from tests.contract.broker_stories import (
    ACCOUNT,
    CONTRACTS,
    LONG_KEY,
    Story,
    a_what_if,
    an_order,
    at_limit,
    filled,
    of_type,
    placed,
    teller,
)
from tests.contract.venues import Venue, simulator_venue


@pytest.fixture(params=["memory", "simulator"])
def tell(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    return teller(request.param, tmp_path)


def test_a_connected_login_tells_its_accounts_and_a_usable_order_id(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        assert venue.broker.is_connected
        assert venue.broker.login_id == "login-1"
        assert venue.broker.accounts() == (ACCOUNT, AccountId("DU0000002"))
        order = await placed(venue, an_order(venue.broker))
        assert venue.broker.next_valid_order_id() > order.ids.broker_order_id

    tell(story)


def test_a_login_where_nobody_listens_says_so(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        broker = venue.unreachable()
        with pytest.raises(AdapterError, match="login-2") as caught:
            await broker.connect()
        assert caught.value.retryable
        assert not broker.is_connected

    tell(story)


def test_two_sweeps_at_once_are_both_answered(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        await placed(venue, an_order(venue.broker))
        one, other = await asyncio.gather(venue.broker.sweep(), venue.broker.sweep())
        assert one == other

    tell(story)


def test_orders_of_other_clients_are_swept_but_not_told(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        manual = venue.another("login-1", client_id=99)
        await manual.connect()
        manual.learn_from(venue.broker)
        manual.place(an_order(manual, ref="BY-HAND", client_id=99))
        await venue.settle()
        ours = await venue.broker.sweep()
        assert [one.order_ref for one in ours.open_orders] == ["BY-HAND"]
        assert venue.events == []

    tell(story)


def test_a_lost_connection_is_told_once_and_nothing_can_be_asked_on_it(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        broker = venue.broker
        await broker.watch("QQQ", CONTRACTS)
        order = an_order(broker)
        await venue.drop()
        assert not broker.is_connected
        assert len(of_type(venue, ConnectionLost)) == 1
        assert broker.quotes() == {}
        with pytest.raises(AdapterError):
            broker.place(order)
        with pytest.raises(AdapterError):
            broker.cancel(order.ids)
        for request in (
            broker.sweep,
            lambda: broker.what_if(a_what_if()),
            lambda: broker.watch("QQQ", CONTRACTS),
            lambda: broker.resolve("QQQ", [a_contract("580")]),
        ):
            with pytest.raises(AdapterError):
                await request()

    tell(story)


def test_after_a_reconnect_the_same_order_is_there_and_can_be_modified(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        order = await placed(venue, an_order(venue.broker))
        await venue.drop()
        await venue.broker.connect()
        await venue.settle()
        (found,) = (await venue.broker.sweep()).open_orders
        assert (found.order_ref, found.broker_order_id) == (
            order.ids.order_ref,
            order.ids.broker_order_id,
        )
        await placed(venue, at_limit(order, "-0.96"))
        await venue.advance(5)
        sweep = await venue.broker.sweep()
        assert sweep.open_orders == ()
        assert len(sweep.completed_orders) == 1
        assert sweep.positions[ACCOUNT, LONG_KEY] == 2

    tell(story)


def test_what_filled_while_we_were_away_is_in_the_sweep_with_its_fees(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        await placed(venue, an_order(venue.broker, "-1.06"))
        await venue.drop()
        await venue.advance(20)
        await venue.broker.connect()
        await venue.settle()
        sweep = await venue.broker.sweep()
        combos = [one for one in sweep.executions if one.contract_key == COMBO_KEY]
        assert sum(one.quantity for one in combos) == 2
        assert {one.order_ref for one in sweep.executions} == {"SP-ONE"}
        assert sum(sweep.fees.values(), Decimal(0)) == Decimal("2.60")

    tell(story)


def test_an_order_sent_before_a_reconnect_can_be_canceled_after_it(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        order = await placed(venue, an_order(venue.broker))
        await venue.drop()
        await venue.broker.connect()
        venue.broker.cancel(order.ids)
        await venue.settle()
        assert (await venue.broker.sweep()).open_orders == ()

    tell(story)


def test_the_bytes_we_count_are_those_the_simulator_counts(tmp_path: Path) -> None:
    async def story() -> None:
        async with simulator_venue(tmp_path) as venue:
            assert venue.traffic() == (0, 0)
            await venue.broker.connect()
            await venue.broker.resolve("QQQ", CONTRACTS)
            await filled(venue)
            sent, received = venue.traffic()
            assert venue.simulator.traffic() == (received, sent)
            assert min(sent, received) > 0
            await venue.broker.disconnect()
            assert venue.traffic() == (0, 0)

    asyncio.run(story())


def test_a_client_id_that_is_taken_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with simulator_venue(tmp_path) as venue:
            await venue.broker.connect()
            with pytest.raises(AdapterError, match="login-1"):
                await venue.another("login-1").connect()
            assert venue.broker.is_connected

    asyncio.run(story())
