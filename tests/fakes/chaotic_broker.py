"""The broker in memory, with everything that goes wrong between it and us."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from shared.domain.fills import COMBO_KEY
from shared.domain.orders import BrokerIds
from shared.ports.broker import (
    BrokerEvent,
    ComboOrder,
    Execution,
    OrderEndReported,
    OrderMessage,
    StockOrder,
    Sweep,
)
from tests.fakes.broker import FakeBroker
from tests.fakes.broker_book import BrokerBook, FakeMarket

_NOTHING = Sweep(open_orders=(), completed_orders=(), executions=(), fees={}, positions={})


class ChaoticBroker(FakeBroker):
    """One login.

    What a test may set besides `FakeBroker`'s: `repeats` (every event is told twice), `keeps`
    (events are kept until `release`), `crossing` (so many spreads fill while the next cancel
    arrives, and are told after the end), `empty_sweeps` (so many sweeps show nothing),
    `refuse_modify_with` (code of the next modify; the order lives on at its old limit).
    """

    def __init__(
        self,
        login_id: str,
        accounts: Sequence[str],
        market: FakeMarket,
        *,
        now: Callable[[], datetime],
        equity: str = "100000",
        book: BrokerBook | None = None,
    ) -> None:
        super().__init__(login_id, accounts, market, now=now, equity=equity, book=book)
        self.repeats = self.keeps = False
        self.crossing = self.empty_sweeps = self.refuse_modify_with = 0
        self._kept: list[BrokerEvent] = []

    def place(self, order: ComboOrder | StockOrder) -> None:
        known = self.book.orders.get(order.ids.broker_order_id)
        if known is not None and known.is_live and self.refuse_modify_with:
            code, self.refuse_modify_with = self.refuse_modify_with, 0
            message = "Order being modified does not match original order."
            number = order.ids.broker_order_id
            self._tell(OrderMessage(broker_order_id=number, code=code, message=message))
            return
        super().place(order)

    def cancel(self, ids: BrokerIds) -> None:
        order = self.book.orders.get(ids.broker_order_id)
        crossing, self.crossing = self.crossing, 0
        super().cancel(ids)
        if order is None or order.is_live or not crossing or order.status == "Filled":
            return
        quantity = min(crossing, order.asked.quantity - order.filled)
        natural = self.market.natural_of(order.asked)
        if natural is not None and quantity > 0:
            status, order.status = order.status, "Submitted"
            self._fill(ids.broker_order_id, order, natural[0], quantity)
            if order.filled < order.asked.quantity:
                order.status = status

    async def sweep(self) -> Sweep:
        told = await super().sweep()
        if self.empty_sweeps:
            self.empty_sweeps -= 1
            return _NOTHING
        return told

    def say_ended(self) -> None:
        """Tell of every live order that it has ended, as the client library does on 10349."""
        for number, order in self.book.orders.items():
            if order.is_live:
                words = "Order TIF was set to DAY based on order preset."
                self._tell(OrderMessage(broker_order_id=number, code=10349, message=words))
                self._tell(
                    OrderEndReported(
                        broker_order_id=number, perm_id=order.perm_id, status="Cancelled"
                    )
                )

    def correct_last(self, by: Decimal) -> None:
        """Correct the price of the last leg execution, as a broker does under the next revision."""
        for place in range(len(self.book.executions) - 1, -1, -1):
            found = self.book.executions[place]
            if found.contract_key != COMBO_KEY:
                self.book.executions[place] = _corrected(found, by)
                self._tell(self.book.executions[place])
                return

    def release(self, *, turned: bool) -> None:
        """Tell what was kept, the last first where `turned`."""
        self.keeps = False
        kept, self._kept = self._kept, []
        for event in reversed(kept) if turned else kept:
            self._tell(event)

    def _tell(self, event: BrokerEvent) -> None:
        if self.keeps:
            self._kept.append(event)
            return
        for _ in range(2 if self.repeats else 1):
            super()._tell(event)


def _corrected(execution: Execution, by: Decimal) -> Execution:
    head, _, revision = execution.broker_exec_id.rpartition(".")
    return replace(
        execution,
        broker_exec_id=f"{head}.{int(revision) + 1:02d}",
        price=execution.price + by,
    )
