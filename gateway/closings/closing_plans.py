"""What may be closed of each position at one look, and the orders that do it; no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from gateway.closings.closing_asks import ClosingAsk
from shared.domain.closing import Contracts, closing_quantity, plan_closing, under_way
from shared.domain.followers import AccountId
from shared.domain.options import ContractKey
from shared.domain.orders import Order, Purpose
from shared.domain.positions import Position, PositionId, position_id_of


class ClosingPlans:
    """Plans the closings of one look; each plan counts against the ones after it.

    Args:
        orders: Every order on the desk.
        session_date: Session in which it is closed, ISO text.
        now: Market time (UTC).
    """

    def __init__(self, orders: Sequence[Order], *, session_date: str, now: datetime) -> None:
        self._session_date = session_date
        self._now = now
        self._openings: dict[PositionId, Order] = {}
        self._closings: Counter[PositionId] = Counter()
        self._closing: Counter[tuple[AccountId, ContractKey]] = Counter(under_way(orders))
        for order in orders:
            position_id = position_id_of(order.follower_id, order.spread)
            if order.purpose is Purpose.OPEN:
                self._openings[position_id] = order
            elif order.purpose is Purpose.CLOSE:
                self._closings[position_id] += 1

    def opened_by(self, position: Position) -> Order | None:
        """The opening order that a position came from; None where it is not on the desk."""
        return self._openings.get(position.position_id)

    def closable(self, position: Position, held: Contracts) -> int:
        """Spreads that may be closed, less what is being closed of the same contracts."""
        return closing_quantity(position, held, self._closing)

    def plan(self, position: Position, ask: ClosingAsk, closable: int) -> Order | None:
        """Plan a closing; None where nothing may be closed."""
        quantity = min(closable, position.open_quantity - ask.leave_quantity)
        opened_by = self.opened_by(position)
        if quantity <= 0 or opened_by is None:
            return None
        self._closings[position.position_id] += 1
        order = plan_closing(
            position,
            opened_by,
            self._closings[position.position_id],
            quantity=quantity,
            session_date=self._session_date,
            now=self._now,
            cause=ask.cause,
        )
        self._closing.update(under_way([order]))
        return order
