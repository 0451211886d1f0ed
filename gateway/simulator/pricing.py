"""Black-Scholes prices without rates or dividends."""

import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from gateway.simulator.hours import expiry_instant

YEAR_SECONDS = 31_536_000
# An option keeps a minute of life to its last second, so that its price never divides by zero.
_LEAST_LIFE_SECONDS = 60.0
_PRICE_STEP = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionModel:
    """Model price in USD per share and its Greeks: vega per volatility point, theta per day."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float


def black_scholes(
    *, spot: float, strike: float, right: str, life_seconds: float, volatility: float
) -> OptionModel:
    """Price one option; right is C or P, volatility annual, life in calendar seconds."""
    years = max(life_seconds, _LEAST_LIFE_SECONDS) / YEAR_SECONDS
    deviation = volatility * math.sqrt(years)
    d1 = math.log(spot / strike) / deviation + deviation / 2
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    call = spot * _normal_cdf(d1) - strike * _normal_cdf(d1 - deviation)
    is_call = right == "C"
    return OptionModel(
        price=max(call if is_call else call - spot + strike, 0.0),
        delta=_normal_cdf(d1) if is_call else _normal_cdf(d1) - 1,
        gamma=density / (spot * deviation),
        vega=spot * density * math.sqrt(years) / 100,
        theta=-spot * density * volatility / (2 * math.sqrt(years)) / 365,
    )


def model_option_price(
    *,
    spot: Decimal,
    strike: Decimal,
    right: str,
    at: datetime,
    expiry: date | datetime,
    volatility: Decimal,
) -> Decimal:
    """Return the model's mid of one option in USD per share, to 0.0001.

    The market model quotes around this price rounded to the cent. ``expiry`` as a date means
    16:00 New York of that day; pass an aware instant on half days.
    """
    ends_at = expiry if isinstance(expiry, datetime) else expiry_instant(expiry)
    model = black_scholes(
        spot=float(spot),
        strike=float(strike),
        right=right,
        life_seconds=(ends_at - at).total_seconds(),
        volatility=float(volatility),
    )
    return Decimal(str(model.price)).quantize(_PRICE_STEP)


def _normal_cdf(value: float) -> float:
    return 0.5 * (1 + math.erf(value / math.sqrt(2)))
