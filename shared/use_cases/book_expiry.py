"""Book the expiry of options that end worthless: a closing entry at zero, without a fee."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from shared.domain.assignment import Settled
from shared.domain.fills import Fill
from shared.domain.money import ZERO
from shared.domain.orders import Order
from shared.domain.positions import Position
from shared.use_cases.book_settlement import settlement_fills


def expires_worthless(position: Position, spot: Decimal) -> bool:
    """Tell whether both legs end out of the money at the underlying's closing middle.

    Exchanges exercise automatically from 0.01 in the money.
    """
    contracts = (position.spread.long_contract, position.spread.short_contract)
    return all(contract.intrinsic(spot) <= ZERO for contract in contracts)


def expiry_fills(position: Position, order: Order, *, at: datetime) -> tuple[Fill, ...]:
    """Make the zero-price closing entries of a position whose options ended worthless.

    Args:
        position: What is held; shares of an earlier assignment stay.
        order: The opening order it came from.
        at: The close (UTC).
    """
    return settlement_fills(
        position,
        order,
        Settled(position_id=position.position_id, has_expired=True),
        booked=(),
        session_date=position.spread.expiry,
        at=at,
    )
