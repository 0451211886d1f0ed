"""From profit to commission, computed by hand in the comments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput
from shared.domain.money import ZERO
from shared.domain.months import Month
from shared.domain.terms import Terms, multiplier_in_force, terms_in_force
from shared.domain.waterfall import (
    MonthResult,
    Standing,
    Waterfall,
    commission_of,
    standing_after,
)
from tests.months import terms

CENTS = st.integers(min_value=-5_000_000, max_value=5_000_000).map(
    lambda cents: Decimal(cents) / 100
)


def result(month: str, gross: str, fees: str = "0") -> MonthResult:
    return MonthResult(month=Month(month), gross=Decimal(gross), fees=Decimal(fees))


def walked(agreed: Terms, *results: MonthResult) -> list[Waterfall]:
    return [
        commission_of(one, agreed, standing_after(results[:at])) for at, one in enumerate(results)
    ]


def test_a_profit_is_billed_net_of_fees() -> None:
    # Gross 1,030.15 less fees 29.90 = 1,000.25; 20 % of it is 200.05.
    (month,) = walked(terms(), result("2026-11", "1030.15", "29.90"))
    assert (month.net, month.base) == (Decimal("1000.25"), Decimal("1000.25"))
    assert month.commission == Decimal("200.05")
    assert month.carried_forward == ZERO


def test_a_loss_owes_nothing_and_is_not_paid_back() -> None:
    (month,) = walked(terms(), result("2026-11", "-500", "13"))
    assert (month.net, month.base, month.commission) == (Decimal(-513), ZERO, ZERO)


def test_half_a_cent_is_rounded_up_once() -> None:
    # 20 % of 0.525 is 0.105 -> 0.11; 20 % of 0.524999 is 0.1049998 -> 0.10.
    (up,) = walked(terms(), result("2026-11", "0.525"))
    (down,) = walked(terms(), result("2026-11", "0.524999"))
    assert (up.commission, down.commission) == (Decimal("0.11"), Decimal("0.10"))


def test_without_a_mark_each_month_stands_for_itself() -> None:
    loss, gain = walked(terms(), result("2026-09", "-300"), result("2026-10", "200"))
    assert (loss.commission, gain.commission) == (ZERO, Decimal(40))


def test_with_a_mark_losses_are_made_up_first() -> None:
    #          net    C    H before  carried  base   20 %   H after
    # July    +400   400      0         0      400   80.00    400
    # August  -300   100    400         0        0    0.00    400
    # Sept.   +200   300    400      -300        0    0.00    400
    # October +250   550    400      -100      150   30.00    550
    months = walked(
        terms(mark=True),
        result("2026-07", "400"),
        result("2026-08", "-300"),
        result("2026-09", "200"),
        result("2026-10", "250"),
    )
    assert [one.commission for one in months] == [Decimal(80), ZERO, ZERO, Decimal(30)]
    assert [one.carried_forward for one in months] == [ZERO, ZERO, Decimal(-300), Decimal(-100)]
    assert [one.cumulative_net for one in months] == [
        Decimal(400),
        Decimal(100),
        Decimal(300),
        Decimal(550),
    ]
    assert [one.mark_after for one in months] == [
        Decimal(400),
        Decimal(400),
        Decimal(400),
        Decimal(550),
    ]
    assert all(max(ZERO, one.net + one.carried_forward) == one.base for one in months)


def test_who_starts_with_a_loss_makes_it_up_before_he_pays() -> None:
    # H starts at 0: C -100, then 50, so only 50 lies above the mark; 20 % of 50 is 10.
    first, second = walked(terms(mark=True), result("2026-10", "-100"), result("2026-11", "150"))
    assert (first.commission, second.commission) == (ZERO, Decimal(10))


def test_who_changes_to_a_mark_is_not_billed_again_for_what_he_paid() -> None:
    before = standing_after([result("2026-09", "500"), result("2026-10", "-100")])
    assert before == Standing(cumulative_net=Decimal(400), mark=Decimal(500))
    # C 400 + 150 = 550 over H 500: 50 is new.
    assert commission_of(result("2026-11", "150"), terms(mark=True), before).commission == Decimal(
        10
    )


def test_months_are_walked_in_order_whatever_order_they_come_in() -> None:
    months = [result("2026-10", "-100"), result("2026-09", "500")]
    assert standing_after(months) == standing_after(months[::-1])


@given(st.lists(CENTS, min_size=1, max_size=24), st.sampled_from(["0", "0.15", "0.20", "1"]))
def test_with_a_mark_the_bases_add_up_to_the_best_result_ever(
    nets: list[Decimal], ratio: str
) -> None:
    results = [
        MonthResult(month=Month(f"20{20 + n // 12}-{n % 12 + 1:02d}"), gross=net, fees=ZERO)
        for n, net in enumerate(nets)
    ]
    months = walked(terms(ratio, mark=True), *results)
    cumulative, best = ZERO, ZERO
    for net in nets:
        cumulative += net
        best = max(best, cumulative)
    assert sum((one.base for one in months), ZERO) == best
    assert all(one.commission >= ZERO for one in months)


def test_terms_hold_from_their_month_until_the_next() -> None:
    agreed = [terms("0.20", since="2026-03"), terms("0.15", since="2026-11")]
    assert terms_in_force(agreed, Month("2026-02")) is None
    assert terms_in_force(agreed, Month("2026-10")) == agreed[0]
    assert terms_in_force(agreed, Month("2026-11")) == agreed[1]
    assert terms_in_force(agreed, Month("2027-05")) == agreed[1]


def test_a_multiplier_holds_until_terms_name_another() -> None:
    agreed = [terms(since="2026-03", multiplier="0.4"), terms(since="2026-11")]
    assert multiplier_in_force(agreed, Month("2026-02"), Decimal(1)) == Decimal(1)
    assert multiplier_in_force(agreed, Month("2026-12"), Decimal(1)) == Decimal("0.4")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("commission_ratio", Decimal("1.01")),
        ("commission_ratio", Decimal("-0.1")),
        ("multiplier_ratio", Decimal(-1)),
        ("from_month", Month("2026-13")),
    ],
)
def test_impossible_terms_are_refused_by_the_name_of_their_field(field: str, value: object) -> None:
    arguments: dict[str, Any] = {"from_month": Month("2026-11"), field: value}
    with pytest.raises(InvalidInput) as refusal:
        Terms(**arguments)
    assert refusal.value.field == field
