"""Mistakes made at the broker: each stands between the gateway and a broker that works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from shared.domain.followers import AccountId, LoginId
from shared.domain.options import ContractKey, OptionContract
from shared.domain.orders import BrokerIds, Margin, Purpose
from shared.domain.quotes import Quote
from shared.ports.broker import (
    Broker,
    BrokerEvent,
    ComboOrder,
    CompletedBrokerOrder,
    Execution,
    ExerciseRequest,
    OrderAcknowledged,
    OrderEndReported,
    StockOrder,
    Sweep,
    WhatIf,
    WhatIfRefused,
)


class PassedOn:
    """`Broker` that hands everything on; a mistake changes what it is about."""

    def __init__(self, inner: Broker) -> None:
        self._inner = inner

    @property
    def login_id(self) -> LoginId:
        return self._inner.login_id

    @property
    def is_connected(self) -> bool:
        return self._inner.is_connected

    @property
    def has_live_data(self) -> bool:
        return self._inner.has_live_data

    def listen(self, on_event: Callable[[LoginId, BrokerEvent], None]) -> None:
        self._inner.listen(on_event)

    async def connect(self) -> None:
        await self._inner.connect()

    async def disconnect(self) -> None:
        await self._inner.disconnect()

    async def heartbeat(self) -> None:
        await self._inner.heartbeat()

    def accounts(self) -> tuple[AccountId, ...]:
        return self._inner.accounts()

    def next_valid_order_id(self) -> int:
        return self._inner.next_valid_order_id()

    async def resolve(
        self, symbol: str, contracts: Sequence[OptionContract]
    ) -> tuple[OptionContract, ...]:
        return await self._inner.resolve(symbol, contracts)

    def learn_from(self, other: Broker) -> None:
        self._inner.learn_from(other._inner if isinstance(other, PassedOn) else other)

    async def what_if(self, order: WhatIf) -> Margin | WhatIfRefused:
        return await self._inner.what_if(order)

    def place(self, order: ComboOrder | StockOrder) -> None:
        self._inner.place(order)

    def cancel(self, ids: BrokerIds) -> None:
        self._inner.cancel(ids)

    def exercise(self, request: ExerciseRequest) -> None:
        self._inner.exercise(request)

    async def sweep(self) -> Sweep:
        return await self._inner.sweep()

    async def watch(self, symbol: str, contracts: Sequence[OptionContract]) -> None:
        await self._inner.watch(symbol, contracts)

    def quotes(self) -> dict[ContractKey, Quote]:
        return self._inner.quotes()


class CancelIsFinal(PassedOn):
    """Takes an order for ended as soon as its cancel was asked for."""

    def __init__(self, inner: Broker) -> None:
        super().__init__(inner)
        self._ended: dict[int, BrokerIds] = {}
        self._on_event: Callable[[LoginId, BrokerEvent], None] = lambda *_: None

    def listen(self, on_event: Callable[[LoginId, BrokerEvent], None]) -> None:
        self._on_event = on_event
        self._inner.listen(self._tell)

    def cancel(self, ids: BrokerIds) -> None:
        super().cancel(ids)
        self._ended[ids.broker_order_id] = ids
        ended = OrderEndReported(
            broker_order_id=ids.broker_order_id, perm_id=ids.perm_id or 0, status="Cancelled"
        )
        asyncio.get_running_loop().call_soon(lambda: self._on_event(self.login_id, ended))

    async def sweep(self) -> Sweep:
        sweep = await super().sweep()
        refs = {ids.order_ref for ids in self._ended.values()}
        ended = tuple(
            CompletedBrokerOrder(order_ref=ref, perm_id=0, status="Cancelled", message="Cancelled")
            for ref in sorted(refs)
        )
        return replace(
            sweep,
            open_orders=tuple(one for one in sweep.open_orders if one.order_ref not in refs),
            completed_orders=(*sweep.completed_orders, *ended),
            executions=tuple(one for one in sweep.executions if one.order_ref not in refs),
        )

    def _tell(self, login_id: LoginId, event: BrokerEvent) -> None:
        refs = {ids.order_ref for ids in self._ended.values()}
        if not (isinstance(event, Execution) and event.order_ref in refs):
            self._on_event(login_id, event)


class NoReconcile(PassedOn):
    """Believes its own memory: the broker's books are never read."""

    async def sweep(self) -> Sweep:
        sweep = await super().sweep()
        return replace(sweep, open_orders=(), completed_orders=(), executions=())


class NewIdOnResend(PassedOn):
    """Sends what nobody acknowledged once more, under a new order id."""

    def __init__(self, inner: Broker) -> None:
        super().__init__(inner)
        self._unanswered: dict[int, ComboOrder | StockOrder] = {}

    def listen(self, on_event: Callable[[LoginId, BrokerEvent], None]) -> None:
        def heard(login_id: LoginId, event: BrokerEvent) -> None:
            if isinstance(event, OrderAcknowledged):
                self._unanswered.pop(event.broker_order_id, None)
            on_event(login_id, event)

        self._inner.listen(heard)

    def place(self, order: ComboOrder | StockOrder) -> None:
        super().place(order)
        self._unanswered.setdefault(order.ids.broker_order_id, order)

    async def sweep(self) -> Sweep:
        unanswered, self._unanswered = self._unanswered, {}
        for order in unanswered.values():
            number = self._inner.next_valid_order_id() + 500
            self._inner.place(replace(order, ids=replace(order.ids, broker_order_id=number)))
        return await super().sweep()


class LongLegFirst(PassedOn):
    """Closes a spread leg by leg, and sells the bought leg before the sold one is back."""

    def place(self, order: ComboOrder | StockOrder) -> None:
        if isinstance(order, StockOrder) or order.purpose is not Purpose.CLOSE:
            super().place(order)
            return
        sold, bought = (leg for leg in sorted(order.legs, key=lambda leg: leg.side, reverse=True))
        number = order.ids.broker_order_id
        for step, leg in enumerate((sold, bought)):
            ids = replace(order.ids, broker_order_id=number + step * 500)
            limit = 2 * abs(order.limit) if step else Decimal(0)
            super().place(replace(order, ids=ids, legs=(leg,), limit=limit))
