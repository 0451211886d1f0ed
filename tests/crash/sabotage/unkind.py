"""Brokers that are unkind, as the real one may be: a mistake shows only where it matters."""

from __future__ import annotations

from decimal import Decimal

from shared.domain.orders import BrokerIds
from shared.ports.broker import BrokerEvent, ComboOrder, OrderAcknowledged, StockOrder, WhatIf
from tests.fakes.broker import FakeBroker


class LateCancels(FakeBroker):
    """A cancel reaches the book only when the market moves next: until then the order fills."""

    def cancel(self, ids: BrokerIds) -> None:
        self._require([])
        self._late = [*getattr(self, "_late", []), ids]

    def match(self) -> None:
        super().match()
        late: list[BrokerIds] = getattr(self, "_late", [])
        self._late = []
        for ids in late:
            super().cancel(ids)


class LostAnswers(FakeBroker):
    """The first acknowledgement of every order is lost."""

    def _tell(self, event: BrokerEvent) -> None:
        answered: set[int] = self.__dict__.setdefault("_answered_once", set())
        if isinstance(event, OrderAcknowledged) and event.broker_order_id not in answered:
            answered.add(event.broker_order_id)
            return
        super()._tell(event)


class TakesLegs(FakeBroker):
    """Takes orders for single legs, which ours never are."""

    @staticmethod
    def _margin_of(order: WhatIf | ComboOrder | StockOrder) -> Decimal:
        is_leg = isinstance(order, ComboOrder) and len(order.legs) == 1
        return Decimal(0) if is_leg else FakeBroker._margin_of(order)
