"""What a broker login tells by itself, in the order the broker sent it.

Nothing here is certain until an execution or a sweep says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.followers import AccountId
from shared.domain.options import ContractKey
from shared.domain.spreads import Side


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


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkBroken:
    """The IB Gateway lost IBKR (1100, 2110) although our connection to it stands.

    Nothing may be placed or modified; what is in flight is unknown.
    """

    code: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkRestored:
    """The IB Gateway has IBKR again (1101, 1102): reconcile before the next write.

    Attributes:
        code: 1101 or 1102.
        are_subscriptions_lost: True for 1101: quotes must be subscribed anew.
    """

    code: int
    are_subscriptions_lost: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class MarketDataState:
    """Whether the login's market data is live, once that changes.

    Attributes:
        is_live: False while delayed, frozen, not subscribed, taken by another session, or its
            farm is broken.
        reason: IBKR's words.
    """

    is_live: bool
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotSent:
    """What `place` took to send in its turn was withheld when that came: nothing reached IBKR.

    That is certain. It may be the order itself or a new limit; a later write of the same order
    replaces one that still waits without a word.

    Attributes:
        broker_order_id: Which order.
        why: What withheld it.
    """

    broker_order_id: int
    why: str


BrokerEvent = (
    OrderAcknowledged
    | OrderEndReported
    | OrderMessage
    | Execution
    | FeeReported
    | ConnectionLost
    | LinkBroken
    | LinkRestored
    | MarketDataState
    | NotSent
)
