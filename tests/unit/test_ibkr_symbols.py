"""A contract that was never looked up is named by the broker's own spelling, or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.broker.ibkr_symbols import key_of_symbols
from shared.domain.options import OptionContract, Right


@given(
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.integers(1, 99_999_999),
    st.sampled_from(Right),
)
def test_every_option_is_named_as_we_name_it(day: date, thousandths: int, right: Right) -> None:
    strike = Decimal(thousandths) / 1000
    contract = OptionContract(symbol="QQQ", expiry=day.isoformat(), strike=strike, right=right)
    spelled = f"QQQ   {day:%y%m%d}{right}{thousandths:08d}"
    assert key_of_symbols("OPT", "QQQ", spelled) == contract.key


@pytest.mark.parametrize(
    ("security_type", "symbol", "local_symbol", "key"),
    [
        ("OPT", "QQQ", "QQQ   261127P00590000", "QQQ-2026-11-27-P-590"),
        ("OPT", "QQQ", "QQQ   261127C00592500", "QQQ-2026-11-27-C-592.5"),
        ("STK", "QQQ", "QQQ", "QQQ"),
        ("OPT", "QQQ", "QQQ1  261127P00590000", "QQQ1  261127P00590000"),
        ("OPT", "SPX", "SPXW  261127P05900000", "SPXW  261127P05900000"),
        ("OPT", "QQQ", "QQQ   261399P00590000", "QQQ   261399P00590000"),
        ("FUT", "ES", "ESZ6", "ESZ6"),
    ],
)
def test_symbols(security_type: str, symbol: str, local_symbol: str, key: str) -> None:
    assert key_of_symbols(security_type, symbol, local_symbol) == key
