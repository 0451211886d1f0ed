"""The two books that the invariants compare: what the broker has, and what we have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from shared.domain.alerts import Alert
from shared.domain.fills import ExecId, Fill, split_exec_id
from shared.domain.orders import Order
from shared.domain.positions import Position

Held = tuple[str, str]
"""Account and our contract key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerOrderSeen:
    """One order in the broker's book.

    Attributes:
        order_ref: Our reference on it.
        order_id: Order id of our client.
        perm_id: The broker's own id.
        quantity: Spreads in all.
        filled: Spreads filled.
        is_live: Whether it may still fill.
    """

    order_ref: str
    order_id: int
    perm_id: int
    quantity: int
    filled: int
    is_live: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionSeen:
    """One leg's execution in the broker's book; the combo's own rows are left out.

    Attributes:
        exec_id: The broker's id, with its correction suffix.
        order_ref: Our reference on its order; empty for a trade of the follower's own.
        account_id: Account.
        contract_key: Leg.
        signed_quantity: Contracts gained or given.
        price: USD per share.
        fee: Broker fee, USD, positive.
        at: When (UTC).
    """

    exec_id: str
    order_ref: str
    account_id: str
    contract_key: str
    signed_quantity: int
    price: Decimal
    fee: Decimal
    at: datetime

    @property
    def fill_id(self) -> ExecId:
        """The id without its correction suffix."""
        return split_exec_id(self.exec_id)[0]

    @property
    def group(self) -> tuple[datetime, str]:
        """What filled together: the legs of one fill differ in the id's third part alone."""
        return self.at, ".".join(self.exec_id.split(".")[:2])


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerBook:
    """What the broker has.

    Attributes:
        orders: Every order of the day.
        executions: Every leg execution of the day, in the order of an account's fills;
            corrections applied.
        positions: Contracts by account and contract; never zero.
    """

    orders: tuple[BrokerOrderSeen, ...]
    executions: tuple[ExecutionSeen, ...]
    positions: Mapping[Held, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class OurBook:
    """What we have.

    Attributes:
        orders: Every order document.
        fills: Every fill document.
        positions: Every position document.
        alerts: Every alert raised.
        external: Contracts that trades tagged external moved, by account and contract.
    """

    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    positions: tuple[Position, ...]
    alerts: tuple[Alert, ...]
    external: Mapping[Held, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """One broken invariant."""

    invariant: str
    words: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.words}"
