"""USD amounts: Decimal in the domain, integer micros (USD x 10^6) at rest.

IBKR's fees are fractions of a cent, so cents would lose money; integers in micros sort, sum
and stay exact in every language up to nine billion dollars. Cents appear once, on a statement.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from shared.domain.errors import InvalidInput

ZERO = Decimal(0)
CENT = Decimal("0.01")
_MICRO = Decimal("0.000001")
_MICROS_PER_USD = 1_000_000


def to_micros(amount: Decimal) -> int:
    """Turn USD into whole micros.

    Raises:
        InvalidInput: If the amount is not finite or is finer than one micro.
    """
    if not amount.is_finite():
        raise InvalidInput("amount", f"{amount} is not a finite amount of USD")
    scaled = amount * _MICROS_PER_USD
    if scaled != scaled.to_integral_value():
        raise InvalidInput(
            "amount", f"{amount} USD is finer than one micro; round it by name first"
        )
    return int(scaled)


def from_micros(micros: int) -> Decimal:
    """Turn whole micros into USD, without a trailing exponent."""
    return Decimal(micros) * _MICRO


def round_to_cents(amount: Decimal) -> Decimal:
    """Round half up (away from zero at the half) to the cent: statements only."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def round_to_micros(amount: Decimal) -> Decimal:
    """Round half up to the micro, where an average price does not come out even."""
    return amount.quantize(_MICRO, rounding=ROUND_HALF_UP)


def floor_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """Round towards minus infinity: for a bought combo, in our favor.

    Decimal's own `//` truncates towards zero and would give credit away: -1.27 on a tick of
    0.05 must become -1.30, not -1.25.
    """
    return (price / tick).to_integral_value(rounding=ROUND_FLOOR) * tick


def ceil_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """Round towards plus infinity: for a bought combo, in the market's favor."""
    return (price / tick).to_integral_value(rounding=ROUND_CEILING) * tick


def usd_text(amount: Decimal) -> str:
    """Write an amount as a plain decimal string: at least two places, no exponent, no "-0.00"."""
    exact = amount.normalize()
    exponent = exact.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < -2 else 2
    text = f"{amount:.{places}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text
