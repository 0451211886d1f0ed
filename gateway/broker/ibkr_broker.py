"""The broker through ib_insync: the only file that knows the library.

ib_async is its maintained successor with the same interface; swapping must stay a change of
this file. Facts of the wire and of the library's surprises: IBKR's TWS API documentation and
ib_insync 0.9.86 itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import ib_insync as ibi

from gateway.broker.ibkr_codec import margin_of
from gateway.broker.ibkr_contracts import ContractBook
from gateway.broker.ibkr_events import HangUp, IbkrEvents
from gateway.broker.ibkr_orders import limit_price_of, option_fields, order_fields, what_if_fields
from gateway.broker.ibkr_reports import sweep_of
from gateway.broker.ibkr_requests import BrokerRefusal, Requests, Timeouts
from gateway.broker.ibkr_what_ifs import wait_for_figures
from gateway.broker.market_data import MarketData
from gateway.logins.pacer import Pacer
from shared.domain.errors import AdapterError
from shared.domain.followers import AccountId, Login, LoginId
from shared.domain.options import ContractKey, OptionContract, underlying_key
from shared.domain.orders import BrokerIds, Margin
from shared.domain.quotes import Quote
from shared.domain.spreads import Leg
from shared.ports.broker import (
    Broker,
    BrokerEvent,
    ComboOrder,
    ExerciseRequest,
    StockOrder,
    Sweep,
    WhatIf,
    WhatIfRefused,
)

_NO_SUCH_CONTRACT = 200
_EXERCISE = 1
_NO_OVERRIDE = 0
_REQUEST_IDS = 10_000
"""Order ids left to the library for requests and what-ifs before our own begin: it counts both
on from nextValidId, and IBKR wants ids of orders to grow. Ours begin at whole blocks: how many
requests a connection has made depends on machine time, and no order's id may."""


