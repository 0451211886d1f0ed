"""Sending again what the broker's books do not know: the same ids, never new ones.

A late original is then only modified, or IBKR answers 103 (duplicate order id).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.domain.errors import AdapterError
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.reasons import Reason
from shared.domain.trading_settings import TradingSettings
from shared.use_cases.work_order import Floor, is_used_up, send_again


class Resends:
    """Decides what is sent again, and sends it.

    Only what the broker has never acknowledged and nothing filled of: what it once knew and
    shows no more is no lost send, and a person must look.

    Args:
        floor: What the leader works with.
        ladder_of: What one order's ladder needs.
        canceled: Orders whose cancel we asked for.
        unsent: Where orders go that nobody sent: an earlier leader released them, and died.
    """

    def __init__(
        self,
        floor: TradingFloor,
        ladder_of: Callable[[Order, TradingSettings], Floor],
        canceled: Mapping[OrderId, Reason],
        unsent: dict[OrderId, str],
    ) -> None:
        self._floor = floor
        self._ladder_of = ladder_of
        self._canceled = canceled
        self._unsent = unsent
        self._taken: set[OrderId] = set()
        self._repeated: set[OrderId] = set()

    def refused_id(self, order_id: OrderId) -> None:
        """Keep that the broker called an order's id a duplicate (103): it is not sent again."""
        self._taken.add(order_id)

    def was_sent_again(self, order_id: OrderId) -> bool:
        """Tell whether an order was sent more than once under its ids."""
        return order_id in self._repeated

    async def send_again(self, order_id: OrderId) -> bool:
        """Send an order that two whole readings do not know, where it may still be sent.

        One without a limit was never sent: it goes the way of every unsent order, with a price
        of now. So does a closing in a frozen book: nothing is sent before the switch allows it,
        and a position whose closing were called unconfirmed could not be closed any more.

        Returns:
            True where its outcome is known after this: it waits to be sent like any other.
        """
        try:
            settings = await self._floor.controls.trading()
        except AdapterError as error:
            log_event("not_sent_again", severity="WARNING", order=order_id, why=str(error))
            return False
        order = self._floor.desk.order(order_id)
        ladder = self._ladder_of(order, settings)
        if not (self._is_lost(order) and self._may_go_on(order, ladder)):
            return False
        if not order.rungs:
            log_event("never_sent", severity="WARNING", order=order_id)
            self._unsent[order_id] = "nobody sent it: the broker's books do not know it, twice"
            return True
        if not ladder.may_open():
            return False
        self._repeated.add(order_id)
        try:
            send_again(order, ladder)
        except AdapterError as error:
            log_event("not_sent_again", severity="WARNING", order=order_id, why=str(error))
            return False
        log_event("sent_again", severity="WARNING", order=order_id)
        return False

    def _is_lost(self, order: Order) -> bool:
        """True for a send that nothing at all is known of."""
        return (
            order.state is OrderState.RELEASING
            and not order.was_acknowledged
            and order.filled_quantity == order.earlier_filled_quantity
            and order.order_id not in self._canceled
            and order.order_id not in self._taken
        )

    def _may_go_on(self, order: Order, ladder: Floor) -> bool:
        """True where it may be sent now, or may wait until it may be."""
        if order.purpose is Purpose.OPEN and (is_used_up(order, ladder) or not ladder.may_open()):
            return False
        return self._floor.clock.now() < ladder.cutoff_at
