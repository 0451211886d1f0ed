"""Where the model market opens: whatever the signal, it is one a leader could have written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator import model_option_price
from shared.adapters.session_table import session_table
from shared.domain.options import OptionContract, Right
from shared.domain.sessions import Session
from shared.domain.spreads import Spread, Strategy, spread_of
from tests.sandbox.market_choice import choose_spot


def _session(session_date: str) -> Session:
    session = session_table().session_on(session_date)
    assert session is not None
    return session


def _spread(strategy: Strategy, short: Decimal, width: Decimal, expiry: str) -> Spread:
    away = -width if strategy is Strategy.LONG else width
    return spread_of(
        symbol="QQQ",
        strategy=strategy,
        expiry=expiry,
        long_strike=short + away,
        short_strike=short,
    )


def _credit(spread: Spread, spot: Decimal, session: Session) -> Decimal:
    def price(contract: OptionContract) -> Decimal:
        is_today = contract.expiry == session.session_date
        return model_option_price(
            spot=spot,
            strike=contract.strike,
            right=contract.right.value,
            at=session.open_at,
            expiry=session.close_at if is_today else date.fromisoformat(contract.expiry),
            volatility=Decimal("0.20"),
        )

    return price(spread.short_contract) - price(spread.long_contract)


@given(
    strategy=st.sampled_from(list(Strategy)),
    short=st.integers(40, 3000),
    width=st.integers(2, 20),
    dates=st.sampled_from(
        [("2026-11-23", "2026-11-23"), ("2026-11-27", "2026-11-27"), ("2026-11-23", "2026-12-18")]
    ),
)
def test_the_credit_at_the_open_is_what_a_leader_sells_for(
    strategy: Strategy, short: int, width: int, dates: tuple[str, str]
) -> None:
    session = _session(dates[0])
    spread = _spread(strategy, Decimal(short), Decimal(min(width, short // 10)), dates[1])
    spot = choose_spot(spread, session)
    credit = _credit(spread, spot, session)
    target = min(
        max(spread.width * Decimal("0.16"), Decimal("0.85")), spread.width * Decimal("0.6")
    )
    assert spot > 0
    assert spot == spot.quantize(Decimal("0.01"))
    assert abs(credit - target) < Decimal("0.05")


@pytest.mark.parametrize("strategy", list(Strategy))
def test_a_usual_signal_opens_out_of_the_money(strategy: Strategy) -> None:
    spread = _spread(strategy, Decimal(597), Decimal(5), "2026-11-23")
    spot = choose_spot(spread, _session("2026-11-23"))
    is_put = spread.right is Right.PUT
    assert spot > 597 if is_put else spot < 597
