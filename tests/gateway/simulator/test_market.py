"""The model market, margin and prices, without sockets."""

import statistics
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.simulator import SessionHours, model_option_price
from gateway.simulator.accounts import Account
from gateway.simulator.contracts import Contract
from gateway.simulator.draws import between, identifier, normal, uniform
from gateway.simulator.margin import initial_margin
from gateway.simulator.market import Market
from gateway.simulator.model import volatility_share
from gateway.simulator.quoted_seconds import QuotedSeconds
from tests.gateway.simulator.conftest import EXPIRY, OPEN_AT, a_config

STRIKES = st.integers(1000, 1400).map(lambda halves: Decimal(halves) / 2)


def option(market: Market, strike: str, right: str = "P", expiry: str = EXPIRY) -> Contract:
    found = market.contracts.option(expiry, Decimal(strike), right)
    assert found is not None
    return found


def test_the_spot_at_the_open_is_the_configured_one() -> None:
    assert Market(a_config()).spot(OPEN_AT) == Decimal("600.00")


def test_quotes_do_not_depend_on_what_was_asked_before() -> None:
    late = OPEN_AT + timedelta(hours=6)
    asked_often = Market(a_config())
    instants = [OPEN_AT + timedelta(seconds=n) for n in range(0, 600, 7)]
    for at in instants:
        asked_often.quote(option(asked_often, "597"), at)
    asked_once = Market(a_config())
    assert asked_once.spot(late) == asked_often.spot(late)
    contract = option(asked_once, "597")
    assert asked_once.quote(contract, late) == asked_often.quote(contract, late)
    early = OPEN_AT + timedelta(seconds=7)
    assert asked_once.quote(contract, early) == asked_often.quote(contract, early)


def test_quotes_are_constant_within_a_second_and_step_at_the_next() -> None:
    market = Market(a_config())
    contract = option(market, "599")
    at = OPEN_AT + timedelta(seconds=30)
    quotes = [market.quote(contract, at + timedelta(milliseconds=n)) for n in (0, 500, 999)]
    assert quotes[0] == quotes[1] == quotes[2]
    assert market.quote(contract, at + timedelta(seconds=1)) != quotes[0]


def test_the_first_minutes_are_calm() -> None:
    shares = [volatility_share(second) for second in (-100, 0, 300, 450, 600, 20_000)]
    assert shares == [0.15, 0.15, 0.15, pytest.approx(0.575), 1.0, 1.0]


def test_a_credit_at_the_mid_of_a_calm_quote_is_reached_in_the_first_minutes() -> None:
    market = Market(a_config())
    short, long = option(market, "598"), option(market, "593")
    instants = [OPEN_AT + timedelta(seconds=n) for n in range(60)]
    quotes = [(market.quote(long, at), market.quote(short, at)) for at in instants]
    mids = [bought.mid - sold.mid for bought, sold in quotes]
    naturals = [bought.ask - sold.bid for bought, sold in quotes]
    calm = statistics.median(mids)
    assert sum(natural <= calm for natural in naturals) >= 6


def two_days() -> Market:
    day = timedelta(days=1)
    second = SessionHours(open_at=OPEN_AT + day, close_at=OPEN_AT + day + timedelta(hours=6.5))
    return Market(replace(a_config(), later_sessions=(second,)))


def test_the_underlying_stands_still_at_night_and_moves_again_in_the_morning() -> None:
    market = two_days()
    evening = OPEN_AT + timedelta(hours=10, minutes=30)
    morning = evening + timedelta(hours=8)
    night = {market.spot(evening + timedelta(hours=n)) for n in range(8)}
    assert len(night) == 1
    assert {market.spot(morning + timedelta(minutes=n)) for n in range(30)} != night
    assert two_days().spot(morning + timedelta(hours=7)) == market.spot(
        morning + timedelta(hours=7)
    )


@given(st.integers(1, 200_000))
def test_quoted_seconds_are_numbered_without_a_gap(number: int) -> None:
    market = two_days()
    quoted = QuotedSeconds(market.days)
    last = quoted.up_to(quoted.open_second + 10**7)
    number = min(number, last)
    second = quoted.second(number)
    assert quoted.up_to(second) == number
    assert quoted.up_to(second - 1) == number - 1
    at = datetime.fromtimestamp(second, UTC)
    assert market.days.at(at).is_quoting("STK", at)


def test_an_hour_moves_as_much_as_its_volatility_says() -> None:
    at = OPEN_AT + timedelta(hours=1)
    spots = [float(Market(a_config(seed=seed)).spot(at)) for seed in range(24)]
    calm_share = 0.85
    expected = 600 * 0.20 * (calm_share / 8760) ** 0.5
    assert 0.6 * expected < statistics.stdev(spots) < 1.5 * expected


