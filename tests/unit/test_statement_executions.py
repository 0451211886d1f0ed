"""What stands in the end of executions that the broker took back or corrected."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain.broker_statement import OptionEventKind, StatementTrade, TradeLevel
from shared.domain.fills import COMBO_KEY
from shared.domain.spreads import Side
from shared.domain.statement_executions import StatedExecution, executions_of, family_of
from tests.statements_of_broker import (
    BUYING,
    LONG_LEG,
    a_booking,
    a_cancellation,
    a_statement,
    a_trade,
)


def read(*trades: StatementTrade) -> tuple[StatedExecution, ...]:
    stated, strays = executions_of(a_statement(trades).accounts[0])
    assert strays == ()
    return stated


def figures(stated: StatedExecution) -> tuple[str, int, str]:
    return stated.revision, int(stated.quantity), f"{stated.fee:.4f}"


def test_an_execution_stands_as_it_is_told() -> None:
    (stated,) = read(a_trade())
    assert stated.exec_id == BUYING
    assert figures(stated) == ("01", 5, "3.2500")


def test_a_correction_takes_the_place_of_what_was_taken_back_and_fees_add_up() -> None:
    # A real one: 2 at -1.3666 taken back at 0, corrected to 1 with 0.3333 paid back.
    # 1.3666 + 0 - 0.3333 = 1.0333
    first = a_trade(quantity="2", fee="1.3666", trade_id="1786699376")
    corrected = a_trade(quantity="1", fee="-0.3333", revision="02", trade_id="1786699376")
    (stated,) = read(first, a_cancellation(first), corrected)
    assert figures(stated) == ("02", 1, "1.0333")


def test_a_correction_under_the_same_id_stands_although_it_is_told_alike() -> None:
    first = a_trade()
    (stated,) = read(first, a_cancellation(first, fee="-3.25"), first)
    assert figures(stated) == ("01", 5, "3.2500")


def test_what_was_taken_back_altogether_is_none_and_outranks_its_own_telling() -> None:
    # 3.25 charged, 3.00 paid back: 0.25 stays charged
    first = a_trade()
    (stated,) = read(first, a_cancellation(first, fee="-3.00"))
    assert figures(stated) == ("02", 0, "0.2500")


def test_a_cancellation_of_an_earlier_day_takes_nothing_back_here() -> None:
    stray = a_cancellation(a_trade(trade_id="of yesterday"))
    stated, strays = executions_of(a_statement([a_trade(), stray]).accounts[0])
    assert [one.quantity for one in stated] == [5]
    assert strays == (stray,)


@pytest.mark.parametrize(
    "beside",
    [
        replace(a_trade(), level=TradeLevel.SUMMARY),
        replace(a_trade("00020057.69b23d39.01"), contract_key=COMBO_KEY, contract=None),
        a_booking(OptionEventKind.EXPIRATION, LONG_LEG, Side.SELL, "5"),
    ],
    ids=["a summary", "the combo", "an expiration"],
)
def test_what_repeats_or_books_executions_is_none(beside: StatementTrade) -> None:
    (stated,) = read(a_trade(), beside)
    assert stated.quantity == 5
    assert stated.fee == Decimal("3.25")


def test_a_trade_without_an_execution_id_is_named_by_its_trade_id() -> None:
    one = replace(a_trade(trade_id="77"), broker_exec_id="")
    (stated,) = read(one)
    assert stated.exec_id == "statement-DU0000001-77"


@pytest.mark.parametrize(
    ("exec_id", "family"),
    [(BUYING, "00020057.69b23d39"), ("0001.01", ""), ("", "")],
)
def test_legs_of_one_fill_share_all_but_the_last_group(exec_id: str, family: str) -> None:
    assert family_of(exec_id) == family
