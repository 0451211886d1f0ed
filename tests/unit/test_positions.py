"""Positions: average cost, leg by leg; every cent that moved is found again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.fills import ExecId, Fill, split_exec_id
from shared.domain.followers import FollowerId
from shared.domain.money import from_micros, to_micros, usd_text
from shared.domain.options import ContractKey, OptionContract
from shared.domain.positions import LegPosition, apply_fills, book_leg, position_id_of
from shared.domain.spreads import Side
from tests.builders import NOON, a_combo_fill, a_fill, a_position, a_spread

HEDGE, RISK = a_spread().long_contract, a_spread().short_contract
QUANTITIES = st.integers(-500, 500).filter(bool)
PRICES = st.integers(0, 50_000_000).map(from_micros)
TRADES = st.lists(st.tuples(QUANTITIES, PRICES), max_size=12)


def booked(trades: Sequence[tuple[int, Decimal]]) -> LegPosition:
    leg = LegPosition(contract_key=HEDGE.key)
    for quantity, price in trades:
        leg = book_leg(leg, quantity, price)
    return leg


def at_prices(*trades: tuple[int, str]) -> LegPosition:
    return booked([(quantity, Decimal(price)) for quantity, price in trades])


def summary(leg: LegPosition) -> tuple[int, str, str]:
    """Contracts, average entry, realized."""
    return leg.quantity, usd_text(leg.average_price), usd_text(leg.realized)


def cash_of(trades: Sequence[tuple[int, Decimal]]) -> Decimal:
    return -sum((price * quantity * 100 for quantity, price in trades), Decimal(0))


@st.composite
def fills_of_both_legs(draw: st.DrawFn) -> list[Fill]:
    contracts = st.sampled_from([HEDGE, RISK])
    rows = draw(st.lists(st.tuples(contracts, QUANTITIES, PRICES, st.integers(0, 3)), max_size=10))
    return [numbered(row, number) for number, row in enumerate(rows)]


def numbered(row: tuple[OptionContract, int, Decimal, int], number: int) -> Fill:
    contract, quantity, price, second = row
    return a_fill(
        Side.BUY if quantity > 0 else Side.SELL,
        abs(quantity),
        str(price),
        contract=contract,
        exec_id=f"{number:04}.01",
        at=NOON + timedelta(seconds=second),
    )


def test_buying_more_averages_and_realizes_nothing() -> None:
    leg = at_prices((2, "1.00"), (3, "1.50"))
    # (2 x 1.00 + 3 x 1.50) / 5 = 1.30
    assert summary(leg) == (5, "1.30", "0.00")


def test_selling_part_realizes_against_the_average_and_keeps_it() -> None:
    leg = at_prices((5, "1.30"), (-2, "1.50"))
    # (1.50 - 1.30) x 2 x 100 = 40
    assert summary(leg) == (3, "1.30", "40.00")


def test_a_short_gains_when_it_is_bought_back_cheaper() -> None:
    leg = at_prices((-5, "1.32"), (5, "0.80"))
    # (1.32 - 0.80) x 5 x 100 = 260
    assert summary(leg) == (0, "0.00", "260.00")


def test_a_trade_through_zero_closes_the_old_side_and_opens_the_new_at_its_own_price() -> None:
    leg = at_prices((2, "1.00"), (-5, "1.20"))
    # (1.20 - 1.00) x 2 x 100 = 40; three are short at 1.20.
    assert summary(leg) == (-3, "1.20", "40.00")


def test_an_average_that_does_not_come_out_even_loses_no_cent() -> None:
    # The average is 1.003333...; to the micro it would realize (1.00 - 1.003333) x 300 = -0.9999.
    leg = at_prices((2, "1.00"), (1, "1.01"), (-3, "1.00"))
    assert summary(leg) == (0, "0.00", "-1.00")
    assert leg.cost == 0


@given(TRADES)
def test_realized_less_open_cost_is_the_cash_that_moved(
    trades: list[tuple[int, Decimal]],
) -> None:
    leg = booked(trades)
    assert leg.quantity == sum(quantity for quantity, _ in trades)
    assert leg.realized - leg.cost * leg.multiplier == cash_of(trades)


@given(TRADES, PRICES)
def test_flat_again_all_cash_is_realized_to_the_micro(
    trades: list[tuple[int, Decimal]], last: Decimal
) -> None:
    held = booked(trades).quantity
    trades = [*trades, (-held, last)]
    leg = booked(trades)
    assert leg.quantity == 0
    assert leg.cost == leg.average_price == 0
    assert leg.realized == cash_of(trades)


@given(TRADES)
def test_everything_a_leg_says_can_be_stored_in_micros(
    trades: list[tuple[int, Decimal]],
) -> None:
    leg = booked(trades)
    for amount in (leg.cost, leg.average_price, leg.realized):
        assert from_micros(to_micros(amount)) == amount


@given(TRADES)
def test_the_cost_has_the_sign_of_the_holding_and_the_average_is_never_negative(
    trades: list[tuple[int, Decimal]],
) -> None:
    leg = booked(trades)
    assert leg.cost * leg.quantity >= 0
    assert leg.average_price >= 0


def test_an_opening_of_five_holds_five_spreads() -> None:
    position = a_position(
        [
            a_combo_fill(5, "-0.91", exec_id="0001.01"),
            a_fill(Side.BUY, 5, "0.41", contract=HEDGE, exec_id="0001.02", fee="3.25"),
            a_fill(Side.SELL, 5, "1.32", contract=RISK, exec_id="0001.03", fee="3.25"),
        ]
    )
    assert position.open_quantity == 5
    assert [leg.quantity for leg in position.legs] == [5, -5]
    assert position.fees == Decimal("6.50")
    assert position.realized == 0


def test_a_combo_execution_moves_neither_contracts_nor_money() -> None:
    assert a_position([a_combo_fill(5, "-0.91")]) == a_position()


@pytest.mark.parametrize(
    ("hedges", "risks", "spreads"), [(5, 5, 5), (5, 3, 3), (2, 5, 2), (0, 5, 0), (5, 0, 0)]
)
def test_only_whole_spreads_count_as_open(hedges: int, risks: int, spreads: int) -> None:
    position = a_position(
        [
            *([a_fill(Side.BUY, hedges, contract=HEDGE, exec_id="1.02")] if hedges else []),
            *([a_fill(Side.SELL, risks, contract=RISK, exec_id="1.03")] if risks else []),
        ]
    )
    assert position.open_quantity == spreads
    assert not position.is_flat


def test_legs_held_the_wrong_way_round_are_no_spread() -> None:
    position = a_position(
        [
            a_fill(Side.SELL, 5, contract=HEDGE, exec_id="1.02"),
            a_fill(Side.BUY, 5, contract=RISK, exec_id="1.03"),
        ]
    )
    assert position.open_quantity == 0


def test_assigned_stock_is_a_leg_of_the_same_position() -> None:
    stock = replace(
        a_fill(Side.BUY, 100, "590", exec_id="2.01", fee=None),
        contract_key=ContractKey("QQQ"),
        multiplier=1,
    )
    position = a_position(
        [
            a_fill(Side.SELL, 1, "1.32", contract=RISK, exec_id="1.03", fee=None),
            a_fill(Side.BUY, 1, "0", contract=RISK, exec_id="2.00", fee=None),
            stock,
            replace(stock, exec_id=ExecId("3.01"), side=Side.SELL, price=Decimal("588.50")),
        ]
    )
    # The credit 132 stays; 100 shares bought at the strike and sold 1.50 lower cost 150.
    assert position.is_flat
    assert position.realized == 132 - 150


@given(st.data(), fills_of_both_legs())
def test_a_position_does_not_depend_on_the_order_its_fills_arrive_in(
    data: st.DataObject, fills: list[Fill]
) -> None:
    assert a_position(data.draw(st.permutations(fills))) == a_position(fills)


@given(fills_of_both_legs())
def test_the_cash_and_the_fees_of_all_fills_are_conserved(fills: list[Fill]) -> None:
    position = a_position(fills)
    cash = -sum((f.signed_quantity * f.price * f.multiplier for f in fills), Decimal(0))
    open_cost = sum((leg.cost * leg.multiplier for leg in position.legs), Decimal(0))
    assert position.realized - open_cost == cash
    assert position.fees == Decimal("0.65") * len(fills)


@given(fills_of_both_legs(), st.integers(0, 10))
def test_booking_in_two_parts_is_booking_at_once(fills: list[Fill], cut: int) -> None:
    in_time = sorted(fills, key=lambda fill: (fill.at, fill.exec_id))
    first = a_position(in_time[:cut])
    assert apply_fills(first, in_time[cut:]) == a_position(fills)


def test_a_fee_that_was_not_reported_yet_counts_nothing() -> None:
    assert a_position([a_fill(fee=None, contract=HEDGE)]).fees == 0


def test_a_position_is_named_by_its_follower_and_its_spread() -> None:
    name = position_id_of(FollowerId("anna"), a_spread())
    assert name == "anna~QQQ-2026-11-27-P-585-590"
    assert a_position().position_id == name


@pytest.mark.parametrize(
    ("broker_id", "stem", "revision"),
    [
        ("00020057.69b23d39.02.01", "00020057.69b23d39.02", "01"),
        ("00020057.69b23d39.02.02", "00020057.69b23d39.02", "02"),
        ("plain", "plain", "01"),
    ],
)
def test_a_correction_differs_only_after_the_last_dot(
    broker_id: str, stem: str, revision: str
) -> None:
    assert split_exec_id(broker_id) == (stem, revision)
