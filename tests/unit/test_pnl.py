"""Profit and loss: golden figures by hand, and what must hold for any."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.money import from_micros, to_micros
from shared.domain.pnl import DayCurve, ProfitAndLoss, day_curve, mark_legs
from shared.domain.positions import LegPosition, Position, book_leg
from shared.domain.spreads import Side
from tests.builders import a_fill, a_position, a_spread

HEDGE, RISK = a_spread().long_contract, a_spread().short_contract
USD = st.integers(-(10**10), 10**10).map(from_micros)
OPENING = [
    a_fill(Side.BUY, 5, "0.41", contract=HEDGE, exec_id="1.02", fee="3.25"),
    a_fill(Side.SELL, 5, "1.32", contract=RISK, exec_id="1.03", fee="3.25"),
]


def marked(position: Position, hedge_mid: str, risk_mid: str) -> ProfitAndLoss:
    mids = {HEDGE.key: Decimal(hedge_mid), RISK.key: Decimal(risk_mid)}
    return mark_legs(position.legs, mids, fees=position.fees)


def profit(realized: str, unrealized: str, fees: str) -> ProfitAndLoss:
    return ProfitAndLoss(
        realized=Decimal(realized), unrealized=Decimal(unrealized), fees=Decimal(fees)
    )


def test_an_open_spread_is_marked_leg_by_leg_at_the_middle() -> None:
    # Hedge (0.30 - 0.41) x 5 x 100 = -55; risk (1.00 - 1.32) x -5 x 100 = +160.
    result = marked(a_position(OPENING), "0.30", "1.00")
    assert result == profit("0", "105", "6.50")
    assert result.total == Decimal("98.50")


def test_right_after_the_opening_only_the_market_width_and_the_fees_are_lost() -> None:
    # Middle 0.405 / 1.31: hedge -2.50, risk +5.00.
    result = marked(a_position(OPENING), "0.405", "1.31")
    assert result == profit("0", "2.50", "6.50")


def test_a_partly_closed_spread_has_both_kinds() -> None:
    position = a_position(
        [
            *OPENING,
            a_fill(Side.SELL, 2, "0.20", contract=HEDGE, exec_id="2.02", fee="1.30"),
            a_fill(Side.BUY, 2, "0.80", contract=RISK, exec_id="2.03", fee="1.30"),
        ]
    )
    # Realized: (0.20 - 0.41) x 200 = -42, (1.32 - 0.80) x 200 = +104.
    # Open three: (0.30 - 0.41) x 300 = -33, (1.32 - 1.00) x 300 = +96.
    result = marked(position, "0.30", "1.00")
    assert result == profit("62", "63", "9.10")
    assert result.total == Decimal("115.90")


def test_a_closed_spread_keeps_the_credit_less_the_debit_less_the_fees() -> None:
    position = a_position(
        [
            *OPENING,
            a_fill(Side.SELL, 5, "0.20", contract=HEDGE, exec_id="2.02", fee="3.25"),
            a_fill(Side.BUY, 5, "0.80", contract=RISK, exec_id="2.03", fee="3.25"),
        ]
    )
    # Credit 0.91, debit 0.60: 0.31 x 500 = 155; four legs x 3.25.
    result = mark_legs(position.legs, {}, fees=position.fees)
    assert result == profit("155", "0", "13.00")
    assert result.total == Decimal("142.00")


def test_worthless_expiry_keeps_the_whole_credit() -> None:
    position = a_position(
        [
            *OPENING,
            a_fill(Side.SELL, 5, "0", contract=HEDGE, exec_id="9.01", fee=None),
            a_fill(Side.BUY, 5, "0", contract=RISK, exec_id="9.02", fee=None),
        ]
    )
    # 0.91 x 500 = 455.
    assert mark_legs(position.legs, {}, fees=position.fees).total == Decimal("448.50")


def test_an_open_leg_without_a_middle_is_never_guessed() -> None:
    with pytest.raises(KeyError):
        mark_legs(a_position(OPENING).legs, {HEDGE.key: Decimal(1)}, fees=Decimal(0))


def test_nothing_held_is_nothing_won() -> None:
    assert mark_legs(a_position().legs, {}, fees=Decimal(0)) == ProfitAndLoss()


@given(
    st.lists(
        st.tuples(st.integers(-500, 500), st.integers(0, 50_000_000).map(from_micros)),
        max_size=12,
    ),
    st.integers(0, 10_000).map(lambda half_cents: Decimal(half_cents) / 200),
)
def test_the_total_is_cash_plus_what_the_holding_is_worth(
    trades: list[tuple[int, Decimal]], mid: Decimal
) -> None:
    leg = LegPosition(contract_key=HEDGE.key)
    for quantity, price in trades:
        leg = book_leg(leg, quantity, price)
    result = mark_legs([leg], {HEDGE.key: mid}, fees=Decimal("0.65"))
    cash = -sum((price * quantity * 100 for quantity, price in trades), Decimal(0))
    assert result.total == cash + leg.quantity * mid * 100 - Decimal("0.65")
    assert from_micros(to_micros(result.total)) == result.total


@given(st.lists(st.builds(ProfitAndLoss, realized=USD, unrealized=USD, fees=USD), max_size=8))
def test_a_sum_of_results_is_the_result_of_the_sums(parts: list[ProfitAndLoss]) -> None:
    together = sum(parts, ProfitAndLoss())
    assert together.total == sum((part.total for part in parts), Decimal(0))
    assert together.fees == sum((part.fees for part in parts), Decimal(0))


def curve(*totals: str) -> DayCurve:
    return day_curve([Decimal(total) for total in totals])


def test_a_day_is_summed_up_by_its_curve() -> None:
    # Peak 50 falls to -30 (80), peak 80 falls to 10 (70): the larger fall counts.
    assert curve("5", "50", "-30", "20", "80", "10") == DayCurve(
        open=Decimal(5),
        close=Decimal(10),
        high=Decimal(80),
        low=Decimal(-30),
        drawdown=Decimal(80),
    )


def test_a_day_that_only_falls_falls_from_zero() -> None:
    assert curve("-10", "-40", "-25").drawdown == 40
    assert curve("-10", "-40", "-25").high == 0


def test_a_day_that_only_rises_has_no_drawdown() -> None:
    assert curve("1", "2", "3").drawdown == 0
    assert curve("1", "2", "3").low == 0


def test_a_day_without_marks_is_all_zero() -> None:
    zero = Decimal(0)
    assert day_curve([]) == DayCurve(open=zero, close=zero, high=zero, low=zero, drawdown=zero)


@given(st.lists(USD, min_size=1, max_size=40))
def test_the_drawdown_is_the_largest_fall_between_any_two_moments(totals: list[Decimal]) -> None:
    day = day_curve(totals)
    path = [Decimal(0), *totals]
    falls = (path[i] - later for i in range(len(path)) for later in path[i:])
    assert day.drawdown == max(falls)
    assert (day.low, day.high) == (min(path), max(path))
    assert day.low <= day.open <= day.high
    assert day.low <= day.close <= day.high
