"""Money: micros, cents and ticks, each rounding by name."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput
from shared.domain.money import (
    ceil_to_tick,
    floor_to_tick,
    from_micros,
    round_to_cents,
    round_to_micros,
    to_micros,
    usd_text,
)

MICROS = st.integers(-(10**15), 10**15)
PRICES = st.decimals(min_value=-1000, max_value=1000, places=6)
TICKS = st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal("0.10"), Decimal(1)])


@given(MICROS)
def test_micros_survive_the_way_to_usd_and_back(micros: int) -> None:
    assert to_micros(from_micros(micros)) == micros


@pytest.mark.parametrize(
    ("usd", "micros"),
    [
        ("1", 1_000_000),
        ("-0.70", -700_000),
        ("1.7857", 1_785_700),
        ("0.000001", 1),
        ("1E+3", 10**9),
    ],
)
def test_usd_becomes_whole_micros(usd: str, micros: int) -> None:
    assert to_micros(Decimal(usd)) == micros


@pytest.mark.parametrize("usd", ["0.0000001", "NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_no_whole_micros_can_say_is_refused(usd: str) -> None:
    with pytest.raises(InvalidInput, match="amount"):
        to_micros(Decimal(usd))


@pytest.mark.parametrize(
    ("exact", "cents"),
    [("0.005", "0.01"), ("-0.005", "-0.01"), ("0.0049999", "0.00"), ("2.675", "2.68")],
)
def test_cents_round_half_away_from_zero(exact: str, cents: str) -> None:
    assert round_to_cents(Decimal(exact)) == Decimal(cents)


def test_an_average_is_rounded_to_the_micro() -> None:
    assert round_to_micros(Decimal(2) / 3) == Decimal("0.666667")


@pytest.mark.parametrize(
    ("price", "tick", "floor", "ceiling"),
    [
        ("-1.27", "0.05", "-1.30", "-1.25"),  # towards minus infinity, not towards zero
        ("-0.705", "0.01", "-0.71", "-0.70"),
        ("0.705", "0.01", "0.70", "0.71"),
        ("-0.70", "0.01", "-0.70", "-0.70"),
        ("0", "0.05", "0", "0"),
    ],
)
def test_ticks_round_towards_their_infinity(
    price: str, tick: str, floor: str, ceiling: str
) -> None:
    assert floor_to_tick(Decimal(price), Decimal(tick)) == Decimal(floor)
    assert ceil_to_tick(Decimal(price), Decimal(tick)) == Decimal(ceiling)


@given(PRICES, TICKS)
def test_floor_and_ceiling_enclose_the_price_within_one_tick(price: Decimal, tick: Decimal) -> None:
    floor, ceiling = floor_to_tick(price, tick), ceil_to_tick(price, tick)
    assert floor <= price <= ceiling
    assert ceiling - floor in (0, tick)
    assert floor % tick == 0
    assert ceil_to_tick(-price, tick) == -floor


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1234.5", "1234.50"),
        ("1E+3", "1000.00"),
        ("1.7857", "1.7857"),
        ("0.6500", "0.65"),
        ("-0.00", "0.00"),
        ("-12", "-12.00"),
        ("0.000001", "0.000001"),
    ],
)
def test_amounts_are_written_plainly(amount: str, text: str) -> None:
    assert usd_text(Decimal(amount)) == text


@given(MICROS)
def test_a_written_amount_reads_back_as_the_same_money(micros: int) -> None:
    text = usd_text(from_micros(micros))
    assert to_micros(Decimal(text)) == micros
    assert "E" not in text
    assert len(text.partition(".")[2]) >= 2
