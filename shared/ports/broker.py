"""One broker login, in the trade's own words.

Prices are USD per share; a combo is always bought, its legs carry the sides, debit positive and
credit negative. Nothing here is certain until an execution or a sweep says so: a send may be
lost, a cancel is a request, and silence means unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from shared.domain.followers import AccountId, LoginId
from shared.domain.options import ContractKey, OptionContract
from shared.domain.orders import BrokerIds, Margin
from shared.domain.quotes import Quote
from shared.domain.spreads import Leg, Side


@dataclass(frozen=True, kw_only=True, slots=True)
class ComboOrder:
    """A limit order for a combo, valid for the day.

    Attributes:
        ids: What names it at the broker; the same ids again modify the same order.
        account_id: Account it is for.
        symbol: Underlying.
        legs: The combo, ratio 1 each.
        quantity: Spreads in all, filled ones included.
        limit: Signed net price, USD per share.
    """

    ids: BrokerIds
    account_id: AccountId
    symbol: str
    legs: tuple[Leg, ...]
    quantity: int
    limit: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class WhatIf:
    """A what-if order.

    Attributes:
        account_id: Account it is for.
        symbol: Underlying.
        legs: The combo.
        quantity: Spreads.
        limit: Signed net price, USD per share.
        buffer_ratio: Share of the equity that must stay free.
    """

    account_id: AccountId
    symbol: str
    legs: tuple[Leg, ...]
    quantity: int
    limit: Decimal
    buffer_ratio: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class WhatIfRefused:
    """The broker gave no usable margin figures.

    Attributes:
        message: Its words, or what was wrong with its figures.
    """

    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderAcknowledged:
    """The broker knows the order (PreSubmitted or Submitted)."""

    broker_order_id: int
    perm_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderEndReported:
    """The client library believes that the order has ended; only a sweep makes it true."""

    broker_order_id: int
    perm_id: int
    status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderMessage:
    """An error or notice about an order.

    Attributes:
        broker_order_id: Which.
        code: IBKR's code.
        message: IBKR's words.
    """

    broker_order_id: int
    code: int
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """One execution of a leg, or of the combo.

    Attributes:
        broker_exec_id: The broker's id with its correction suffix.
        order_ref: Our reference on the order; empty for others' trades.
        account_id: Account.
        contract_key: Leg, or COMBO_KEY.
        side: BUY or SELL.
        quantity: Contracts, positive.
        price: USD per share; signed for a combo.
        perm_id: The broker's lasting order id.
        at: When (UTC).
    """

    broker_exec_id: str
    order_ref: str
    account_id: AccountId
    contract_key: ContractKey
    side: Side
    quantity: int
    price: Decimal
    perm_id: int
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class FeeReported:
    """The broker fee of an execution, USD, positive."""

    broker_exec_id: str
    fee: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionLost:
    """The connection is gone; everything in flight on it is unknown."""

    reason: str


BrokerEvent = (
    OrderAcknowledged | OrderEndReported | OrderMessage | Execution | FeeReported | ConnectionLost
)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenBrokerOrder:
    """A live order at the broker, whoever placed it."""

    order_ref: str
    broker_order_id: int
    perm_id: int
    account_id: AccountId


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletedBrokerOrder:
    """An ended order at the broker; it has no order id any more, only these."""

    order_ref: str
    perm_id: int
    status: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sweep:
    """What the broker itself says of a login, read completely.

    Attributes:
        open_orders: Every live order.
        completed_orders: Every order that ended today.
        executions: Every execution of today.
        fees: Broker fee by full execution id, where reported, USD.
        positions: Contracts held by account and contract.
    """

    open_orders: tuple[OpenBrokerOrder, ...]
    completed_orders: tuple[CompletedBrokerOrder, ...]
    executions: tuple[Execution, ...]
    fees: Mapping[str, Decimal]
    positions: Mapping[tuple[AccountId, ContractKey], int]


class Broker(Protocol):
    """One login's connection.

    Every method that waits has a time-out and raises AdapterError where the broker cannot be
    reached; what was sent is then unknown, never "not sent".
    """

    @property
    def login_id(self) -> LoginId:
        """Which login this is."""

    @property
    def is_connected(self) -> bool:
        """True while the connection is up and synchronized."""

    def listen(self, on_event: Callable[[LoginId, BrokerEvent], None]) -> None:
        """Tell every event, on the event loop, in the order the broker sent them."""

    async def connect(self) -> None:
        """Connect with our fixed client id and synchronize."""

    async def disconnect(self) -> None:
        """Disconnect; our orders stay where they are."""

    def accounts(self) -> tuple[AccountId, ...]:
        """Accounts that the login carries."""

    def next_valid_order_id(self) -> int:
        """Least order id that is surely unused on this connection."""

    async def resolve(
        self, symbol: str, contracts: Sequence[OptionContract]
    ) -> tuple[OptionContract, ...]:
        """Look contracts and their underlying up; returns those the broker does not know."""

    def learn_from(self, other: Broker) -> None:
        """Take over contracts that another login has looked up; they are the broker's own."""

    async def what_if(self, order: WhatIf) -> Margin | WhatIfRefused:
        """Ask what an order would do to the margin; nothing is traded."""

    def place(self, order: ComboOrder) -> None:
        """Send an order, or modify it where these ids are live already."""

    def cancel(self, ids: BrokerIds) -> None:
        """Ask for a cancel."""

    async def sweep(self) -> Sweep:
        """Read open orders, completed orders, executions and positions."""

    async def watch(self, symbol: str, contracts: Sequence[OptionContract]) -> None:
        """Subscribe to the underlying's and these contracts' quotes; a repeat is a no-op."""

    def quotes(self) -> dict[ContractKey, Quote]:
        """Last quotes of what is watched, the underlying included."""
