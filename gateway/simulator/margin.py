"""Initial margin: the worst payoff at expiry, so a vertical needs width x 100 x quantity.

Options of one expiry are netted against each other; stock needs a quarter of its value. A naked
short call is charged up to a quarter above the highest strike of its expiry. IBKR's own figures
for naked shorts differ; verticals, condors and covered quantities agree with its defined-risk rule.
"""

from collections.abc import Iterable
from decimal import Decimal

from gateway.simulator.contracts import Contract

STOCK_MARGIN_SHARE = Decimal("0.25")
_BEYOND_HIGHEST_STRIKE = Decimal("1.25")
Holding = tuple[Contract, int]


def initial_margin(holdings: Iterable[Holding], spot: Decimal) -> Decimal:
    """Return the USD that must be set aside for signed quantities of contracts."""
    margin = Decimal(0)
    by_expiry: dict[str, list[Holding]] = {}
    for contract, quantity in holdings:
        if contract.sec_type == "STK":
            margin += abs(quantity) * spot * STOCK_MARGIN_SHARE
        elif quantity:
            by_expiry.setdefault(contract.expiry, []).append((contract, quantity))
    return margin + sum((_worst_loss(options) for options in by_expiry.values()), Decimal(0))


def stock_value(holdings: Iterable[Holding], spot: Decimal) -> Decimal:
    """Return the signed market value of shares, USD."""
    return sum((q * spot for contract, q in holdings if contract.sec_type == "STK"), Decimal(0))


def intrinsic(contract: Contract, spot: Decimal) -> Decimal:
    """Return what an option is worth at expiry, USD per share."""
    gain = spot - contract.strike if contract.right == "C" else contract.strike - spot
    return max(gain, Decimal(0))


def _worst_loss(options: list[Holding]) -> Decimal:
    strikes = sorted({contract.strike for contract, _ in options})
    # The payoff is piecewise linear, so its minimum lies at a strike or at an end.
    spots = [Decimal(0), *strikes, strikes[-1] * _BEYOND_HIGHEST_STRIKE]
    payoffs = [
        sum((q * c.multiplier * intrinsic(c, spot) for c, q in options), Decimal(0))
        for spot in spots
    ]
    return max(-min(payoffs), Decimal(0))
