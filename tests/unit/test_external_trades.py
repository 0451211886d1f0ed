"""What others hold: the last holding that was found, and every trade after it, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from shared.domain.external_trades import (
    ExternalTrade,
    external_trade,
    held_by_others,
    holding,
    supersedes,
)
from shared.domain.fills import COMBO_KEY
from shared.domain.followers import AccountId
from shared.domain.options import ContractKey
from shared.domain.spreads import Side
from tests.builders import NOON, SESSION_DATE

ACCOUNT, STOCK = AccountId("DU1"), ContractKey("QQQ")


def a_trade(
    quantity: int = 100,
    side: Side = Side.BUY,
    *,
    minutes: int = 0,
    exec_id: str = "0001.01",
    key: ContractKey = STOCK,
) -> ExternalTrade:
    return external_trade(
        broker_exec_id=exec_id,
        account_id=ACCOUNT,
        session_date=SESSION_DATE,
        contract_key=key,
        side=side,
        quantity=quantity,
        price=Decimal(590),
        perm_id=1,
        at=NOON + timedelta(minutes=minutes),
    )


def a_holding(quantity: int, *, minutes: int = 0) -> ExternalTrade:
    return holding(
        account_id=ACCOUNT,
        session_date=SESSION_DATE,
        contract_key=STOCK,
        quantity=quantity,
        at=NOON + timedelta(minutes=minutes),
    )


def test_trades_add_up_with_their_sides() -> None:
    trades = [a_trade(100), a_trade(30, Side.SELL)]
    assert held_by_others(trades, ACCOUNT) == {STOCK: 70}
    assert held_by_others(trades, AccountId("DU2")) == {}


def test_a_holding_counts_everything_before_it() -> None:
    trades = [a_trade(100, minutes=-5), a_holding(700), a_trade(30, Side.SELL, minutes=5)]
    assert held_by_others(trades, ACCOUNT) == {STOCK: 670}


def test_the_last_of_several_holdings_counts() -> None:
    trades = [a_holding(700, minutes=9), a_holding(200)]
    assert held_by_others(trades, ACCOUNT) == {STOCK: 700}


def test_a_combos_own_execution_moves_nothing() -> None:
    assert held_by_others([a_trade(key=COMBO_KEY)], ACCOUNT) == {}


def test_only_a_later_correction_takes_the_place_of_a_trade() -> None:
    first, second = a_trade(exec_id="0001.01"), a_trade(90, exec_id="0001.02")
    assert first.trade_id == second.trade_id
    assert supersedes(first, None)
    assert supersedes(second, first)
    assert not supersedes(first, second)
    assert not supersedes(first, first)


def test_a_holding_is_written_anew_only_where_it_changed() -> None:
    kept = a_holding(700)
    assert not supersedes(replace(kept, at=NOON + timedelta(minutes=1)), kept)
    assert supersedes(a_holding(600, minutes=1), kept)
