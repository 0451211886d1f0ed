"""Options and spreads: names, sides, signs and payoff."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.options import Right, strike_text, underlying_key
from shared.domain.spreads import (
    Leg,
    Side,
    Spread,
    Strategy,
    spread_of,
    strikes_are_in_order,
)
from tests.builders import a_contract, a_spread

STRIKES = st.integers(1, 4000).map(lambda quarter: Decimal(quarter) / 4)
SPOTS = st.decimals(min_value=0, max_value=2000, places=2)
STRATEGIES = st.sampled_from(Strategy)


@st.composite
def spreads(draw: st.DrawFn) -> Spread:
    width = draw(st.integers(1, 50))
    return a_spread(
        width=str(width),
        short_strike=str(draw(STRIKES) + width),
        strategy=draw(STRATEGIES),
    )


def test_long_is_a_bull_put_that_buys_the_lower_strike() -> None:
    spread = a_spread(strategy=Strategy.LONG, short_strike="590", width="5")
    assert spread.right is Right.PUT
    assert (spread.long_strike, spread.short_strike) == (Decimal(585), Decimal(590))
    assert spread.spread_id == "QQQ-2026-11-27-P-585-590"


def test_short_is_a_bear_call_that_buys_the_higher_strike() -> None:
    spread = a_spread(strategy=Strategy.SHORT, short_strike="600", width="2.5")
    assert spread.right is Right.CALL
    assert (spread.long_strike, spread.short_strike) == (Decimal("602.5"), Decimal(600))
    assert spread.spread_id == "QQQ-2026-11-27-C-602.5-600"


def test_opening_buys_the_hedge_and_sells_the_risk_and_closing_undoes_it() -> None:
    spread = a_spread(strategy=Strategy.LONG, short_strike="590", width="5")
    hedge, risk = a_contract("585"), a_contract("590")
    assert spread.opening_legs == (
        Leg(contract=hedge, side=Side.BUY),
        Leg(contract=risk, side=Side.SELL),
    )
    assert spread.closing_legs == (
        Leg(contract=hedge, side=Side.SELL),
        Leg(contract=risk, side=Side.BUY),
    )


@pytest.mark.parametrize(
    ("strategy", "long_strike", "short_strike"),
    [
        (Strategy.LONG, 590, 585),
        (Strategy.LONG, 590, 590),
        (Strategy.SHORT, 590, 595),
        (Strategy.SHORT, 590, 590),
    ],
)
def test_strikes_that_make_no_credit_are_refused(
    strategy: Strategy, long_strike: int, short_strike: int
) -> None:
    with pytest.raises(ValueError, match="is no credit"):
        spread_of(
            symbol="QQQ",
            strategy=strategy,
            expiry="2026-11-27",
            long_strike=Decimal(long_strike),
            short_strike=Decimal(short_strike),
        )


@given(STRIKES, STRIKES)
def test_different_strikes_suit_exactly_one_strategy(one: Decimal, other: Decimal) -> None:
    fitting = [s for s in Strategy if strikes_are_in_order(s, one, other)]
    assert len(fitting) == (0 if one == other else 1)


@given(spreads(), SPOTS)
def test_what_a_held_spread_owes_at_expiry_is_never_more_than_its_width(
    spread: Spread, spot: Decimal
) -> None:
    owed = spread.short_contract.intrinsic(spot) - spread.long_contract.intrinsic(spot)
    assert 0 <= owed <= spread.width


@given(spreads())
def test_open_and_close_leave_no_contract_behind(spread: Spread) -> None:
    held: dict[str, int] = {}
    for leg in (*spread.opening_legs, *spread.closing_legs):
        held[leg.contract.key] = held.get(leg.contract.key, 0) + leg.side.sign
    assert set(held.values()) == {0}


@given(spreads(), spreads())
def test_different_spreads_have_different_names(one: Spread, other: Spread) -> None:
    assert (one.spread_id == other.spread_id) == (one == other)


@pytest.mark.parametrize(
    ("right", "spot", "value"),
    [(Right.PUT, "588.40", "1.60"), (Right.PUT, "591", "0"), (Right.CALL, "591.25", "1.25")],
)
def test_intrinsic_is_the_gain_of_exercising_and_never_negative(
    right: Right, spot: str, value: str
) -> None:
    assert a_contract("590", right).intrinsic(Decimal(spot)) == Decimal(value)


@pytest.mark.parametrize(
    ("strike", "text"), [("590", "590"), ("590.0", "590"), ("5.9E+2", "590"), ("492.50", "492.5")]
)
def test_a_strike_has_one_spelling(strike: str, text: str) -> None:
    assert strike_text(Decimal(strike)) == text
    assert a_contract(strike).key == f"QQQ-2026-11-27-P-{text}"


def test_the_underlying_is_named_by_its_ticker() -> None:
    assert underlying_key("QQQ") == "QQQ"


def test_each_side_undoes_the_other() -> None:
    assert [side.opposite.opposite for side in Side] == list(Side)
    assert Side.BUY.sign + Side.SELL.sign == 0
