"""Book the expiry of options that end worthless: a closing entry at zero, without a fee."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from shared.domain.fills import ExecId, Fill
from shared.domain.money import ZERO
from shared.domain.orders import Order
from shared.domain.positions import LegPosition, Position
from shared.domain.spreads import Side


def expires_worthless(position: Position, spot: Decimal) -> bool:
    """Tell whether both legs end out of the money at the underlying's closing middle.

    Exchanges exercise automatically from 0.01 in the money.
    """
    contracts = (position.spread.long_contract, position.spread.short_contract)
    return all(contract.intrinsic(spot) <= ZERO for contract in contracts)


def expiry_fills(position: Position, order: Order, *, at: datetime) -> tuple[Fill, ...]:
    """Make the zero-price closing entries of a position whose options ended worthless.

    Args:
        position: What is held.
        order: The opening order it came from.
        at: The close (UTC).
    """
    return tuple(_closing_entry(position, order, leg, at) for leg in position.legs if leg.quantity)


def _closing_entry(position: Position, order: Order, leg: LegPosition, at: datetime) -> Fill:
    return Fill(
        exec_id=ExecId(f"expiry-{position.position_id}-{leg.contract_key}"),
        order_id=order.order_id,
        follower_id=position.follower_id,
        account_id=position.account_id,
        session_date=order.session_date,
        contract_key=leg.contract_key,
        side=Side.SELL if leg.quantity > 0 else Side.BUY,
        quantity=abs(leg.quantity),
        price=ZERO,
        multiplier=leg.multiplier,
        fee=ZERO,
        at=at,
    )
