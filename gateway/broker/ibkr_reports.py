"""What the client library reports, read into our own words; the library itself is not needed.

The protocols name the few fields that are read of its objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from gateway.broker.ibkr_codec import decimal_or_none, utc, whole
from gateway.broker.ibkr_symbols import key_of_symbols
from shared.domain.fills import COMBO_KEY
from shared.domain.followers import AccountId
from shared.domain.options import ContractKey
from shared.domain.spreads import Side
from shared.ports.broker import CompletedBrokerOrder, Execution, OpenBrokerOrder, Sweep


class Named(Protocol):
    """A contract of the library."""

    conId: int
    secType: str
    symbol: str
    localSymbol: str


class Executed(Protocol):
    """An execution of the library."""

    execId: str
    time: datetime
    acctNumber: str
    side: str
    shares: float
    price: float
    permId: int
    orderRef: str


class Fee(Protocol):
    """A commission report of the library; empty until it is told."""

    execId: str
    commission: float


class Filled(Protocol):
    """A fill of the library."""

    @property
    def contract(self) -> Named:
        """What was traded."""

    @property
    def execution(self) -> Executed:
        """The execution."""

    @property
    def commissionReport(self) -> Fee:
        """Its fee."""


class Ordered(Protocol):
    """An order of the library."""

    orderId: int
    clientId: int
    permId: int
    account: str
    orderRef: str


class Status(Protocol):
    """An order's status of the library."""

    status: str
    permId: int


class Traded(Protocol):
    """A trade of the library: an order and what became of it."""

    @property
    def order(self) -> Ordered:
        """The order."""

    @property
    def orderStatus(self) -> Status:
        """Its status."""


class Held(Protocol):
    """A position of the library."""

    @property
    def account(self) -> str:
        """Account."""

    @property
    def contract(self) -> Named:
        """What is held."""

    @property
    def position(self) -> float:
        """How many, signed."""


class ContractNames:
    """Our names of the broker's contracts."""

    def __init__(self) -> None:
        self._keys: dict[int, ContractKey] = {}

    def learn(self, key: ContractKey, contract_id: int) -> None:
        """Keep a contract that was looked up."""
        self._keys[contract_id] = key

    def of(self, contract: Named) -> ContractKey:
        """Name a contract; one we never looked up is named by its symbols."""
        if contract.secType == "BAG":
            return COMBO_KEY
        found = self._keys.get(contract.conId)
        if found is not None:
            return found
        return key_of_symbols(contract.secType, contract.symbol, contract.localSymbol)


def execution_of(fill: Filled, names: ContractNames) -> Execution:
    """Read an execution."""
    execution = fill.execution
    return Execution(
        broker_exec_id=execution.execId,
        order_ref=execution.orderRef,
        account_id=AccountId(execution.acctNumber),
        contract_key=names.of(fill.contract),
        side=Side.BUY if execution.side == "BOT" else Side.SELL,
        quantity=whole(execution.shares),
        price=decimal_or_none(execution.price) or Decimal(0),
        perm_id=execution.permId,
        at=utc(execution.time),
    )


def fee_of(fill: Filled) -> Decimal | None:
    """Read a broker fee, USD; None before it is told: the library keeps an empty report."""
    report = fill.commissionReport
    return decimal_or_none(report.commission) if report.execId else None


def sweep_of(
    *,
    open_trades: Iterable[Traded],
    completed: Iterable[Traded],
    fills: Sequence[Filled],
    kept: Mapping[str, Filled],
    positions: Iterable[Held],
    names: ContractNames,
) -> Sweep:
    """Read a login's books.

    Args:
        open_trades: Live orders.
        completed: Orders that have ended.
        fills: Executions of today.
        kept: The library's first telling of each execution by id: a fee is told of that one.
        positions: What is held.
        names: Our names of contracts.
    """
    return Sweep(
        open_orders=tuple(_open_order(trade.order) for trade in open_trades),
        completed_orders=tuple(_completed_order(trade) for trade in completed),
        executions=tuple(execution_of(fill, names) for fill in fills),
        fees={key: fee for key, fill in kept.items() if (fee := fee_of(fill)) is not None},
        positions={
            (AccountId(item.account), names.of(item.contract)): int(item.position)
            for item in positions
            if item.position
        },
    )


def _open_order(order: Ordered) -> OpenBrokerOrder:
    return OpenBrokerOrder(
        order_ref=order.orderRef,
        broker_order_id=order.orderId,
        perm_id=order.permId,
        account_id=AccountId(order.account),
    )


def _completed_order(trade: Traded) -> CompletedBrokerOrder:
    return CompletedBrokerOrder(
        order_ref=trade.order.orderRef,
        perm_id=trade.order.permId,
        status=trade.orderStatus.status,
        message=trade.orderStatus.status,
    )
