"""One contract for every broker, in memory and at the simulator: orders, fills, quotes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from shared.domain.errors import AdapterError
from shared.domain.fills import COMBO_KEY
from shared.domain.options import ContractKey
from shared.domain.orders import Margin
from shared.domain.spreads import Side
from shared.ports.broker import (
    Execution,
    FeeReported,
    OrderAcknowledged,
    OrderEndReported,
    OrderMessage,
    WhatIfRefused,
)
from tests.builders import a_contract
from tests.contract.broker_stories import (
    ACCOUNT,
    CONTRACTS,
    LONG_KEY,
    SHORT_KEY,
    Story,
    a_what_if,
    an_order,
    at_limit,
    filled,
    of_type,
    placed,
    spreads_filled,
    teller,
)
from tests.contract.venues import Venue


@pytest.fixture(params=["memory", "simulator"])
def tell(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    return teller(request.param, tmp_path)


def test_contracts_the_broker_does_not_know_are_told_every_time(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        unknown = a_contract("580")
        for _ in range(2):
            assert await venue.broker.resolve("QQQ", [*CONTRACTS, unknown]) == (unknown,)

    tell(story)


def test_a_login_learns_contracts_from_another_without_asking(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        other = venue.another()
        await other.connect()
        account = other.accounts()[0]
        with pytest.raises(AdapterError):
            other.place(an_order(other, account_id=account))
        other.learn_from(venue.broker)
        other.place(an_order(other, account_id=account))
        await venue.settle()
        assert [one.account_id for one in (await other.sweep()).open_orders] == [account]

    tell(story)


def test_a_what_if_gives_the_margin_and_trades_nothing(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        margin = await venue.broker.what_if(a_what_if())
        # Width 5 x 100 x 2; cash 100000 + 140 credit - 4 fees of 0.65; 5 % of that.
        assert margin == Margin(
            currency="USD",
            initial_before=Decimal(0),
            initial_after=Decimal(1000),
            equity_after=Decimal("100137.40"),
            buffer=Decimal("5006.87"),
        )
        assert (await venue.broker.sweep()).open_orders == ()
        assert venue.events == []

    tell(story)


def test_a_what_if_for_an_account_the_login_does_not_carry_is_refused(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        refused = await venue.broker.what_if(a_what_if(account="DU9999999"))
        assert isinstance(refused, WhatIfRefused)
        assert refused.message.startswith("321: ")

    tell(story)


def test_an_order_away_from_the_market_is_acknowledged_and_stays_open(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        order = await placed(venue, an_order(venue.broker))
        acknowledged = of_type(venue, OrderAcknowledged)
        assert {one.broker_order_id for one in acknowledged} == {order.ids.broker_order_id}
        (found,) = (await venue.broker.sweep()).open_orders
        assert found.order_ref == "SP-ONE"
        assert found.broker_order_id == order.ids.broker_order_id
        assert found.account_id == ACCOUNT
        assert found.perm_id == acknowledged[-1].perm_id > 0
        assert of_type(venue, OrderEndReported) == []

    tell(story)


def test_the_same_ids_again_modify_the_one_order(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        order = await placed(venue, an_order(venue.broker))
        await placed(venue, at_limit(order, "-0.99"))
        assert len((await venue.broker.sweep()).open_orders) == 1
        await placed(venue, at_limit(order, "-0.96"))
        await venue.advance(5)
        assert spreads_filled(venue) == 2
        sweep = await venue.broker.sweep()
        assert sweep.open_orders == ()
        assert [one.order_ref for one in sweep.completed_orders] == ["SP-ONE"]

    tell(story)


def test_a_resting_order_fills_when_the_market_comes_to_it(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        await placed(venue, an_order(venue.broker, "-1.06"))
        await venue.advance(9)
        assert spreads_filled(venue) == 0
        await venue.advance(6)
        assert spreads_filled(venue) == 2

    tell(story)


def test_a_fill_is_told_as_combo_and_legs_then_the_end_then_the_fees(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        await filled(venue)
        executions = of_type(venue, Execution)
        assert {one.contract_key for one in executions} == {COMBO_KEY, LONG_KEY, SHORT_KEY}
        for one in executions:
            assert (one.order_ref, one.account_id) == ("SP-ONE", ACCOUNT)
            assert one.at >= venue.clock.now().replace(second=2, microsecond=0)
        sides = {(one.contract_key, one.side, one.price) for one in executions}
        assert sides == {
            (COMBO_KEY, Side.BUY, Decimal("-0.96")),
            (LONG_KEY, Side.BUY, Decimal("1.00")),
            (SHORT_KEY, Side.SELL, Decimal("1.96")),
        }
        fees = of_type(venue, FeeReported)
        assert sum((fee.fee for fee in fees), Decimal(0)) == Decimal("2.60")
        told = venue.events
        for fee in fees:
            own = [one for one in executions if one.broker_exec_id == fee.broker_exec_id]
            assert [one.contract_key != COMBO_KEY for one in own] == [True]
            assert told.index(own[0]) < told.index(fee)
        (end,) = of_type(venue, OrderEndReported)
        assert end.status == "Filled"
        assert max(told.index(one) for one in executions) < told.index(end)

    tell(story)


def test_no_more_fills_at_once_than_the_market_shows(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        await venue.advance(90)
        await placed(venue, an_order(venue.broker, "-1.06", quantity=5))
        assert 1 <= spreads_filled(venue) <= 3
        assert len((await venue.broker.sweep()).open_orders) == 1

    tell(story)


def test_a_cancel_ends_the_order_and_the_books_show_it(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        order = await placed(venue, an_order(venue.broker))
        venue.broker.cancel(order.ids)
        await venue.settle()
        assert [one.status for one in of_type(venue, OrderEndReported)][-1:] == ["Cancelled"]
        sweep = await venue.broker.sweep()
        assert sweep.open_orders == ()
        (completed,) = sweep.completed_orders
        assert (completed.order_ref, completed.status) == ("SP-ONE", "Cancelled")
        assert sweep.executions == ()

    tell(story)


def test_an_order_beyond_the_equity_is_refused_with_201_and_leaves_no_trace(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        order = await placed(venue, an_order(venue.broker, quantity=400))
        (message,) = of_type(venue, OrderMessage)
        assert (message.broker_order_id, message.code) == (order.ids.broker_order_id, 201)
        assert "EQUITY WITH LOAN" in message.message
        assert len(of_type(venue, OrderEndReported)) == 1
        assert of_type(venue, OrderAcknowledged) == []
        sweep = await venue.broker.sweep()
        assert (sweep.open_orders, sweep.completed_orders) == ((), ())

    tell(story)


def test_what_has_filled_cannot_be_modified_into_a_second_order(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        order = await filled(venue)
        await placed(venue, at_limit(order, "-0.95"))
        await venue.advance(3)
        assert spreads_filled(venue) == 2
        assert [one.code for one in of_type(venue, OrderMessage)] == [104]

    tell(story)


def test_a_sweep_shows_executions_their_fees_and_positions(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        await filled(venue)
        sweep = await venue.broker.sweep()
        assert set(sweep.executions) == set(of_type(venue, Execution))
        told = {fee.broker_exec_id: fee.fee for fee in of_type(venue, FeeReported)}
        assert dict(sweep.fees) == told
        assert dict(sweep.positions) == {(ACCOUNT, LONG_KEY): 2, (ACCOUNT, SHORT_KEY): -2}

    tell(story)


def test_quotes_are_those_of_the_market_and_a_side_without_size_is_none(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        broker = venue.broker
        assert broker.quotes() == {}
        for _ in range(2):
            await broker.watch("QQQ", CONTRACTS)
        await venue.advance(1)
        quotes = broker.quotes()
        assert set(quotes) == {ContractKey("QQQ"), LONG_KEY, SHORT_KEY}
        assert (quotes[LONG_KEY].bid, quotes[LONG_KEY].ask) == (Decimal("0.98"), Decimal("1.00"))
        assert quotes[ContractKey("QQQ")].mid == Decimal("592.01")
        assert quotes[SHORT_KEY].at <= venue.clock.now()
        await venue.advance(69)
        half = broker.quotes()[LONG_KEY]
        assert (half.bid, half.ask, half.bid_size) == (None, Decimal("1.00"), 0)
        assert half.mid is None

    tell(story)
