"""One contract for every broker: orders that end by themselves, shares, exercises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from shared.domain.errors import AdapterError
from shared.domain.options import ContractKey
from shared.domain.orders import BrokerIds
from shared.domain.spreads import Side
from shared.ports.broker import (
    Execution,
    ExerciseRequest,
    FeeReported,
    OrderEndReported,
    OrderMessage,
    StockOrder,
)
from tests.builders import a_contract
from tests.contract.broker_stories import (
    ACCOUNT,
    CONTRACTS,
    LONG_KEY,
    Story,
    an_order,
    at_limit,
    filled,
    of_type,
    placed,
    teller,
)
from tests.contract.venues import CLIENT_ID, Venue

QQQ = ContractKey("QQQ")


@pytest.fixture(params=["memory", "simulator"])
def tell(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    return teller(request.param, tmp_path)


def shares(venue: Venue, side: Side, limit: str, quantity: int = 100) -> StockOrder:
    number = venue.broker.next_valid_order_id()
    return StockOrder(
        ids=BrokerIds(order_ref="SP-SHARES", client_id=CLIENT_ID, broker_order_id=number),
        account_id=ACCOUNT,
        symbol="QQQ",
        side=side,
        quantity=quantity,
        limit=Decimal(limit),
    )


def test_an_order_with_an_end_of_its_own_is_ended_by_the_broker(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        until = venue.clock.now() + timedelta(seconds=6)
        order = replace(an_order(venue.broker), good_till=until)
        venue.broker.place(order)
        await venue.settle()
        await venue.advance(5)
        venue.broker.place(at_limit(order, "-0.99"))
        await venue.settle()
        assert len((await venue.broker.sweep()).open_orders) == 1
        await venue.advance(2)
        assert len(of_type(venue, OrderEndReported)) == 1
        sweep = await venue.broker.sweep()
        assert (sweep.open_orders, sweep.executions) == ((), ())
        assert [one.order_ref for one in sweep.completed_orders] == ["SP-ONE"]
        assert of_type(venue, OrderMessage) == []

    tell(story)


@pytest.mark.parametrize(
    ("side", "limit", "price", "held"),
    [(Side.BUY, "592.02", "592.02", 100), (Side.SELL, "592.00", "592.00", -100)],
)
def test_shares_trade_at_the_markets_price(
    tell: Callable[[Story], None], side: Side, limit: str, price: str, held: int
) -> None:
    async def story(venue: Venue) -> None:
        venue.broker.place(shares(venue, side, limit))
        await venue.advance(8)
        executions = of_type(venue, Execution)
        assert sum(one.quantity for one in executions) == 100
        assert {(one.contract_key, one.side, one.price) for one in executions} == {
            (QQQ, side, Decimal(price))
        }
        assert {one.order_ref for one in executions} == {"SP-SHARES"}
        sweep = await venue.broker.sweep()
        assert dict(sweep.positions) == {(ACCOUNT, QQQ): held}
        told = {fee.broker_exec_id: fee.fee for fee in of_type(venue, FeeReported)}
        assert dict(sweep.fees) == told
        assert set(told) == {one.broker_exec_id for one in executions}

    tell(story)


@pytest.mark.parametrize(("side", "limit"), [(Side.BUY, "592.01"), (Side.SELL, "592.01")])
def test_shares_wait_where_their_limit_is_not_met_and_can_be_canceled(
    tell: Callable[[Story], None], side: Side, limit: str
) -> None:
    async def story(venue: Venue) -> None:
        order = shares(venue, side, limit)
        venue.broker.place(order)
        await venue.advance(2)
        assert of_type(venue, Execution) == []
        venue.broker.cancel(order.ids)
        await venue.settle()
        assert (await venue.broker.sweep()).open_orders == ()

    tell(story)


def test_one_leg_alone_is_sold_as_the_option_itself(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        await filled(venue)
        combo = an_order(venue.broker, "-0.99", ref="SP-LONG")
        alone = replace(combo, legs=(replace(combo.legs[0], side=Side.SELL),), quantity=1)
        venue.broker.place(alone)
        await venue.settle()
        before = len(of_type(venue, Execution))
        venue.broker.place(at_limit(alone, "-0.98"))
        await venue.advance(3)
        (sold,) = of_type(venue, Execution)[before:]
        assert (sold.contract_key, sold.side, sold.price) == (LONG_KEY, Side.SELL, Decimal("0.98"))
        assert (await venue.broker.sweep()).positions[ACCOUNT, LONG_KEY] == 1

    tell(story)


def test_exercised_options_become_shares(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        await filled(venue)
        contract = CONTRACTS[0]
        assert contract.key == LONG_KEY
        request = ExerciseRequest(account_id=ACCOUNT, contract=contract, quantity=1)
        venue.broker.exercise(request)
        await venue.settle()
        positions = (await venue.broker.sweep()).positions
        assert positions[ACCOUNT, LONG_KEY] == 1
        assert positions[ACCOUNT, QQQ] == -100

    tell(story)


def test_nothing_is_exercised_that_is_not_held(tell: Callable[[Story], None]) -> None:
    async def story(venue: Venue) -> None:
        request = ExerciseRequest(account_id=ACCOUNT, contract=CONTRACTS[0], quantity=1)
        venue.broker.exercise(request)
        await venue.settle()
        assert dict((await venue.broker.sweep()).positions) == {}

    tell(story)


def test_what_was_never_looked_up_or_has_no_connection_is_not_sent(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        unknown = ExerciseRequest(account_id=ACCOUNT, contract=a_contract("580"), quantity=1)
        with pytest.raises(AdapterError, match="looked"):
            venue.broker.exercise(unknown)
        order = shares(venue, Side.BUY, "592.02")
        await venue.drop()
        with pytest.raises(AdapterError, match="not connected"):
            venue.broker.exercise(replace(unknown, contract=CONTRACTS[0]))
        with pytest.raises(AdapterError, match="not connected"):
            venue.broker.place(order)

    tell(story)


def test_what_is_sent_in_a_row_bears_ids_in_a_row_and_no_what_if_takes_one(
    tell: Callable[[Story], None],
) -> None:
    async def story(venue: Venue) -> None:
        first = await placed(venue, an_order(venue.broker))
        following = replace(first.ids, broker_order_id=first.ids.broker_order_id + 1)
        venue.broker.place(replace(first, ids=replace(following, order_ref="SP-TWO")))
        assert venue.broker.next_valid_order_id() > following.broker_order_id
        await venue.settle()
        assert {one.order_ref for one in (await venue.broker.sweep()).open_orders} == {
            "SP-ONE",
            "SP-TWO",
        }

    tell(story)