@settings(deadline=None)
@given(st.integers(0, 6 * 3600), STRIKES, st.sampled_from("PC"))
def test_every_option_is_two_sided_on_the_tick_and_at_most_three_cents_wide(
    second: int, strike: Decimal, right: str
) -> None:
    market = Market(a_config())
    at = OPEN_AT + timedelta(seconds=second % 900)
    quote = market.quote(option(market, str(strike), right), at)
    assert quote.is_two_sided
    assert quote.bid % Decimal("0.01") == 0
    assert Decimal("0.02") <= quote.ask - quote.bid <= Decimal("0.03")
    assert 40 <= quote.bid_size <= 240
    assert 40 <= quote.ask_size <= 240


def test_equal_strikes_are_one_contract_and_ids_are_fixed() -> None:
    market = Market(a_config())
    same = [option(market, text) for text in ("597", "597.0", "597.00", "5.97E+2")]
    assert {contract.con_id for contract in same} == {same[0].con_id}
    assert same[0].con_id == option(Market(a_config(seed=99)), "597").con_id
    assert same[0].local_symbol == "QQQ   261123P00597000"


def test_put_call_parity_holds_in_the_model() -> None:
    prices = {
        right: model_option_price(
            spot=Decimal(600),
            strike=Decimal(598),
            right=right,
            at=OPEN_AT,
            expiry=date(2026, 11, 23),
            volatility=Decimal("0.20"),
        )
        for right in "CP"
    }
    assert prices["C"] - prices["P"] == 2
    assert prices["P"] > Decimal("0.3")


def test_on_a_half_day_time_value_ends_at_the_early_close() -> None:
    open_at = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
    close_at = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    market = Market(a_config(open_at=open_at, close_at=close_at))
    contract = option(market, "600", "C", "20261127")
    expected = model_option_price(
        spot=market.spot(open_at),
        strike=Decimal(600),
        right="C",
        at=open_at,
        expiry=close_at,
        volatility=Decimal("0.20"),
    )
    assert abs(market.quote(contract, open_at).mid - expected) <= Decimal("0.011")


@settings(deadline=None)
@given(st.integers(1, 50), st.integers(1, 20), st.booleans())
def test_a_credit_vertical_needs_its_width_times_a_hundred(
    quantity: int, width: int, is_put: bool
) -> None:
    market = Market(a_config())
    right = "P" if is_put else "C"
    short = option(market, "600", right)
    long = option(market, str(600 - width if is_put else 600 + width), right)
    holdings = [(short, -quantity), (long, quantity)]
    assert initial_margin(holdings, Decimal(600)) == width * 100 * quantity


def test_an_iron_condor_needs_one_wing_and_a_debit_vertical_nothing() -> None:
    market = Market(a_config())
    wings = [("590", "P", 1), ("595", "P", -1), ("605", "C", -1), ("610", "C", 1)]
    condor = [(option(market, strike, right), n) for strike, right, n in wings]
    assert initial_margin(condor, Decimal(600)) == 500
    debit = [(option(market, "600", "P"), 1), (option(market, "595", "P"), -1)]
    assert initial_margin(debit, Decimal(600)) == 0
    stock = market.contracts.underlying
    assert initial_margin([(stock, -100)], Decimal(600)) == 15_000


def test_average_cost_matching_realizes_what_was_made_after_fees() -> None:
    market = Market(a_config())
    account, contract = Account("DU1", Decimal(10_000)), option(market, "600")
    account.book(contract, -2, Decimal("0.80"))
    account.book(contract, -2, Decimal("0.90"))
    booking = account.book(contract, 3, Decimal("0.40"))
    average = (Decimal("0.85") * 400 - 4 * Decimal("0.65")) / 4
    assert booking.realized == 3 * (average - 40) - 3 * Decimal("0.65")
    assert account.quantity(contract.con_id) == -1
    account.book(contract, 2, Decimal("0.10"))
    assert account.quantity(contract.con_id) == 1
    assert account.cash == 10_000 + 340 - 120 - 20 - 9 * Decimal("0.65")


def test_draws_depend_on_their_key_alone() -> None:
    assert uniform(1, "a", 2) == uniform(1, "a", 2) != uniform(1, "a", 3)
    assert all(0 <= uniform(1, n) < 1 for n in range(500))
    assert {between(3, 5, 1, n) for n in range(200)} == {3, 4, 5}
    draws = [normal(7, n) for n in range(4000)]
    assert abs(statistics.mean(draws)) < 0.06
    assert 0.95 < statistics.stdev(draws) < 1.05
    assert all(0 < identifier("x", n) < 2**31 for n in range(500))
