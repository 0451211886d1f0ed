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

from shared.domain.errors import AdapterError
from shared.domain.followers import AccountId, LoginId
from shared.domain.options import ContractKey, OptionContract
from shared.domain.orders import BrokerIds, Margin, Purpose
from shared.domain.quotes import Quote
from shared.domain.spreads import Leg, Side
from shared.ports.broker_events import (
    BrokerEvent as BrokerEvent,
)
from shared.ports.broker_events import (
    ConnectionLost as ConnectionLost,
)
from shared.ports.broker_events import (
    Execution as Execution,
)
from shared.ports.broker_events import (
    FeeReported as FeeReported,
)
from shared.ports.broker_events import (
    LinkBroken as LinkBroken,
)
from shared.ports.broker_events import (
    LinkRestored as LinkRestored,
)
from shared.ports.broker_events import (
    MarketDataState as MarketDataState,
)
from shared.ports.broker_events import (
    NotSent as NotSent,
)
from shared.ports.broker_events import (
    OrderAcknowledged as OrderAcknowledged,
)
from shared.ports.broker_events import (
    OrderEndReported as OrderEndReported,
)
from shared.ports.broker_events import (
    OrderMessage as OrderMessage,
)


class Withheld(AdapterError):
    """A write that was not sent, for a reason of ours: lease, kill switch, hold, dry run, pacing.

    Nothing reached the broker, and that is certain.
    """

    def __init__(self, why: str) -> None:
        super().__init__("gateway", why, retryable=True)


class ClientIdTaken(AdapterError):
    """Another connection holds our client id at this login (326).

    It may be our predecessor's, or one of ours that the broker has not let go of yet. Retry with
    the same id; nobody ever trades under another.
    """

    def __init__(self, why: str) -> None:
        super().__init__("ibkr", why, retryable=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class ComboOrder:
    """A limit order for a combo.

    Attributes:
        ids: What names it at the broker; the same ids again modify the same order.
        account_id: Account it is for.
        symbol: Underlying.
        legs: The combo, ratio 1 each; one leg alone is traded as the option itself.
        quantity: Spreads in all, filled ones included.
        limit: Signed net price, USD per share; negative for one leg sold.
        purpose: What it is for; the kill switch lets openings and closings pass differently.
        good_till: When the broker itself ends it (UTC); None: at the end of the day.
    """

    ids: BrokerIds
    account_id: AccountId
    symbol: str
    legs: tuple[Leg, ...]
    quantity: int
    limit: Decimal
    purpose: Purpose
    good_till: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StockOrder:
    """A limit order for shares, valid for the day: what is left of an assignment is sold or bought.

    Attributes:
        ids: What names it at the broker; the same ids again modify the same order.
        account_id: Account it is for.
        symbol: Stock.
        side: BUY or SELL.
        quantity: Shares in all, filled ones included.
        limit: USD per share, positive.
    """

    ids: BrokerIds
    account_id: AccountId
    symbol: str
    side: Side
    quantity: int
    limit: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class ExerciseRequest:
    """An instruction to exercise long options.

    Attributes:
        account_id: Account that holds them.
        contract: The option.
        quantity: Contracts, positive.
    """

    account_id: AccountId
    contract: OptionContract
    quantity: int


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

    @property
    def has_live_data(self) -> bool:
        """False where its market data is not live: nothing may be priced by it."""

    def listen(self, on_event: Callable[[LoginId, BrokerEvent], None]) -> None:
        """Tell every event, on the event loop, in the order the broker sent them."""

    async def connect(self) -> None:
        """Connect with our fixed client id and synchronize."""

    async def disconnect(self) -> None:
        """Disconnect; our orders stay where they are."""

    async def heartbeat(self) -> None:
        """Make a real call of the API (the broker's time) and wait for its answer.

        Raises:
            AdapterError: If it did not answer in time: the connection is as good as gone.
        """

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

    def place(self, order: ComboOrder | StockOrder) -> None:
        """Send an order, or modify it where these ids are live already.

        Raises:
            AdapterError: If it was certainly not sent (no connection; Withheld says why we did
                not). Once this returns, the outcome is unknown until the broker tells it.
        """

    def cancel(self, ids: BrokerIds) -> None:
        """Ask for a cancel.

        Raises:
            AdapterError: If it was certainly not sent.
        """

    def exercise(self, request: ExerciseRequest) -> None:
        """Ask to exercise long options; only the positions prove it, and it is never repeated.

        Raises:
            AdapterError: If it was certainly not sent.
        """

    async def sweep(self) -> Sweep:
        """Read open orders, completed orders, executions and positions."""

    async def watch(self, symbol: str, contracts: Sequence[OptionContract]) -> None:
        """Subscribe to the underlying's and these contracts' quotes; a repeat is a no-op."""

    def quotes(self) -> dict[ContractKey, Quote]:
        """Last quotes of what is watched, the underlying included."""
