"""Where the model market opens, so that a given signal is a plausible one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from gateway.simulator import model_option_price
from shared.domain.options import OptionContract, Right
from shared.domain.sessions import Session
from shared.domain.spreads import Spread

_VOLATILITY = Decimal("0.20")
_LEAST_CREDIT = Decimal("0.85")
_USUAL_SHARE = Decimal("0.16")
_MOST_SHARE = Decimal("0.6")
_CENT = Decimal("0.01")
_STEPS = 40


def choose_spot(spread: Spread, session: Session) -> Decimal:
    """Find the spot at which the spread's credit is what a leader would sell it for.

    Args:
        spread: The signal's spread.
        session: Session it opens in.

    Returns:
        USD per share, whole cents; the credit there is about a sixth of the width, but at least
        0.85 and at most six tenths of the width.
    """
    target = min(max(spread.width * _USUAL_SHARE, _LEAST_CREDIT), spread.width * _MOST_SHARE)
    reach = spread.short_strike / 4
    is_put = spread.right is Right.PUT
    rich, poor = spread.short_strike, spread.short_strike + (reach if is_put else -reach)
    if is_put:
        rich -= spread.width
    else:
        rich += spread.width
    for _ in range(_STEPS):
        middle = (rich + poor) / 2
        if _credit(spread, middle, session) > target:
            rich = middle
        else:
            poor = middle
    return ((rich + poor) / 2).quantize(_CENT)


def _credit(spread: Spread, spot: Decimal, session: Session) -> Decimal:
    return _price(spread.short_contract, spot, session) - _price(
        spread.long_contract, spot, session
    )


def _price(contract: OptionContract, spot: Decimal, session: Session) -> Decimal:
    is_today = contract.expiry == session.session_date
    return model_option_price(
        spot=spot,
        strike=contract.strike,
        right=contract.right.value,
        at=session.open_at,
        expiry=session.close_at if is_today else date.fromisoformat(contract.expiry),
        volatility=_VOLATILITY,
    )
