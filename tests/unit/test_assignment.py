"""What options became is only ever concluded where every contract and share is accounted for."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.assignment import (
    Life,
    Settled,
    Suspect,
    Unexplained,
    explain,
    shares_of_assignment,
    shares_of_exercise,
)
from shared.domain.fills import Fill
from shared.domain.options import ContractKey
from shared.domain.positions import Position, apply_fills
from shared.domain.spreads import Side, Spread, Strategy
from shared.use_cases.book_settlement import booked_worthless, settlement_fills
from tests.builders import NOON, SESSION_DATE, a_fill, a_position, a_spread, an_order

STOCK = ContractKey("QQQ")


def spread_of(strategy: Strategy, short_strike: str = "590") -> Spread:
    return a_spread(strategy=strategy, short_strike=short_strike)


def opening_fills(spread: Spread, quantity: int) -> list[Fill]:
    return [
        a_fill(Side.BUY, quantity, "1.00", contract=spread.long_contract, exec_id="long"),
        a_fill(Side.SELL, quantity, "1.95", contract=spread.short_contract, exec_id="short"),
    ]


def a_suspect(
    quantity: int = 5,
    *,
    spread: Spread | None = None,
    life: Life = Life.ALIVE,
    price: str | None = None,
    exercised: int = 0,
) -> Suspect:
    spread = spread or a_spread()
    position = a_position(opening_fills(spread, quantity), spread=spread)
    closing_price = None if price is None else Decimal(price)
    return Suspect(position=position, life=life, closing_price=closing_price, exercised=exercised)


def truth(
    suspect: Suspect, assigned: int, exercised: int, *, expired: bool
) -> dict[ContractKey, int]:
    """The differences that a true history leaves at the broker."""
    position, spread = suspect.position, suspect.position.spread
    found = {
        spread.short_contract.key: assigned,
        spread.long_contract.key: -exercised,
        STOCK: shares_of_assignment(spread.short_contract, assigned)
        + shares_of_exercise(spread.long_contract, exercised),
    }
    if expired:
        found[spread.short_contract.key] = -position.held(spread.short_contract.key)
        found[spread.long_contract.key] = -position.held(spread.long_contract.key)
    return {key: count for key, count in found.items() if count}


def book(suspect: Suspect, settled: Settled) -> Position:
    position = suspect.position
    fills = settlement_fills(
        position, an_order(), settled, booked=(), session_date=SESSION_DATE, at=NOON
    )
    return apply_fills(position, fills)


strategies = st.sampled_from(Strategy)
quantities = st.integers(1, 20)


@given(strategies, quantities, st.data())
def test_an_early_assignment_is_read_back_from_what_it_left(
    strategy: Strategy, quantity: int, data: st.DataObject
) -> None:
    suspect = a_suspect(quantity, spread=spread_of(strategy))
    assigned = data.draw(st.integers(1, quantity))
    answer = explain([suspect], truth(suspect, assigned, 0, expired=False))
    assert answer == (Settled(position_id=suspect.position.position_id, assigned=assigned),)


@given(strategies, quantities, st.data())
def test_what_is_concluded_explains_every_contract_and_every_share(
    strategy: Strategy, quantity: int, data: st.DataObject
) -> None:
    """Whatever the broker holds: if it is explained, booking it leaves no difference."""
    spread = spread_of(strategy)
    life = data.draw(st.sampled_from(Life))
    price = data.draw(st.sampled_from([None, "570", "588", "592", "610"]))
    suspect = a_suspect(
        quantity,
        spread=spread,
        life=life,
        price=None if life is Life.ALIVE else price,
        exercised=data.draw(st.sampled_from([0, quantity])),
    )
    differences = {
        key: count
        for key, count in {
            spread.short_contract.key: data.draw(st.integers(-2, quantity + 2)),
            spread.long_contract.key: data.draw(st.integers(-quantity - 2, 2)),
            STOCK: 50 * data.draw(st.integers(-2 * quantity - 2, 2 * quantity + 2)),
        }.items()
        if count
    }
    answer = explain([suspect], differences)
    if isinstance(answer, Unexplained):
        return
    position = suspect.position
    for settled in answer:
        position = book(suspect, settled)
    for key in (spread.short_contract.key, spread.long_contract.key, STOCK):
        assert position.held(key) == suspect.position.held(key) + differences.get(key, 0)


@given(strategies, quantities, st.sampled_from(["570", "588", "592", "610"]))
def test_after_the_night_an_ordinary_expiry_is_always_explained(
    strategy: Strategy, quantity: int, price: str
) -> None:
    """Everything in the money was exercised, everything else was not."""
    suspect = a_suspect(quantity, spread=spread_of(strategy), life=Life.SETTLED, price=price)
    assigned = quantity if suspect.is_short_in_money else 0
    exercised = quantity if suspect.is_long_in_money else 0
    answer = explain([suspect], truth(suspect, assigned, exercised, expired=True))
    assert not isinstance(answer, Unexplained)
    (settled,) = answer
    assert (settled.assigned, settled.exercised) == (assigned, exercised)
    after = book(suspect, settled)
    assert all(leg.quantity == 0 for leg in after.legs if leg.contract_key != STOCK)


def test_both_legs_gone_while_they_live_are_no_exercise() -> None:
    suspect = a_suspect()
    assert explain([suspect], truth(suspect, 5, 5, expired=False)) is Unexplained.MISMATCH


def test_both_legs_gone_are_one_where_we_asked_for_it() -> None:
    suspect = a_suspect(exercised=5)
    (settled,) = _settled(explain([suspect], truth(suspect, 5, 5, expired=False)))
    assert (settled.assigned, settled.exercised) == (5, 5)


def test_shares_without_a_gone_short_are_a_mismatch() -> None:
    assert explain([a_suspect()], {STOCK: 500}) is Unexplained.MISMATCH


def test_a_contract_of_nobody_is_a_mismatch() -> None:
    assert explain([a_suspect()], {ContractKey("QQQ-X"): 1}) is Unexplained.MISMATCH


def test_two_spreads_that_share_a_contract_are_never_guessed_between() -> None:
    one = a_suspect(spread=a_spread(short_strike="590"))
    other = a_suspect(spread=a_spread(short_strike="585"))
    shared = one.position.spread.long_contract.key
    assert shared == other.position.spread.short_contract.key
    assert explain([one, other], {shared: 5, STOCK: 500}) is Unexplained.MISMATCH


@pytest.mark.parametrize("shares", [100, 300, 400])
def test_a_part_assigned_deep_in_the_money_could_be_anything(shares: int) -> None:
    suspect = a_suspect(life=Life.SETTLED, price="580")
    differences = {**truth(suspect, 0, 0, expired=True), STOCK: shares}
    assert explain([suspect], differences) is Unexplained.MISMATCH


def test_without_the_closing_price_only_a_full_assignment_can_be_told() -> None:
    suspect = a_suspect(life=Life.SETTLED)
    gone = truth(suspect, 0, 0, expired=True)
    (settled,) = _settled(explain([suspect], {**gone, STOCK: 500}))
    assert settled.assigned == 5
    assert explain([suspect], {**gone, STOCK: 300}) is Unexplained.MISMATCH
    assert explain([suspect], gone) is Unexplained.MISMATCH


@pytest.mark.parametrize(
    ("life", "reason"),
    [
        (Life.EXPIRING, Unexplained.WAITING),
        (Life.SETTLED, Unexplained.MISMATCH),
    ],
)
def test_expired_options_that_are_still_listed_wait_for_the_morning(
    life: Life, reason: Unexplained
) -> None:
    assert explain([a_suspect(life=life, price="595")], {}) is reason


def test_of_two_expired_spreads_the_one_that_can_have_delivered_did() -> None:
    far = a_suspect(3, spread=a_spread(short_strike="560"), life=Life.SETTLED, price="588")
    near = a_suspect(5, life=Life.SETTLED, price="588")
    differences = {
        **truth(far, 0, 0, expired=True),
        **truth(near, 5, 0, expired=True),
        STOCK: 500,
    }
    answer = _settled(explain([far, near], differences))
    assert {one.position_id: one.assigned for one in answer} == {
        far.position.position_id: 0,
        near.position.position_id: 5,
    }


def test_a_short_booked_worthless_may_still_prove_assigned_and_only_its_shares_are_booked() -> None:
    spread = a_spread()
    fills = opening_fills(spread, 5)
    position = a_position(fills, spread=spread)
    worthless = settlement_fills(
        position,
        an_order(),
        Settled(position_id=position.position_id, has_expired=True),
        booked=fills,
        session_date=SESSION_DATE,
        at=NOON,
    )
    position = apply_fills(position, worthless)
    assert not position.is_open
    suspect = Suspect(
        position=position,
        life=Life.SETTLED,
        booked_worthless=booked_worthless(position, [*fills, *worthless]),
        closing_price=Decimal("590.50"),
    )
    (settled,) = _settled(explain([suspect], {STOCK: 200}))
    late = settlement_fills(
        position,
        an_order(),
        settled,
        booked=[*fills, *worthless],
        session_date=SESSION_DATE,
        at=NOON,
    )
    assert [(fill.contract_key, fill.quantity, fill.price) for fill in late] == [
        (STOCK, 200, Decimal(590))
    ]
    assert booked_worthless(position, [*fills, *worthless, *late]) == 3


@pytest.mark.parametrize(("strategy", "short", "long"), [*product(Strategy, [0, 5], [0, 5])])
def test_what_is_booked_is_worth_what_exercise_makes_it_worth(
    strategy: Strategy, short: int, long: int
) -> None:
    suspect = a_suspect(5, spread=spread_of(strategy))
    settled = Settled(
        position_id=suspect.position.position_id,
        assigned=short,
        exercised=long,
        has_expired=True,
    )
    after = book(suspect, settled)
    taken_in = Decimal("0.95") * 500
    if short == long:
        width = Decimal(5) * 500 if short else Decimal(0)
        assert after.realized == taken_in - width
        assert after.share_quantity == 0
    else:
        assert abs(after.share_quantity) == 500
        assert after.realized == taken_in


def _settled(answer: tuple[Settled, ...] | Unexplained) -> tuple[Settled, ...]:
    assert not isinstance(answer, Unexplained)
    return answer
