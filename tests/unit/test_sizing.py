"""Sizing: a share of the sheet's quantity, then every cap."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.followers import Follower
from shared.domain.ladder import LadderRules
from shared.domain.sizing import quantity_for, worst_loss
from shared.domain.spreads import Spread
from tests.builders import a_follower, a_spread

FEE = Decimal("0.65")
FLOOR_CREDIT = Decimal("0.70")
WIDTHS = st.integers(1, 50).map(lambda width: a_spread(width=str(width)))
MULTIPLIERS = st.integers(0, 300).map(lambda hundredths: str(Decimal(hundredths) / 100))
CAPS = st.none() | st.integers(0, 600)
LOSSES = st.none() | st.integers(0, 20_000_000).map(lambda cents: str(Decimal(cents) / 100))


def sized(
    follower: Follower, qty_per_leg: int, *, spread: Spread | None = None, book_max: int = 500
) -> int:
    return quantity_for(
        follower,
        spread or a_spread(width="5"),
        qty_per_leg,
        rules=LadderRules(),
        fee_per_leg=FEE,
        book_max_quantity=book_max,
    )


def loss_of(spread: Spread, quantity: int) -> Decimal:
    return worst_loss(spread, quantity, credit=FLOOR_CREDIT, fee_per_leg=FEE)


def test_the_worst_loss_is_the_width_less_the_credit_and_the_fees_of_both_legs() -> None:
    # (5.00 - 0.70) x 100 + 2 x 0.65 = 431.30 a spread.
    assert loss_of(a_spread(width="5"), 1) == Decimal("431.30")
    assert loss_of(a_spread(width="5"), 3) == Decimal("1293.90")


@pytest.mark.parametrize(
    ("multiplier", "quantity"),
    [("1", 125), ("0.5", 62), ("0.29", 36), ("0.007", 0), ("0", 0), ("2", 250)],
)
def test_a_share_of_the_sheets_quantity_is_rounded_down(multiplier: str, quantity: int) -> None:
    assert sized(a_follower(multiplier=multiplier), 125) == quantity


def test_a_share_that_comes_out_whole_stays_whole() -> None:
    # In binary floating point 0.29 x 100 is 28.999999999999996.
    assert sized(a_follower(multiplier="0.29"), 100) == 29


@pytest.mark.parametrize(
    ("max_loss", "quantity"), [("862.59", 1), ("862.60", 2), ("431.29", 0), ("0", 0), ("-5", 0)]
)
def test_the_loss_cap_is_kept_to_the_cent(max_loss: str, quantity: int) -> None:
    assert sized(a_follower(max_loss=max_loss), 10) == quantity


def test_the_smallest_cap_wins() -> None:
    assert sized(a_follower(max_contracts=7, max_loss="4000"), 100, book_max=8) == 7
    assert sized(a_follower(max_contracts=7, max_loss="4000"), 100, book_max=6) == 6
    assert sized(a_follower(max_contracts=30, max_loss="4000"), 100) == 9


def test_a_spread_that_cannot_lose_is_not_capped_by_its_loss() -> None:
    # Width 0.50 against a credit of at least 0.70.
    assert sized(a_follower(max_loss="1"), 3, spread=a_spread(width="0.5")) == 3


@given(WIDTHS, MULTIPLIERS, CAPS, LOSSES, st.integers(0, 600), st.integers(1, 500))
def test_the_quantity_is_the_largest_that_keeps_every_cap(
    spread: Spread,
    multiplier: str,
    max_contracts: int | None,
    max_loss: str | None,
    book_max: int,
    qty_per_leg: int,
) -> None:
    follower = a_follower(multiplier=multiplier, max_contracts=max_contracts, max_loss=max_loss)

    def keeps_every_cap(quantity: int) -> bool:
        return (
            quantity <= qty_per_leg * Decimal(multiplier)
            and quantity <= book_max
            and (max_contracts is None or quantity <= max_contracts)
            and (
                max_loss is None or max(Decimal(0), loss_of(spread, quantity)) <= Decimal(max_loss)
            )
        )

    quantity = sized(follower, qty_per_leg, spread=spread, book_max=book_max)
    assert keeps_every_cap(quantity)
    assert not keeps_every_cap(quantity + 1)
