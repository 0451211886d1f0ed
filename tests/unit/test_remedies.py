"""Clearing up: the shares first, the long leg last, and never through zero."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvariantBroken
from shared.domain.fills import Fill
from shared.domain.options import ContractKey, OptionContract
from shared.domain.orders import Purpose
from shared.domain.positions import Position, apply_fills
from shared.domain.quotes import Quote
from shared.domain.remedies import (
    Step,
    exercise_quantity,
    exercising_pays,
    is_cleared,
    next_step,
    plan_remedy,
    remedy_limit,
    was_settled,
)
from shared.domain.spreads import Side, Strategy
from shared.ports.broker import ComboOrder, StockOrder
from shared.use_cases.work_order import single_order
from tests.builders import NOON, SESSION_DATE, a_fill, a_position, a_quote, a_spread, an_order
from tests.desks import a_claimed_order

STOCK = ContractKey("QQQ")


def assigned(
    *, strategy: Strategy = Strategy.LONG, quantity: int = 5, contracts: int = 5
) -> Position:
    """A position of so many spreads, so many of whose shorts were assigned."""
    spread = a_spread(strategy=strategy)
    is_put = strategy is Strategy.LONG
    shares = some_shares(Side.BUY if is_put else Side.SELL, contracts * 100, "590")
    fills = [
        a_fill(Side.BUY, quantity, "1.00", contract=spread.long_contract, exec_id="1"),
        a_fill(Side.SELL, quantity, "1.95", contract=spread.short_contract, exec_id="2"),
    ]
    if contracts:
        fills.append(a_fill(Side.BUY, contracts, "0", contract=spread.short_contract, exec_id="3"))
        fills.append(shares)
    return a_position(fills, spread=spread)


def some_shares(side: Side, quantity: int, price: str, *, exec_id: str = "4") -> Fill:
    fill = a_fill(side, quantity, price, exec_id=exec_id, fee="0")
    return replace(fill, contract_key=STOCK, multiplier=1)


def stock(bid: str | None, ask: str | None) -> Quote:
    return replace(a_quote(bid, ask), contract_key=STOCK)


def long_leg(bid: str | None) -> Quote:
    contract: OptionContract = a_spread().long_contract
    return a_quote(bid, "9.00", contract=contract)


def test_a_spread_that_nothing_was_delivered_to_needs_nothing() -> None:
    position = assigned(contracts=0)
    assert not was_settled(position)
    assert next_step(position, shares_at_broker=900, long_at_broker=5, is_long_alive=True) is None


def test_exactly_the_delivered_shares_are_flattened_first() -> None:
    step = next_step(assigned(), shares_at_broker=500, long_at_broker=5, is_long_alive=True)
    assert step == Step(purpose=Purpose.FLATTEN_SHARES, quantity=500)


@given(st.sampled_from(Strategy), st.integers(1, 9), st.integers(-2000, 2000))
def test_flattening_never_brings_an_account_through_zero(
    strategy: Strategy, contracts: int, at_broker: int
) -> None:
    position = assigned(strategy=strategy, quantity=9, contracts=contracts)
    step = next_step(position, shares_at_broker=at_broker, long_at_broker=9, is_long_alive=True)
    sign = 1 if strategy is Strategy.LONG else -1
    if step is None:
        assert at_broker * sign <= 0
        return
    assert step.quantity <= contracts * 100
    assert (at_broker - sign * step.quantity) * at_broker >= 0


def test_the_long_leg_is_sold_only_once_the_shares_are_gone_and_never_a_paired_one() -> None:
    before = assigned(quantity=5, contracts=2)
    first = next_step(before, shares_at_broker=200, long_at_broker=5, is_long_alive=True)
    assert first is not None
    assert first.purpose is Purpose.FLATTEN_SHARES
    after = apply_fills(before, [some_shares(Side.SELL, 200, "588", exec_id="5")])
    second = next_step(after, shares_at_broker=0, long_at_broker=5, is_long_alive=True)
    assert second == Step(purpose=Purpose.SELL_LONG, quantity=2)
    assert next_step(after, shares_at_broker=0, long_at_broker=3, is_long_alive=True) is None
    assert next_step(after, shares_at_broker=0, long_at_broker=5, is_long_alive=False) is None


@pytest.mark.parametrize(
    ("stock_bid", "long_bid", "pays"),
    [("588.00", "1.50", False), ("580.00", "1.50", True), ("584.00", None, True)],
)
def test_a_put_is_exercised_where_the_strike_brings_more_than_the_market(
    stock_bid: str, long_bid: str | None, pays: bool
) -> None:
    answer = exercising_pays(
        assigned(),
        stock(stock_bid, "600"),
        long_leg(long_bid),
        fee_per_contract=Decimal("0.65"),
    )
    assert answer is pays


@pytest.mark.parametrize(("stock_ask", "pays"), [("592.00", False), ("601.00", True)])
def test_a_call_is_exercised_where_the_strike_costs_less_than_the_market(
    stock_ask: str, pays: bool
) -> None:
    answer = exercising_pays(
        assigned(strategy=Strategy.SHORT),
        stock("580", stock_ask),
        long_leg("1.50"),
        fee_per_contract=Decimal("0.65"),
    )
    assert answer is pays


def test_without_a_market_in_the_shares_nothing_is_decided() -> None:
    fee = Decimal("0.65")
    assert exercising_pays(assigned(), stock(None, "600"), None, fee_per_contract=fee) is None


def test_no_more_is_exercised_than_shares_were_delivered() -> None:
    assert exercise_quantity(assigned(quantity=5, contracts=2)) == 2


def test_limits_go_further_through_the_market_each_time() -> None:
    quote = stock("588.00", "588.02")
    assert [remedy_limit(Side.SELL, quote, n) for n in (1, 2, 3)] == [
        Decimal("588.00"),
        Decimal("587.98"),
        Decimal("587.96"),
    ]
    assert remedy_limit(Side.BUY, quote, 2) == Decimal("588.04")
    assert remedy_limit(Side.SELL, stock(None, "1"), 1) is None
    assert remedy_limit(Side.SELL, stock("0.01", "1"), 9) == Decimal("0.01")


def test_the_orders_of_the_two_steps_trade_one_contract_alone() -> None:
    position = assigned()
    claimed = a_claimed_order()
    shares = plan_remedy(
        position,
        claimed,
        Step(purpose=Purpose.FLATTEN_SHARES, quantity=500),
        1,
        session_date=SESSION_DATE,
        now=NOON,
    )
    assert shares.sides == ((STOCK, Side.SELL),)
    with pytest.raises(InvariantBroken):
        _ = shares.legs
    with pytest.raises(InvariantBroken):
        single_order(shares, Decimal(588))


@pytest.mark.parametrize(("strategy", "side"), [(Strategy.LONG, "SELL"), (Strategy.SHORT, "BUY")])
def test_a_put_s_shares_are_sold_and_a_call_s_are_bought_back(
    strategy: Strategy, side: str
) -> None:
    order = an_order(purpose=Purpose.FLATTEN_SHARES, spread=a_spread(strategy=strategy))
    ((_, found),) = order.sides
    assert found == side


def test_a_long_leg_sold_alone_is_a_combo_of_one_leg_with_a_credit() -> None:
    sent = single_order(replace(a_claimed_order(), purpose=Purpose.SELL_LONG), Decimal("1.50"))
    assert isinstance(sent, ComboOrder)
    assert (len(sent.legs), sent.legs[0].side, sent.limit) == (1, Side.SELL, Decimal("-1.50"))
    shares = replace(a_claimed_order(), purpose=Purpose.FLATTEN_SHARES)
    assert isinstance(single_order(shares, Decimal(588)), StockOrder)


def test_a_position_is_cleared_once_neither_shares_nor_lone_longs_are_left() -> None:
    assert not is_cleared(assigned())
    assert is_cleared(assigned(contracts=0))
