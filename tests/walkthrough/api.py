"""What ib_insync and ib_async have in common, as far as it is walked through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

Answer = TypeVar("Answer")


class Contract(Protocol):
    """A stock, an option or a combo."""

    conId: int
    secType: str
    localSymbol: str
    lastTradeDateOrContractMonth: str


class Order(Protocol):
    """An order as the client keeps it."""

    orderId: int
    permId: int
    orderRef: str
    lmtPrice: float


class OrderStatus(Protocol):
    """How far an order got."""

    status: str
    filled: float
    avgFillPrice: float


class Execution(Protocol):
    """One execution."""

    execId: str
    side: str
    shares: float
    price: float
    orderRef: str


class CommissionReport(Protocol):
    """What one execution costs."""

    execId: str
    commission: float
    realizedPNL: float


class Fill(Protocol):
    """An execution with its contract and its fee."""

    contract: Contract
    execution: Execution
    commissionReport: CommissionReport


class Trade(Protocol):
    """An order, its status and its fills."""

    contract: Contract
    order: Order
    orderStatus: OrderStatus
    fills: Sequence[Fill]


class Greeks(Protocol):
    """An option's Greeks."""

    delta: float | None


class Ticker(Protocol):
    """Quotes of a contract."""

    bid: float
    ask: float
    modelGreeks: Greeks | None


class Chain(Protocol):
    """Expiries and strikes of an underlying's options."""

    expirations: Sequence[str]
    strikes: Sequence[float]


class Margins(Protocol):
    """The answer to a what-if."""

    initMarginChange: str | float
    commission: float


class Position(Protocol):
    """What an account holds of a contract."""

    contract: Contract
    position: float
    avgCost: float


class AccountValue(Protocol):
    """One figure of an account."""

    tag: str
    value: str


class Profit(Protocol):
    """Profit and loss of an account or, with a position, of a contract."""

    unrealizedPnL: float


class Stats(Protocol):
    """What went over a connection."""

    numBytesSent: int
    numBytesRecv: int


class Wire(Protocol):
    """The connection itself."""

    MaxRequests: int

    def serverVersion(self) -> int: ...
    def connectionStats(self) -> Stats: ...
    def placeOrder(self, orderId: int, contract: Contract, order: Order) -> None: ...
    def cancelOrder(self, orderId: int, manualCancelOrderTime: str) -> None: ...


class Event(Protocol):
    """What can be listened to with `+=`."""

    def __iadd__(self, listener: Callable[..., None]) -> Event: ...


class Ib(Protocol):
    """One client of a Gateway."""

    client: Wire
    errorEvent: Event
    disconnectedEvent: Event

    def connectAsync(
        self, host: str, port: int, clientId: int, timeout: float
    ) -> Awaitable[object]: ...
    def disconnect(self) -> object: ...
    def isConnected(self) -> bool: ...
    def managedAccounts(self) -> list[str]: ...
    def trades(self) -> list[Trade]: ...
    def openTrades(self) -> list[Trade]: ...
    def positions(self) -> list[Position]: ...
    def fills(self) -> list[Fill]: ...
    def accountValues(self) -> list[AccountValue]: ...
    def placeOrder(self, contract: Contract, order: Order) -> Trade: ...
    def cancelOrder(self, order: Order) -> object: ...
    def reqGlobalCancel(self) -> None: ...
    def reqMktData(self, contract: Contract) -> Ticker: ...
    def cancelMktData(self, contract: Contract) -> None: ...
    def reqPnL(self, account: str) -> Profit: ...
    def exerciseOptions(
        self,
        contract: Contract,
        exerciseAction: int,
        exerciseQuantity: int,
        account: str,
        override: int,
    ) -> None: ...
    def qualifyContractsAsync(self, *contracts: Contract) -> Awaitable[object]: ...
    def reqCurrentTimeAsync(self) -> Awaitable[object]: ...
    def reqSecDefOptParamsAsync(
        self, symbol: str, exchange: str, secType: str, conId: int
    ) -> Awaitable[list[Chain]]: ...
    def whatIfOrderAsync(self, contract: Contract, order: Order) -> Awaitable[Margins]: ...
    def reqAllOpenOrdersAsync(self) -> Awaitable[list[Trade]]: ...
    def reqCompletedOrdersAsync(self, apiOnly: bool) -> Awaitable[list[Trade]]: ...
    def reqExecutionsAsync(self) -> Awaitable[list[Fill]]: ...
    def reqPositionsAsync(self) -> Awaitable[list[Position]]: ...
    def accountSummaryAsync(self) -> Awaitable[list[AccountValue]]: ...
