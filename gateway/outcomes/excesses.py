"""Excesses: more than one live broker order, or more filled than was ordered."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.errors import AdapterError
from shared.domain.orders import Order, Purpose
from shared.domain.positions import Position, position_id_of
from shared.use_cases.reconcile_login import Stray


class Excesses:
    """Cancels what is live too much, and has closed what filled too much, at once.

    Args:
        floor: What the leader works with.
    """

    def __init__(self, floor: TradingFloor) -> None:
        self._floor = floor

    async def cancel(self, strays: Sequence[Stray]) -> None:
        """Ask for the cancel of live broker orders that no order of ours may have."""
        for stray in strays:
            order = self._floor.desk.order(stray.order_id)
            self._cancel(order, stray)
            words = (
                f"{order.follower_id}: broker order {stray.ids.broker_order_id} is live beside or "
                "after the one that his order may have; it is canceled, and what it fills is closed"
            )
            await self._tell(order, f"broker order {stray.ids.broker_order_id}", words)

    def _cancel(self, order: Order, stray: Stray) -> None:
        if not self._floor.lease.stands():
            return
        try:
            self._floor.connections[order.login_id].cancel(stray.ids)
        except AdapterError as error:
            log_event("stray_not_canceled", severity="WARNING", why=str(error))

    async def close(self, order: Order) -> None:
        """Have closed, as spreads, what an opening filled beyond what was planned.

        What is too much is counted from the position, so that a repeat is a no-op. A closing
        that filled too much is only paged: what it left is no uncovered short, and no order of
        ours takes a position through zero again.
        """
        if not order.excess_quantity or order.purpose.is_remedy:
            return
        if order.purpose is Purpose.CLOSE:
            filled = f"{order.filled_quantity} spreads filled of {order.quantity}"
            await self._tell(order, "excess", f"closing of {order.follower_id}: {filled}")
            return
        floor = self._floor
        position = floor.desk.position(position_id_of(order.follower_id, order.spread))
        wanted = self._planned(position) if position else 0
        if position is None or position.open_quantity <= wanted:
            return
        log_event("excess_filled", severity="WARNING", order=order.order_id)
        floor.closing_asks.ask(
            position.position_id, CloseCause.EXCESS, at=floor.clock.now(), leave_quantity=wanted
        )
        words = (
            f"{order.follower_id}: {order.filled_quantity} spreads filled of {order.quantity}; "
            f"{position.open_quantity - wanted} are closed at once"
        )
        await self._tell(order, "excess", words)

    async def _tell(self, order: Order, what: str, words: str) -> None:
        await self._floor.raise_alert(
            AlertType.POSITION_MISMATCH,
            f"{order.order_id} {what}",
            words,
            follower_id=order.follower_id,
            traceparent=order.traceparent,
        )

    def _planned(self, position: Position) -> int:
        """Spreads that may be held: each opening's fills up to what it was planned for."""
        return sum(
            min(order.filled_quantity, order.quantity)
            for order in self._floor.desk.orders()
            if order.purpose is Purpose.OPEN
            and position_id_of(order.follower_id, order.spread) == position.position_id
        )
