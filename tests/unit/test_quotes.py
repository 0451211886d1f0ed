"""Quotes: mids, ages, and the signed net market of a combo (golden for buy/sell x debit/credit)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.quotes import NetQuote, Quote, net_quote
from shared.domain.spreads import Leg, Spread, Strategy
from tests.builders import NOON, a_contract, a_quote, a_spread, by_contract

CENTS = st.integers(0, 5000).map(lambda cents: Decimal(cents) / 100)


def priced(legs: tuple[Leg, ...], *quotes: Quote) -> NetQuote | None:
    return net_quote(legs, by_contract(*quotes), now=NOON, max_age_seconds=2)


def hedge_quote(spread: Spread, bid: str | None = "0.40", ask: str | None = "0.42") -> Quote:
    return a_quote(bid, ask, contract=spread.long_contract)


def risk_quote(spread: Spread, bid: str | None = "1.30", ask: str | None = "1.34") -> Quote:
    return a_quote(bid, ask, contract=spread.short_contract)


def test_the_middle_is_unrounded() -> None:
    assert a_quote("1.00", "1.01").mid == Decimal("1.005")


def test_a_locked_market_has_a_middle() -> None:
    assert a_quote("1.00", "1.00").mid == Decimal("1.00")


@pytest.mark.parametrize(("bid", "ask"), [(None, "1"), ("1", None), (None, None), ("1.01", "1")])
def test_a_one_sided_or_crossed_market_has_no_middle(bid: str | None, ask: str | None) -> None:
    assert a_quote(bid, ask).mid is None


@pytest.mark.parametrize("strategy", list(Strategy))
def test_opening_a_credit_spread_is_bought_at_a_negative_price(strategy: Strategy) -> None:
    spread = a_spread(strategy=strategy)
    market = priced(spread.opening_legs, hedge_quote(spread), risk_quote(spread))
    # Natural: pay 0.42 for the hedge, take 1.30 for the risk. Selling: 0.40 less 1.34.
    assert market == NetQuote(bid=Decimal("-0.94"), ask=Decimal("-0.88"))
    assert market is not None
    assert market.mid == Decimal("0.41") - Decimal("1.32")
    assert market.width == Decimal("0.06")


@pytest.mark.parametrize("strategy", list(Strategy))
def test_closing_it_is_bought_at_a_positive_price(strategy: Strategy) -> None:
    spread = a_spread(strategy=strategy)
    market = priced(spread.closing_legs, hedge_quote(spread), risk_quote(spread))
    assert market == NetQuote(bid=Decimal("0.88"), ask=Decimal("0.94"))


def test_a_credit_of_exactly_one_is_a_price_and_not_a_sign_of_no_data() -> None:
    spread = a_spread()
    market = priced(
        spread.opening_legs, hedge_quote(spread, "0.40", "0.40"), risk_quote(spread, "1.40", "1.40")
    )
    assert market == NetQuote(bid=Decimal("-1.00"), ask=Decimal("-1.00"))


@pytest.mark.parametrize(("bid", "ask"), [(None, "1.34"), ("1.30", None), ("1.34", "1.30")])
def test_one_unusable_leg_leaves_the_combo_without_a_price(
    bid: str | None, ask: str | None
) -> None:
    spread = a_spread()
    assert priced(spread.opening_legs, hedge_quote(spread), risk_quote(spread, bid, ask)) is None


def test_a_leg_without_a_quote_leaves_the_combo_without_a_price() -> None:
    spread = a_spread()
    assert priced(spread.opening_legs, hedge_quote(spread), a_quote()) is not None
    assert (
        priced(spread.opening_legs, hedge_quote(spread), a_quote(contract=a_contract("1"))) is None
    )


@pytest.mark.parametrize(("age", "usable"), [(0, True), (2, True), (2.001, False), (60, False)])
def test_a_quote_is_good_for_two_seconds(age: float, usable: bool) -> None:
    spread = a_spread()
    old = a_quote(contract=spread.short_contract, at=NOON - timedelta(seconds=age))
    assert old.age_seconds(NOON) == age
    assert (priced(spread.opening_legs, hedge_quote(spread), old) is not None) == usable


@given(CENTS, CENTS, CENTS, CENTS)
def test_the_net_market_is_uncrossed_and_closing_mirrors_opening(
    hedge_bid: Decimal, hedge_wide: Decimal, risk_bid: Decimal, risk_wide: Decimal
) -> None:
    spread = a_spread()
    quotes = (
        hedge_quote(spread, str(hedge_bid), str(hedge_bid + hedge_wide)),
        risk_quote(spread, str(risk_bid), str(risk_bid + risk_wide)),
    )
    opening = priced(spread.opening_legs, *quotes)
    closing = priced(spread.closing_legs, *quotes)
    assert opening is not None
    assert closing is not None
    assert opening.bid <= opening.mid <= opening.ask
    assert opening.width == hedge_wide + risk_wide
    assert (closing.bid, closing.ask) == (-opening.ask, -opening.bid)
    hedge_mid, risk_mid = quotes[0].mid, quotes[1].mid
    assert hedge_mid is not None
    assert risk_mid is not None
    assert opening.mid == hedge_mid - risk_mid
