"""The broker through ib_insync: the only file that knows the library.

ib_async is its maintained successor with the same interface; swapping must stay a change of
this file. Facts of the wire and of the library's surprises: IBKR's TWS API documentation and
ib_insync 0.9.86 itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import ib_insync as ibi

from gateway.ibkr_codec import decimal_or_none, margin_of, utc, whole
from gateway.quote_feeds import QuoteFeeds
from shared.domain.errors import AdapterError
from shared.domain.fills import COMBO_KEY
from shared.domain.followers import AccountId, Login, LoginId
from shared.domain.options import ContractKey, OptionContract, underlying_key
from shared.domain.orders import BrokerIds, Margin
from shared.domain.quotes import Quote
from shared.domain.spreads import Leg, Side
from shared.ports.broker import (
    Broker,
    BrokerEvent,
    ComboOrder,
    CompletedBrokerOrder,
    ConnectionLost,
    Execution,
    FeeReported,
    OpenBrokerOrder,
    OrderAcknowledged,
    OrderEndReported,
    OrderMessage,
    Sweep,
    WhatIf,
    WhatIfRefused,
)

T = TypeVar("T")

_ALIVE = frozenset({"PreSubmitted", "Submitted"})
_REQUEST_IDS = 10_000
"""Order ids left to the library for requests and what-ifs before our own begin: it counts both
on from nextValidId, and IBKR wants ids of orders to grow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Machine seconds that broker calls may take."""

    connect_seconds: float = 15.0
    request_seconds: float = 10.0


class IbkrBroker:
    """Implements `shared.ports.broker.Broker` for one login.

    Args:
        login: Endpoint and client id.
        now: Market time, for the age of quotes.
        timeouts: Machine seconds that calls may take.
    """

    def __init__(
        self, login: Login, *, now: Callable[[], datetime], timeouts: Timeouts | None = None
    ) -> None:
        self._login = login
        self._timeouts = timeouts or Timeouts()
        # What it says of a refused connection we tell ourselves, once and with the login's name.
        logging.getLogger("ib_insync").setLevel(logging.CRITICAL)
        new_ib: Callable[[], ibi.IB] = ibi.IB
        self._ib = new_ib()
        self._ib.RaiseRequestErrors = True
        self._is_held_back = False
        self._on_event: Callable[[LoginId, BrokerEvent], None] = lambda *_: None
        self._contracts: dict[ContractKey, ibi.Contract] = {}
        self._keys: dict[int, ContractKey] = {}
        self._orders: dict[int, ibi.Order] = {}
        self._bags: dict[int, ibi.Contract] = {}
        self._feeds = QuoteFeeds(now=now)
        self._underlying = ContractKey("")
        self._sweeping = asyncio.Lock()
        self._subscribe_events()

    @property
    def login_id(self) -> LoginId:
        """Which login this is."""
        return self._login.login_id

    @property
    def is_connected(self) -> bool:
        """True while the connection is up and synchronized."""
        return bool(self._ib.isConnected())

    def listen(self, on_event: Callable[[LoginId, BrokerEvent], None]) -> None:
        """Tell every event, on the event loop, in the order the broker sent them."""
        self._on_event = on_event

    async def connect(self) -> None:
        """Connect with our fixed client id and synchronize.

        Raises:
            AdapterError: If nobody answers, or another holds our client id (the library then
                only times out: error 326 closes the socket).
        """
        login = self._login
        connecting = self._ib.connectAsync(
            login.host, login.port, login.client_id, timeout=self._timeouts.connect_seconds
        )
        try:
            await connecting
        except (OSError, TimeoutError, ConnectionError) as error:
            words = f"login {login.login_id} at {login.host}:{login.port}: {error or 'timed out'}"
            raise AdapterError("ibkr", words, retryable=True) from error
        self._ib.reqMarketDataType(1)

    async def disconnect(self) -> None:
        """Disconnect; our orders stay where they are."""
        disconnect: Callable[[], None] = self._ib.disconnect
        disconnect()

    def accounts(self) -> tuple[AccountId, ...]:
        """Accounts that the login carries."""
        return tuple(AccountId(name) for name in self._ib.managedAccounts())

    def next_valid_order_id(self) -> int:
        """Least order id that is surely unused on this connection."""
        return int(self._ib.client.getReqId()) + _REQUEST_IDS

    def traffic(self) -> tuple[int, int]:
        """Bytes (sent, received) on the connection alive now; (0, 0) without one.

        Messages that the library holds back to keep its pace count as one byte sent: they are
        on their way, and nothing may look settled before they have arrived.
        """
        if not self._ib.client.isReady():
            return (0, 0)
        stats = self._ib.client.connectionStats()
        return stats.numBytesSent + self._is_held_back, stats.numBytesRecv

    async def resolve(
        self, symbol: str, contracts: Sequence[OptionContract]
    ) -> tuple[OptionContract, ...]:
        """Look contracts and their underlying up; returns those the broker does not know."""
        wanted: dict[ContractKey, ibi.Contract] = {
            contract.key: _option(contract) for contract in contracts
        }
        wanted[underlying_key(symbol)] = ibi.Stock(symbol, "SMART", "USD")
        missing = {key: item for key, item in wanted.items() if key not in self._contracts}
        for key, contract in missing.items():
            for found in await self._details(contract):
                if found.contract is not None:
                    self._know(key, found.contract)
        return tuple(contract for contract in contracts if contract.key not in self._contracts)

    def learn_from(self, other: Broker) -> None:
        """Take over contracts that another login has looked up; they are the broker's own."""
        if isinstance(other, IbkrBroker):
            for key, contract in other._contracts.items():
                self._know(key, contract)

    async def what_if(self, order: WhatIf) -> Margin | WhatIfRefused:
        """Ask what an order would do to the margin; nothing is traded."""
        bag = self._bag(order.symbol, order.legs)
        asked = ibi.LimitOrder(
            "BUY", order.quantity, float(order.limit), account=order.account_id, tif="DAY"
        )
        try:
            state = await self._within(lambda: self._ib.whatIfOrderAsync(bag, asked))
        except ibi.RequestError as error:
            return WhatIfRefused(message=f"{error.code}: {error.message}")
        return margin_of(state, buffer_ratio=order.buffer_ratio)

    def place(self, order: ComboOrder) -> None:
        """Send an order, or modify it where these ids are live already.

        Raises:
            AdapterError: If there is no connection to send it on: nothing was sent.
        """
        self._require_connection()
        order_id = order.ids.broker_order_id
        if order_id not in self._orders:
            self._bags[order_id] = self._bag(order.symbol, order.legs)
            self._orders[order_id] = self._new_order(order)
        self._orders[order_id].lmtPrice = float(order.limit)
        self._orders[order_id].totalQuantity = order.quantity
        self._send(self._bags[order_id], self._orders[order_id])

    def cancel(self, ids: BrokerIds) -> None:
        """Ask for a cancel.

        Raises:
            AdapterError: If there is no connection to ask on.
        """
        self._require_connection()
        order = self._orders.get(ids.broker_order_id)
        asked = order or ibi.Order(orderId=ids.broker_order_id, clientId=ids.client_id)
        self._ib.cancelOrder(asked)

    async def sweep(self) -> Sweep:
        """Read open orders, completed orders, executions and positions."""
        async with self._sweeping:
            return await self._sweep()

    async def _sweep(self) -> Sweep:
        ib = self._ib
        open_trades = await self._within(ib.reqAllOpenOrdersAsync)
        completed = await self._within(lambda: ib.reqCompletedOrdersAsync(apiOnly=False))
        fills = await self._within(ib.reqExecutionsAsync)
        positions = await self._within(ib.reqPositionsAsync)
        # A fee is told of the first telling of an execution, which the library keeps.
        kept = {fill.execution.execId: fill for fill in ib.fills()}
        return Sweep(
            open_orders=tuple(_open_order(trade.order) for trade in open_trades),
            completed_orders=tuple(_completed_order(trade) for trade in completed),
            executions=tuple(self._execution(fill) for fill in fills),
            fees={key: fee for key, fill in kept.items() if (fee := _fee(fill)) is not None},
            positions={
                (AccountId(item.account), self._key(item.contract)): int(item.position)
                for item in positions
                if item.position
            },
        )

    async def watch(self, symbol: str, contracts: Sequence[OptionContract]) -> None:
        """Subscribe to the underlying's and these contracts' quotes; a repeat is a no-op."""
        self._require_connection()
        self._underlying = underlying_key(symbol)
        for key in (self._underlying, *(contract.key for contract in contracts)):
            if key not in self._feeds and key in self._contracts:
                ticker = self._ib.reqMktData(self._contracts[key], "", False, False)
                self._feeds.add(key, ticker)
                ticker.updateEvent += lambda _, key=key: self._feeds.ticked(key)

    def quotes(self) -> dict[ContractKey, Quote]:
        """Last quotes of what is watched, the underlying included."""
        return self._feeds.quotes(self._underlying)

    def _subscribe_events(self) -> None:
        ib = self._ib
        ib.openOrderEvent += self._on_order
        ib.orderStatusEvent += self._on_order
        ib.execDetailsEvent += lambda _, fill: self._tell(self._execution(fill))
        ib.commissionReportEvent += self._on_fee
        ib.errorEvent += self._on_error
        ib.disconnectedEvent += self._on_disconnected
        ib.client.throttleStart += lambda: self._set_held_back(True)
        ib.client.throttleEnd += lambda: self._set_held_back(False)

    def _set_held_back(self, is_held_back: bool) -> None:
        self._is_held_back = is_held_back

    def _tell(self, event: BrokerEvent) -> None:
        self._on_event(self.login_id, event)

    def _on_order(self, trade: ibi.Trade) -> None:
        if trade.order.clientId != self._login.client_id:
            return  # another client's, whose order ids mean nothing to us
        ids = {"broker_order_id": trade.order.orderId, "perm_id": trade.orderStatus.permId}
        status = trade.orderStatus.status
        if status in _ALIVE:
            self._tell(OrderAcknowledged(**ids))
        elif status in ibi.OrderStatus.DoneStates:
            self._tell(OrderEndReported(**ids, status=status))

    def _on_fee(self, _trade: ibi.Trade, fill: ibi.Fill, _report: ibi.CommissionReport) -> None:
        fee = _fee(fill)
        if fee is not None:
            self._tell(FeeReported(broker_exec_id=fill.execution.execId, fee=fee))

    def _on_error(self, request_id: int, code: int, message: str, _: object) -> None:
        if request_id in self._orders:
            self._tell(OrderMessage(broker_order_id=request_id, code=code, message=message))

    def _on_disconnected(self) -> None:
        self._is_held_back = False
        self._orders.clear()
        self._bags.clear()
        self._feeds.clear()
        self._tell(ConnectionLost(reason=f"login {self.login_id} lost its connection"))

    def _execution(self, fill: ibi.Fill) -> Execution:
        execution = fill.execution
        return Execution(
            broker_exec_id=execution.execId,
            order_ref=execution.orderRef,
            account_id=AccountId(execution.acctNumber),
            contract_key=self._key(fill.contract),
            side=Side.BUY if execution.side == "BOT" else Side.SELL,
            quantity=whole(execution.shares),
            price=decimal_or_none(execution.price) or Decimal(0),
            perm_id=execution.permId,
            at=utc(execution.time),
        )

    def _key(self, contract: ibi.Contract) -> ContractKey:
        """Our name of a contract; one we never looked up keeps the broker's own symbol."""
        if contract.secType == "BAG":
            return COMBO_KEY
        return self._keys.get(contract.conId) or ContractKey(contract.localSymbol)

    def _known(self, key: ContractKey) -> ibi.Contract:
        contract = self._contracts.get(key)
        if contract is None:
            words = f"login {self.login_id} has not looked {key} up"
            raise AdapterError("ibkr", words, retryable=True)
        return contract

    def _know(self, key: ContractKey, contract: ibi.Contract) -> None:
        self._contracts[key] = contract
        self._keys[contract.conId] = key

    def _bag(self, symbol: str, legs: Sequence[Leg]) -> ibi.Contract:
        return ibi.Contract(
            secType="BAG",
            symbol=symbol,
            exchange="SMART",
            currency="USD",
            comboLegs=[
                ibi.ComboLeg(
                    conId=self._known(leg.contract.key).conId,
                    ratio=1,
                    action=leg.side.value,
                    exchange="SMART",
                )
                for leg in legs
            ],
        )

    def _new_order(self, order: ComboOrder) -> ibi.Order:
        """A guaranteed combo (no leg may fill alone), good for the day by its own word."""
        return ibi.LimitOrder(
            "BUY",
            order.quantity,
            float(order.limit),
            orderId=order.ids.broker_order_id,
            account=order.account_id,
            orderRef=order.ids.order_ref,
            tif="DAY",
            smartComboRoutingParams=[ibi.TagValue("NonGuaranteed", "0")],
        )

    async def _details(self, contract: ibi.Contract) -> list[ibi.ContractDetails]:
        try:
            return list(await self._within(lambda: self._ib.reqContractDetailsAsync(contract)))
        except ibi.RequestError as error:
            if error.code == 200:
                return []
            raise AdapterError("ibkr", f"{error.code}: {error.message}", retryable=True) from error

    def _send(self, bag: ibi.Contract, order: ibi.Order) -> None:
        """Send; the library refuses to track a change of what it takes for ended, once sent.

        It takes an order for ended on mere notices (10349), so that is no reason not to send.
        """
        with contextlib.suppress(AssertionError):
            self._ib.placeOrder(bag, order)

    def _require_connection(self) -> None:
        if not self.is_connected:
            raise AdapterError("ibkr", f"login {self.login_id} is not connected", retryable=True)

    async def _within(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a request that must be answered in time; making it fails without a connection."""
        try:
            return await asyncio.wait_for(call(), self._timeouts.request_seconds)
        except (TimeoutError, ConnectionError) as error:
            words = f"login {self.login_id} did not answer"
            raise AdapterError("ibkr", words, retryable=True) from error


def _option(contract: OptionContract) -> ibi.Contract:
    return ibi.Option(
        contract.symbol,
        contract.expiry.replace("-", ""),
        float(contract.strike),
        contract.right.value,
        "SMART",
        str(contract.multiplier),
        "USD",
    )


def _open_order(order: ibi.Order) -> OpenBrokerOrder:
    return OpenBrokerOrder(
        order_ref=order.orderRef,
        broker_order_id=order.orderId,
        perm_id=order.permId,
        account_id=AccountId(order.account),
    )


def _completed_order(trade: ibi.Trade) -> CompletedBrokerOrder:
    return CompletedBrokerOrder(
        order_ref=trade.order.orderRef,
        perm_id=trade.order.permId,
        status=trade.orderStatus.status,
        message=trade.orderStatus.status,
    )


def _fee(fill: ibi.Fill) -> Decimal | None:
    """The broker fee, once reported: the library keeps an empty report until then."""
    report = fill.commissionReport
    return decimal_or_none(report.commission) if report.execId else None
