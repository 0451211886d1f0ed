"""A login's statement: where it is found, and what its rows count for."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain.broker_statement import (
    BrokerStatement,
    CashTransaction,
    StatementRef,
    TradeLevel,
    statement_ref_of,
)
from shared.domain.fills import COMBO_KEY
from shared.domain.followers import AccountId, Login, LoginId
from shared.domain.spreads import Side
from shared.domain.statement_match import match_statement
from tests.builders import SESSION_DATE
from tests.statements_of_broker import (
    ACCOUNT,
    ORDERS,
    SPREAD_HELD,
    a_cancellation,
    a_statement,
    a_trade,
    leg_fills,
    leg_trades,
)

LOGIN = Login(login_id=LoginId("login-1"), host="ibgw", port=4001, client_id=7)
NAME = "flex-login-1"
"""Name of the secret."""


def test_a_login_with_token_and_query_has_a_statement() -> None:
    login = replace(LOGIN, flex_token_secret=NAME, flex_query_id="1154321")
    assert statement_ref_of(login) == StatementRef(
        login_id=LoginId("login-1"), token_secret=NAME, query_id="1154321"
    )


@pytest.mark.parametrize(("name", "query"), [(None, None), (NAME, None), (None, "1154321")])
def test_a_login_without_both_has_none(name: str | None, query: str | None) -> None:
    login = replace(LOGIN, flex_token_secret=name, flex_query_id=query)
    assert statement_ref_of(login) is None


def test_combos_and_summaries_are_not_counted() -> None:
    assert a_trade().is_counted
    assert not replace(a_trade(), level=TradeLevel.SUMMARY).is_counted
    assert not replace(a_trade(), contract_key=COMBO_KEY).is_counted


def test_a_cancellation_gives_back_what_was_gained() -> None:
    assert a_trade().signed_quantity == 5
    assert a_cancellation(a_trade()).signed_quantity == -5
    assert a_trade(side=Side.SELL).signed_quantity == -5


def test_a_statement_covers_a_session_that_every_account_has() -> None:
    statement = a_statement()
    assert statement.covers(SESSION_DATE)
    assert not statement.covers("2026-11-30")
    assert not BrokerStatement(accounts=()).covers(SESSION_DATE)


def test_an_account_that_is_not_there_has_no_statement() -> None:
    assert a_statement().of(ACCOUNT) is not None
    assert a_statement().of(AccountId("DU9")) is None


def test_cash_never_becomes_profit() -> None:
    cash = [
        CashTransaction(account_id=ACCOUNT, kind="Deposits/Withdrawals", amount=Decimal(25000)),
        CashTransaction(account_id=ACCOUNT, kind="Dividends", amount=Decimal("61.20")),
    ]
    matches = [
        match_statement(
            leg_fills(),
            a_statement(leg_trades(), SPREAD_HELD, cash=told),
            session_date=SESSION_DATE,
            order_of_ref=ORDERS,
            external_trades=[],
        )
        for told in ([], cash)
    ]
    assert matches[0] == matches[1]
    assert not matches[1].has_changes
