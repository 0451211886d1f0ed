"""When the end of the day demands a closing, at what price, and for how many."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.close_causes import CloseCause
from shared.domain.closing import (
    closing_limit,
    closing_market,
    closing_order_id,
    closing_quantity,
    is_near_the_money,
    plan_closing,
    under_way,
)
from shared.domain.followers import AccountId
from shared.domain.options import ContractKey
from shared.domain.orders import Order, OrderState, Purpose
from shared.domain.positions import Position
from shared.domain.quotes import Quote
from shared.domain.spreads import Side, Strategy
from tests.builders import (
    NOON,
    a_contract,
    a_fill,
    a_market,
    a_position,
    a_quote,
    a_spread,
    an_order,
    by_contract,
)

CENT = Decimal("0.01")
WIDTH = Decimal(5)
NEAR = Decimal("0.005")
ACCOUNT = AccountId("DU0000001")
LONG_KEY, SHORT_KEY = a_contract("585").key, a_contract("590").key

Held = dict[tuple[AccountId, ContractKey], int]
Quotes = dict[ContractKey, Quote]


def a_holding(quantity: int = 5) -> Position:
    return a_position(
        [
            a_fill(Side.BUY, quantity, "1.00", contract=a_contract("585"), exec_id="1"),
            a_fill(Side.SELL, quantity, "1.95", contract=a_contract("590"), exec_id="2"),
        ]
    )


def held(long: int, short: int) -> Held:
    return {(ACCOUNT, LONG_KEY): long, (ACCOUNT, SHORT_KEY): short}


# 0.5 % of 590 is 2.95.
@pytest.mark.parametrize(
    ("spot", "is_near"),
    [
        ("500", True),
        ("589.99", True),
        ("590", True),
        ("592.95", True),
        ("592.9501", False),
        ("600", False),
    ],
)
def test_a_put_is_near_from_just_above_its_strike_all_the_way_down(
    spot: str, is_near: bool
) -> None:
    assert is_near_the_money(a_spread(), Decimal(spot), NEAR) is is_near


@pytest.mark.parametrize(
    ("spot", "is_near"),
    [
        ("580", False),
        ("587.0499", False),
        ("587.05", True),
        ("590", True),
        ("590.01", True),
        ("700", True),
    ],
)
def test_a_call_is_near_from_just_below_its_strike_all_the_way_up(spot: str, is_near: bool) -> None:
    spread = a_spread(strategy=Strategy.SHORT)
    assert is_near_the_money(spread, Decimal(spot), NEAR) is is_near


@given(st.integers(1, 200_000), st.sampled_from(Strategy))
def test_in_the_money_is_always_near(cents: int, strategy: Strategy) -> None:
    spread, spot = a_spread(strategy=strategy), Decimal(cents) / 100
    if spread.short_contract.intrinsic(spot) > 0:
        assert is_near_the_money(spread, spot, Decimal(0))


def limit_after(previous: str | None, natural: str, tick: str = "0.01") -> str:
    before = None if previous is None else Decimal(previous)
    return str(closing_limit(before, Decimal(natural), width=WIDTH, step=CENT, tick=Decimal(tick)))


@pytest.mark.parametrize(
    ("previous", "natural", "tick", "limit"),
    [
        (None, "1.00", "0.01", "1.00"),
        (None, "1.001", "0.01", "1.01"),
        (None, "1.01", "0.05", "1.05"),
        (None, "5.20", "0.01", "5"),
        ("1.00", "1.00", "0.01", "1.01"),
        ("1.00", "0.40", "0.01", "1.01"),
        ("1.00", "1.30", "0.01", "1.30"),
        ("1.00", "1.00", "0.05", "1.05"),
        ("4.99", "1.00", "0.01", "5.00"),
        ("5", "1.00", "0.01", "5"),
    ],
)
def test_the_limit_is_the_natural_price_rounded_up_and_rises_to_at_most_the_width(
    previous: str | None, natural: str, tick: str, limit: str
) -> None:
    assert Decimal(limit_after(previous, natural, tick)) == Decimal(limit)


@given(
    st.lists(st.integers(0, 7000).map(lambda mills: Decimal(mills) / 1000), min_size=1),
    st.sampled_from([Decimal("0.01"), Decimal("0.05")]),
)
def test_on_any_market_limits_rise_on_the_tick_and_pay_no_more_than_the_width(
    naturals: list[Decimal], tick: Decimal
) -> None:
    limits: list[Decimal] = []
    for natural in naturals:
        previous = limits[-1] if limits else None
        limits.append(closing_limit(previous, natural, width=WIDTH, step=CENT, tick=tick))
        assert limits[-1] >= min(natural, WIDTH)
    assert max(limits) <= WIDTH
    assert all(limit % tick == 0 for limit in limits)
    assert all(after > before or after == WIDTH for before, after in pairwise(limits))


def test_as_many_are_closed_as_we_hold() -> None:
    assert closing_quantity(a_holding(5), held(5, -5)) == 5
    assert closing_quantity(a_holding(5), held(9, -7)) == 5


@pytest.mark.parametrize(
    ("at_broker", "quantity"),
    [
        (held(3, -5), 3),
        (held(5, -2), 2),
        (held(5, 0), 0),
        (held(-5, -5), 0),
        (held(5, 5), 0),
        ({}, 0),
        ({(AccountId("DU9"), LONG_KEY): 5, (AccountId("DU9"), SHORT_KEY): -5}, 0),
    ],
)
def test_no_more_are_closed_than_the_broker_holds_of_each_leg(
    at_broker: Held, quantity: int
) -> None:
    assert closing_quantity(a_holding(5), at_broker) == quantity


@given(st.integers(1, 20), st.integers(-20, 20), st.integers(-20, 20))
def test_a_closing_never_brings_a_leg_through_zero(ours: int, long: int, short: int) -> None:
    quantity = closing_quantity(a_holding(ours), held(long, short))
    assert 0 <= quantity <= ours
    if quantity:
        assert long - quantity >= 0
        assert short + quantity <= 0


def a_closing(state: OrderState, quantity: int, filled_quantity: int = 0) -> Order:
    return an_order(
        state, purpose=Purpose.CLOSE, quantity=quantity, filled_quantity=filled_quantity
    )


def test_what_is_being_closed_of_a_shared_leg_is_not_closed_twice() -> None:
    at_broker = held(10, -10)
    assert closing_quantity(a_holding(5), at_broker, under_way([])) == 5
    live = a_closing(OrderState.WORKING, 7)
    assert closing_quantity(a_holding(5), at_broker, under_way([live])) == 3
    partly = a_closing(OrderState.WORKING, 7, 4)
    assert closing_quantity(a_holding(5), held(6, -6), under_way([partly])) == 3


def test_only_what_may_still_trade_counts_as_under_way() -> None:
    ended = [a_closing(OrderState.CANCELED, 5), an_order(OrderState.WORKING)]
    assert under_way(ended) == {}
    assert under_way([a_closing(OrderState.PLANNED, 5)]) == {
        (ACCOUNT, LONG_KEY): -5,
        (ACCOUNT, SHORT_KEY): 5,
    }


@given(st.lists(st.integers(0, 10), max_size=4), st.integers(0, 20), st.integers(0, 20))
def test_however_many_close_the_same_legs_none_is_brought_through_zero(
    others: list[int], long: int, short: int
) -> None:
    live = [a_closing(OrderState.WORKING, quantity) for quantity in others if quantity]
    quantity = closing_quantity(a_holding(5), held(long, -short), under_way(live))
    if quantity:
        assert quantity + sum(others) <= min(long, short)


def quotes(long: tuple[str | None, str | None], short: tuple[str | None, str | None]) -> Quotes:
    return by_contract(
        a_quote(*long, contract=a_contract("585")), a_quote(*short, contract=a_contract("590"))
    )


@pytest.mark.parametrize(
    ("long", "short", "market"),
    [
        (("0.98", "1.00"), ("1.96", "1.98"), ("0.96", "1.00")),
        ((None, "0.01"), ("0.04", "0.06"), ("0.03", "0.06")),
        ((None, None), ("0.04", "0.06"), None),
        (("0.98", "1.00"), (None, "1.98"), None),
        (("0.98", "1.00"), ("1.96", None), None),
        (("1.02", "1.00"), ("1.96", "1.98"), None),
        (("0.98", "1.00"), ("2.00", "1.98"), None),
    ],
)
def test_only_a_worthless_long_leg_may_lack_a_bid(
    long: tuple[str | None, str | None],
    short: tuple[str | None, str | None],
    market: tuple[str, str] | None,
) -> None:
    found = closing_market(a_spread(), quotes(long, short), now=NOON, max_age_seconds=2)
    assert found == (a_market(*market) if market else None)


def test_old_quotes_price_no_closing() -> None:
    fresh = quotes(("0.98", "1.00"), ("1.96", "1.98"))
    later = NOON + timedelta(seconds=3)
    assert closing_market(a_spread(), fresh, now=later, max_age_seconds=2) is None
    assert closing_market(a_spread(), {}, now=NOON, max_age_seconds=2) is None


def test_a_closing_is_planned_for_what_the_opening_brought_and_buys_it_back() -> None:
    position = a_holding(5)
    opened_by = replace(an_order(OrderState.FILLED), traceparent="00-abc")
    order = plan_closing(
        position,
        opened_by,
        2,
        quantity=position.open_quantity,
        session_date="2026-11-30",
        now=NOON,
        cause=CloseCause.COMMAND,
    )
    assert order.order_id == closing_order_id(position.position_id, 2)
    assert order.order_id == f"{position.position_id}~close~2"
    assert (order.purpose, order.state) == (Purpose.CLOSE, OrderState.PLANNED)
    assert (order.quantity, order.filled_quantity) == (5, 0)
    assert (order.follower_id, order.account_id) == (position.follower_id, position.account_id)
    assert (order.login_id, order.signal_id) == (opened_by.login_id, opened_by.signal_id)
    assert (order.session_date, order.traceparent) == ("2026-11-30", "00-abc")
    assert (order.planned_at, order.close_cause) == (NOON, CloseCause.COMMAND)
    assert [(leg.contract.key, leg.side) for leg in order.legs] == [
        (LONG_KEY, Side.SELL),
        (SHORT_KEY, Side.BUY),
    ]
