"""How many spreads a follower takes of a signal."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from shared.domain.followers import Follower
from shared.domain.ladder import LadderRules
from shared.domain.spreads import Spread


def worst_loss(spread: Spread, quantity: int, *, credit: Decimal, fee_per_leg: Decimal) -> Decimal:
    """USD lost if the spread ends at full width, opening fees counted.

    Args:
        spread: What is sold.
        quantity: Spreads.
        credit: USD per share taken in, positive.
        fee_per_leg: Broker fee per contract and leg, USD.
    """
    per_spread = (spread.width - credit) * spread.multiplier + 2 * fee_per_leg
    return per_spread * quantity


def quantity_for(
    follower: Follower,
    spread: Spread,
    qty_per_leg: int,
    *,
    rules: LadderRules,
    fee_per_leg: Decimal,
    book_max_quantity: int,
) -> int:
    """Size one follower's order: his share of the sheet's quantity, then every cap.

    Returns:
        Whole spreads; 0 means the order is skipped as SIZE_ZERO.
    """
    quantity = _floor(qty_per_leg * follower.multiplier_ratio)
    quantity = min(quantity, book_max_quantity)
    if follower.max_contracts is not None:
        quantity = min(quantity, follower.max_contracts)
    if follower.max_loss is not None:
        one = worst_loss(spread, 1, credit=-rules.ceiling, fee_per_leg=fee_per_leg)
        if one > 0:
            quantity = min(quantity, _floor(follower.max_loss / one))
    return max(0, quantity)


def _floor(amount: Decimal) -> int:
    return int(amount.to_integral_value(rounding=ROUND_FLOOR))