class IbkrBroker:
    """Implements `shared.ports.broker.Broker` for one login.

    Each connection has a library object of its own: what an old one left behind (trades, messages
    held back, a socket that will not close) never reaches the next.

    Args:
        login: Endpoint and client id.
        now: Market time, for the age of quotes.
        pacer: Gives requests their turn; whoever places orders here takes turns there too.
        timeouts: Machine seconds that calls may take.
    """

    def __init__(
        self,
        login: Login,
        *,
        now: Callable[[], datetime],
        pacer: Pacer | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._login = login
        self._timeouts = timeouts or Timeouts()
        self._pacer = pacer or Pacer()
        seconds = self._timeouts.request_seconds
        self._ask = Requests(login.login_id, self._pacer, seconds, _refusal).ask
        # What it says of a refused connection we tell ourselves, once and with the login's name.
        logging.getLogger("ib_insync").setLevel(logging.CRITICAL)
        self._on_event: Callable[[LoginId, BrokerEvent], None] = lambda *_: None
        self._contracts = ContractBook[ibi.Contract](login.login_id)
        self._data = MarketData(now=now, pacer=self._pacer, tell=self._tell)
        self._sweeping = asyncio.Lock()
        self._is_held_back = False
        self._orders: dict[int, ibi.Order] = {}
        self._sent_as: dict[int, ibi.Contract] = {}
        self._ib = self._new_connection()

    @property
    def login_id(self) -> LoginId:
        """Which login this is."""
        return self._login.login_id

    @property
    def is_connected(self) -> bool:
        """True while the connection is up and synchronized."""
        return bool(self._ib.isConnected())

    @property
    def has_live_data(self) -> bool:
        """False where its market data is not live: nothing may be priced by it."""
        return self.is_connected and self._data.is_live

    def listen(self, on_event: Callable[[LoginId, BrokerEvent], None]) -> None:
        """Tell every event, on the event loop, in the order the broker sent them."""
        self._on_event = on_event

    async def connect(self) -> None:
        """Connect with our fixed client id and synchronize.

        Raises:
            ClientIdTaken: If another connection holds our client id.
            AdapterError: If nobody answers, or the IB Gateway hangs up.
        """
        login = self._login
        self._hang_up()
        if self._ib.client.host:  # it was connected before
            self._ib = self._new_connection()
        try:
            await self._synchronize(self._ib)
        except (OSError, TimeoutError, ConnectionError, ibi.RequestError) as error:
            words = f"login {login.login_id} at {login.host}:{login.port}: {error or 'timed out'}"
            raise AdapterError("ibkr", words, retryable=True) from error
        self._ib.reqMarketDataType(1)
        self._pacer.note(self._ib.client.connectionStats().numMsgSent)

    async def _synchronize(self, ib: ibi.IB) -> None:
        """Let the library connect and synchronize."""
        login, hang_up = self._login, HangUp(self._login)
        ib.errorEvent += hang_up.on_error
        ib.client.apiError += hang_up.on_end
        seconds = self._timeouts.connect_seconds
        try:
            await hang_up.or_done(
                ib.connectAsync(login.host, login.port, login.client_id, timeout=seconds)
            )
        finally:
            ib.errorEvent -= hang_up.on_error
            ib.client.apiError -= hang_up.on_end

    async def disconnect(self) -> None:
        """Disconnect; our orders stay where they are."""
        self._hang_up()

    def _hang_up(self) -> None:
        """End the connection and everything that waits on it; who waits is told it is lost."""
        if self._ib.isConnected():
            fail_requests: Callable[[], None] = self._ib.wrapper.connectionClosed
            fail_requests()
        disconnect: Callable[[], None] = self._ib.disconnect
        disconnect()

    async def heartbeat(self) -> None:
        """Ask the IB Gateway for the time."""
        self._require_connection()
        seconds = self._timeouts.heartbeat_seconds
        await self._ask(self._ib.reqCurrentTimeAsync, seconds)

    def accounts(self) -> tuple[AccountId, ...]:
        """Accounts that the login carries."""
        return tuple(AccountId(name) for name in self._ib.managedAccounts())

    def next_valid_order_id(self) -> int:
        """Least order id that is surely unused on this connection."""
        self._require_connection()
        return (int(self._ib.client.getReqId()) // _REQUEST_IDS + 2) * _REQUEST_IDS

    def traffic(self) -> tuple[int, int]:
        """Bytes (sent, received) on the connection alive now; (0, 0) without one.

        Messages that are held back to keep the pace count as one byte sent: they are on their
        way, and nothing may look settled before they have arrived.
        """
        if not self._ib.client.isReady():
            return (0, 0)
        stats = self._ib.client.connectionStats()
        is_held_back = self._is_held_back or self._pacer.is_holding_back
        return stats.numBytesSent + is_held_back, stats.numBytesRecv

    async def resolve(
        self, symbol: str, contracts: Sequence[OptionContract]
    ) -> tuple[OptionContract, ...]:
        """Look contracts and their underlying up; returns those the broker does not know."""
        wanted = {one.key: ibi.Contract(**option_fields(one)) for one in contracts}
        wanted[underlying_key(symbol)] = ibi.Stock(symbol, "SMART", "USD")
        missing = {key: item for key, item in wanted.items() if key not in self._contracts}
        for key, contract in missing.items():
            for found in await self._details(contract):
                if found.contract is not None:
                    # East of New York the Gateway tells a near expiry as the day after (478).
                    expiry = contract.lastTradeDateOrContractMonth
                    found.contract.lastTradeDateOrContractMonth = expiry
                    self._contracts.learn(key, found.contract)
        return tuple(contract for contract in contracts if contract.key not in self._contracts)

    def learn_from(self, other: Broker) -> None:
        """Take over contracts that another login has looked up; they are the broker's own."""
        if isinstance(other, IbkrBroker):
            self._contracts.learn_from(other._contracts)

    async def what_if(self, order: WhatIf) -> Margin | WhatIfRefused:
        """Ask what an order would do to the margin; nothing is traded."""
        bag = self._bag(order.symbol, order.legs)
        asked = ibi.Order(**what_if_fields(order))
        try:
            state = await self._ask(lambda: self._ib.whatIfOrderAsync(bag, asked))
        except BrokerRefusal as refusal:
            return WhatIfRefused(message=refusal.message)
        return margin_of(state, buffer_ratio=order.buffer_ratio)

    def place(self, order: ComboOrder | StockOrder) -> None:
        """Send an order, or modify it where these ids are live already."""
        self._require_connection()
        order_id = order.ids.broker_order_id
        if order_id not in self._orders:
            self._sent_as[order_id], self._orders[order_id] = self._new_order(order)
            # What-ifs take ids too: none may get one that an order of ours is sent under.
            keep_clear: Callable[[int], None] = self._ib.client.updateReqId
            keep_clear(order_id + 1)
        self._orders[order_id].lmtPrice = limit_price_of(order)
        self._orders[order_id].totalQuantity = order.quantity
        # Once it is sent the library asserts that the order has not ended; to it 10349 is an end.
        with contextlib.suppress(AssertionError):
            self._ib.placeOrder(self._sent_as[order_id], self._orders[order_id])

    def cancel(self, ids: BrokerIds) -> None:
        """Ask for a cancel."""
        self._require_connection()
        order = self._orders.get(ids.broker_order_id)
        asked = order or ibi.Order(orderId=ids.broker_order_id, clientId=ids.client_id)
        self._ib.cancelOrder(asked)

    def exercise(self, request: ExerciseRequest) -> None:
        """Ask to exercise long options; only the positions prove it, and it is never repeated."""
        self._require_connection()
        contract = self._contracts[request.contract.key]
        self._ib.exerciseOptions(
            contract, _EXERCISE, request.quantity, request.account_id, _NO_OVERRIDE
        )

    async def sweep(self) -> Sweep:
        """Read open orders, completed orders, executions and positions."""
        async with self._sweeping:
            ib = self._ib
            open_trades = await self._ask(ib.reqAllOpenOrdersAsync)
            completed = await self._ask(lambda: ib.reqCompletedOrdersAsync(apiOnly=False))
            fills = await self._ask(ib.reqExecutionsAsync)
            positions = await self._ask(ib.reqPositionsAsync)
            return sweep_of(
                open_trades=open_trades,
                completed=completed,
                fills=fills,
                kept={fill.execution.execId: fill for fill in ib.fills()},
                positions=positions,
                names=self._contracts.names,
            )

    async def watch(self, symbol: str, contracts: Sequence[OptionContract]) -> None:
        """Subscribe to the underlying's and these contracts' quotes; a repeat is a no-op.

        Subscriptions that are not live are made anew.
        """
        self._require_connection()
        underlying = underlying_key(symbol)
        keys = [underlying, *(contract.key for contract in contracts)]
        known = {key: self._contracts[key] for key in keys if key in self._contracts}
        await self._data.watch(self._ib, underlying, known)

    def quotes(self) -> dict[ContractKey, Quote]:
        """Last quotes of what is watched, the underlying included."""
        return self._data.quotes()

    def _new_connection(self) -> ibi.IB:
        new_ib: Callable[[], ibi.IB] = ibi.IB
        ib = new_ib()
        ib.RaiseRequestErrors = True
        wait_for_figures(ib.wrapper)
        # Kept by us: the library only refers to it weakly.
        self._events = events = IbkrEvents(
            self._login,
            names=self._contracts.names,
            data=self._data,
            wrapper=ib.wrapper,
            is_ours=self._orders.__contains__,
            tell=self._tell,
            hang_up=self._hang_up,
        )
        ib.openOrderEvent += events.on_order
        ib.orderStatusEvent += events.on_order
        ib.execDetailsEvent += events.on_execution
        ib.commissionReportEvent += events.on_fee
        ib.errorEvent.clear()  # its own handler asks for account summaries that nobody reads
        ib.errorEvent += events.on_error
        ib.disconnectedEvent += self._on_disconnected
        ib.disconnectedEvent += events.on_disconnected
        ib.client.throttleStart += partial(setattr, self, "_is_held_back", True)
        ib.client.throttleEnd += partial(setattr, self, "_is_held_back", False)
        return ib

    def _on_disconnected(self) -> None:
        self._is_held_back = False
        self._orders.clear()
        self._sent_as.clear()

    def _tell(self, event: BrokerEvent) -> None:
        self._on_event(self.login_id, event)

    def _bag(self, symbol: str, legs: Sequence[Leg]) -> ibi.Contract:
        return ibi.Contract(
            secType="BAG",
            symbol=symbol,
            exchange="SMART",
            currency="USD",
            comboLegs=[
                ibi.ComboLeg(
                    conId=self._contracts[leg.contract.key].conId,
                    ratio=1,
                    action=leg.side.value,
                    exchange="SMART",
                )
                for leg in legs
            ],
        )

    def _new_order(self, order: ComboOrder | StockOrder) -> tuple[ibi.Contract, ibi.Order]:
        made = ibi.Order(**order_fields(order))
        if isinstance(order, StockOrder):
            return self._contracts[underlying_key(order.symbol)], made
        if len(order.legs) == 1:
            return self._contracts[order.legs[0].contract.key], made
        # A guaranteed combo: no leg may fill alone.
        made.smartComboRoutingParams = [ibi.TagValue("NonGuaranteed", "0")]
        return self._bag(order.symbol, order.legs), made

    async def _details(self, contract: ibi.Contract) -> list[ibi.ContractDetails]:
        try:
            return list(await self._ask(lambda: self._ib.reqContractDetailsAsync(contract)))
        except BrokerRefusal as refusal:
            if refusal.code != _NO_SUCH_CONTRACT:
                raise
            return []

    def _require_connection(self) -> None:
        if not self.is_connected:
            raise AdapterError("ibkr", f"login {self.login_id} is not connected", retryable=True)


def _refusal(error: Exception) -> BrokerRefusal | None:
    return BrokerRefusal(error.code, error.message) if isinstance(error, ibi.RequestError) else None
