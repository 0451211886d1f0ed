"""A follower's daily loss limit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.domain.loss_limit import is_breached, result_of
from shared.domain.options import ContractKey
from shared.domain.pnl import ProfitAndLoss
from shared.domain.spreads import Side
from tests.builders import a_contract, a_fill, a_position

POSITION = a_position(
    [
        a_fill(Side.BUY, 5, "1.00", contract=a_contract("585"), exec_id="1"),
        a_fill(Side.SELL, 5, "1.95", contract=a_contract("590"), exec_id="2"),
    ]
)
LONG_KEY, SHORT_KEY = a_contract("585").key, a_contract("590").key


def mids(long: str, short: str) -> dict[ContractKey, Decimal]:
    return {LONG_KEY: Decimal(long), SHORT_KEY: Decimal(short)}


def test_open_legs_count_at_the_middle_and_fees_count() -> None:
    result = result_of([POSITION], mids("0.50", "2.45"))
    assert result == ProfitAndLoss(unrealized=Decimal(-500), fees=Decimal("1.30"))
    twice = result_of([POSITION, POSITION], mids("0.50", "2.45"))
    assert twice is not None
    assert twice.total == Decimal("-1002.60")


def test_what_was_carried_in_is_no_part_of_the_day() -> None:
    carried = ProfitAndLoss(unrealized=Decimal(-450), fees=Decimal("1.30"))
    result = result_of([POSITION], mids("0.50", "2.45"), carried)
    assert result == ProfitAndLoss(unrealized=Decimal(-50), fees=Decimal("0.00"))


def test_a_leg_without_a_middle_leaves_the_result_unknown() -> None:
    assert result_of([POSITION], {LONG_KEY: Decimal(1)}) is None
    assert result_of([], {}) == ProfitAndLoss()


@pytest.mark.parametrize(
    ("realized", "unrealized", "fees", "is_reached"),
    [
        ("-300", "-190", "10", True),
        ("-300", "-190", "9.99", False),
        ("-600", "110", "0", False),
        ("0", "-500", "0", True),
        ("100", "0", "5", False),
    ],
)
def test_the_limit_is_reached_at_exactly_its_own_amount(
    realized: str, unrealized: str, fees: str, is_reached: bool
) -> None:
    result = ProfitAndLoss(
        realized=Decimal(realized), unrealized=Decimal(unrealized), fees=Decimal(fees)
    )
    assert is_breached(result, Decimal(500)) is is_reached
