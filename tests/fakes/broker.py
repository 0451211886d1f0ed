"""`Broker` in memory, with the simulator's fill rule in small; held to the same contract.

A market that the test sets; orders that fill at or through the natural price, leg by leg, limited
by the size shown; refusals and lost messages as told. Every event is told on a later turn of the
event loop, as a socket would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from shared.domain.errors import AdapterError
from shared.domain.fills import COMBO_KEY
from shared.domain.followers import AccountId, LoginId
from shared.domain.options import ContractKey, OptionContract, underlying_key
from shared.domain.orders import BrokerIds, Margin
from shared.domain.quotes import Quote
from shared.domain.spreads import Side
from shared.ports.broker import (
    Broker,
    BrokerEvent,
    ClientIdTaken,
    ComboOrder,
    ConnectionLost,
    Execution,
    ExerciseRequest,
    FeeReported,
    OrderAcknowledged,
    OrderEndReported,
    OrderMessage,
    StockOrder,
    Sweep,
    WhatIf,
    WhatIfRefused,
)
from tests.fakes.broker_book import FEE, BrokerBook, BrokerOrder, FakeMarket, fee_of

_ENDED = "Cancelled"


class FakeBroker:
    """One login.

    What a test may set: `equity` (what-ifs leave `initial_after` = width x 100 x quantity of it),
    `refuse_with` (code and words for the next new order), `lose_sends` and `lose_cancels` (they
    go nowhere), `hush` (the broker acts but tells nothing), `reachable`, `is_taken` (another holds
    our client id), `answers` (False: what waits for an answer times out), `data_is_live`,
    `fill_at_most` (spreads per fill).
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
        self.market = market
        self.equity = Decimal(equity)
        self.book = book or BrokerBook()
        self.refuse_with: tuple[int, str] | None = None
        self.lose_sends = self.lose_cancels = self.hush = False
        self.reachable = self.answers = self.data_is_live = True
        self.is_taken = False
        self.heartbeats = 0
        self.fill_at_most = 1_000_000
        self.connects = 0
        self.what_ifs: list[WhatIf] = []
        self.canceled: list[BrokerIds] = []
        self._login_id = LoginId(login_id)
        self._accounts = tuple(AccountId(name) for name in accounts)
        self._now = now
        self._is_connected = False
        self._on_event: Callable[[LoginId, BrokerEvent], None] = lambda *_: None
        self._known: set[ContractKey] = set()
        self._watched: set[ContractKey] = set()

    @property
    def login_id(self) -> LoginId:
        return self._login_id

    @property
    def is_connected(self) -> bool:
        return self._is_connected

    @property
    def has_live_data(self) -> bool:
        return self._is_connected and self.data_is_live

    def listen(self, on_event: Callable[[LoginId, BrokerEvent], None]) -> None:
        self._on_event = on_event

    async def connect(self) -> None:
        await asyncio.sleep(0)
        self.connects += 1
        if not self.reachable:
            raise AdapterError("ibkr", f"login {self._login_id}: refused", retryable=True)
        if self.is_taken:
            raise ClientIdTaken(f"login {self._login_id}: 326: client id is already in use")
        self._is_connected = True

    async def disconnect(self) -> None:
        self.drop()

    async def heartbeat(self) -> None:
        self.heartbeats += 1
        await self._answered()

    def accounts(self) -> tuple[AccountId, ...]:
        return self._accounts

    def next_valid_order_id(self) -> int:
        self._require([])
        return max(self.book.orders, default=0) + 1

    async def resolve(
        self, symbol: str, contracts: Sequence[OptionContract]
    ) -> tuple[OptionContract, ...]:
        await self._answered()
        wanted = [underlying_key(symbol), *(contract.key for contract in contracts)]
        self._known.update(key for key in wanted if key in self.market.quotes)
        return tuple(contract for contract in contracts if contract.key not in self._known)

    def learn_from(self, other: Broker) -> None:
        if isinstance(other, FakeBroker):
            self._known |= other._known

    async def what_if(self, order: WhatIf) -> Margin | WhatIfRefused:
        self._require([leg.contract.key for leg in order.legs])
        await self._answered()
        self.what_ifs.append(order)
        if order.account_id not in self._accounts:
            return WhatIfRefused(message="321: Error validating request.-'bw' : cause - account")
        fees = 2 * FEE * order.quantity
        equity = self.equity - fees - order.limit * 100 * order.quantity
        return Margin(
            currency="USD",
            initial_before=Decimal(0),
            initial_after=self._margin_of(order),
            equity_after=equity,
            buffer=max(Decimal(0), equity) * order.buffer_ratio,
        )

    def place(self, order: ComboOrder | StockOrder) -> None:
        if isinstance(order, ComboOrder):
            self._require([leg.contract.key for leg in order.legs])
        else:
            self._require([underlying_key(order.symbol)])
        if self.lose_sends:
            return
        self.book.take(order)
        order_id = order.ids.broker_order_id
        known = self.book.orders.get(order_id)
        if known is None and self.refuse_with is not None:
            (code, words), self.refuse_with = self.refuse_with, None
            self._refuse(order_id, code, words)
        elif known is None and self._margin_of(order) > self.equity:
            self._refuse(order_id, 201, "Order rejected - reason:EQUITY WITH LOAN VALUE")
        elif known is None:
            self.book.orders[order_id] = BrokerOrder(order, perm_id=700_000 + order_id)
            self._acknowledge(order_id)
        elif known.is_live:
            known.asked = order
            self._acknowledge(order_id)
        else:
            self._refuse(order_id, 104, "Cannot modify a filled order.")
        self.match()

    def exercise(self, request: ExerciseRequest) -> None:
        self._require([request.contract.key])
        if not self.lose_sends:
            self.book.exercise(request)

    def cancel(self, ids: BrokerIds) -> None:
        self._require([])
        self.canceled.append(ids)
        order = self.book.orders.get(ids.broker_order_id)
        if self.lose_cancels:
            return
        if order is None:
            text = f"OrderId {ids.broker_order_id} that needs to be cancelled is not found."
            self._tell(OrderMessage(broker_order_id=ids.broker_order_id, code=10147, message=text))
        elif order.is_live:
            self.end(ids.broker_order_id)

    async def sweep(self) -> Sweep:
        self._require([])
        await self._answered()
        return self.book.sweep()

    async def watch(self, symbol: str, contracts: Sequence[OptionContract]) -> None:
        self._require([])
        await asyncio.sleep(0)
        wanted = {underlying_key(symbol), *(contract.key for contract in contracts)}
        self._watched |= wanted & self._known

    def quotes(self) -> dict[ContractKey, Quote]:
        if not self._is_connected:
            return {}
        return {key: self.market.quote(key, self._now()) for key in sorted(self._watched)}

    def match(self) -> None:
        """Fill what is marketable now: call it after the market has moved."""
        for order_id, order in list(self.book.orders.items()):
            if order.is_live and order.ends_at is not None and self._now() >= order.ends_at:
                self.end(order_id)
            natural = self.market.natural_of(order.asked)
            if order.is_live and natural is not None and order.worked_limit >= natural[0]:
                most = min(order.asked.quantity - order.filled, natural[1], self.fill_at_most)
                self._fill(order_id, order, natural[0], most)

    def drop(self, reason: str = "dropped") -> None:
        """Cut the connection; the broker's book stays as it is."""
        if self._is_connected:
            self._is_connected = False
            self._watched.clear()
            self._tell(ConnectionLost(reason=reason))

    def end(self, order_id: int, status: str = _ENDED) -> None:
        """End an order at the broker, whoever wanted it."""
        order = self.book.orders[order_id]
        order.status = status
        self._tell(OrderEndReported(broker_order_id=order_id, perm_id=order.perm_id, status=status))

    def tell(self, event: BrokerEvent) -> None:
        """Tell any event."""
        self._tell(event)

    def _fill(self, order_id: int, order: BrokerOrder, price: Decimal, quantity: int) -> None:
        if quantity <= 0:
            return
        number = len(self.book.executions)
        order.filled += quantity
        made = []
        if isinstance(order.asked, ComboOrder) and len(order.asked.legs) > 1:
            made.append(self._execution(order, COMBO_KEY, Side.BUY, price, quantity, number, 1))
        for part, (key, side) in enumerate(order.parts(), start=2):
            quote = self.market.quotes[key]
            paid = (quote.ask if side is Side.BUY else quote.bid) or Decimal(0)
            made.append(self._execution(order, key, side, paid, quantity, number, part))
            self.book.move(order.asked.account_id, key, side.sign * quantity)
        self.book.executions += made
        for execution in made:
            self._tell(execution)
        if order.filled >= order.asked.quantity:
            self.end(order_id, "Filled")
        else:
            self._acknowledge(order_id)
        for execution in made:
            if execution.contract_key != COMBO_KEY:
                fee = fee_of(execution)
                self._tell(FeeReported(broker_exec_id=execution.broker_exec_id, fee=fee))

    def _execution(
        self,
        order: BrokerOrder,
        key: ContractKey,
        side: Side,
        price: Decimal,
        quantity: int,
        number: int,
        part: int,
    ) -> Execution:
        return Execution(
            broker_exec_id=f"{order.perm_id:08x}.{number:08x}.{part:02x}.01",
            order_ref=order.asked.ids.order_ref,
            account_id=order.asked.account_id,
            contract_key=key,
            side=side,
            quantity=quantity,
            price=price,
            perm_id=order.perm_id,
            at=self._now(),
        )

    def _acknowledge(self, order_id: int) -> None:
        perm_id = self.book.orders[order_id].perm_id
        self._tell(OrderAcknowledged(broker_order_id=order_id, perm_id=perm_id))

    def _refuse(self, order_id: int, code: int, words: str) -> None:
        self._tell(OrderMessage(broker_order_id=order_id, code=code, message=words))
        self._tell(OrderEndReported(broker_order_id=order_id, perm_id=0, status=_ENDED))

    def _tell(self, event: BrokerEvent) -> None:
        if not self.hush:
            asyncio.get_running_loop().call_soon(lambda: self._on_event(self._login_id, event))

    @staticmethod
    def _margin_of(order: WhatIf | ComboOrder | StockOrder) -> Decimal:
        if isinstance(order, StockOrder) or len(order.legs) == 1:
            return Decimal(0)
        width = abs(order.legs[0].contract.strike - order.legs[1].contract.strike)
        return width * 100 * order.quantity

    def _require(self, keys: Sequence[ContractKey]) -> None:
        if not self._is_connected:
            raise AdapterError("ibkr", f"login {self._login_id} is not connected", retryable=True)
        unknown = [key for key in keys if key not in self._known]
        if unknown:
            words = f"login {self._login_id} has not looked {unknown[0]} up"
            raise AdapterError("ibkr", words, retryable=True)

    async def _answered(self) -> None:
        await asyncio.sleep(0)
        if not (self._is_connected and self.answers):
            words = f"login {self._login_id} did not answer"
            raise AdapterError("ibkr", words, retryable=True)
