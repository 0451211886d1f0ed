"""Orders and executions of one login: what was asked, how far it got."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from gateway.simulator.contracts import Contract
from gateway.simulator.tickets import Ticket


class OrderStatus(StrEnum):
    """Order states as the Gateway spells them."""

    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    INACTIVE = "Inactive"


LIVE_STATUSES = frozenset({OrderStatus.PRE_SUBMITTED, OrderStatus.SUBMITTED})


@dataclass(kw_only=True, slots=True)
class Order:
    """One accepted order and its progress.

    ``sequence`` counts the account's earlier orders of the same reference; with the seed and the
    account it makes every id and draw of this order. ``expires_at`` is None while no end is known.
    """

    order_id: int
    client_id: int
    perm_id: int
    contract: Contract
    ticket: Ticket
    sequence: int = 0
    status: OrderStatus = OrderStatus.PRE_SUBMITTED
    expires_at: datetime | None = None
    rung: int = 0
    fills: int = 0
    filled: int = 0
    paid: Decimal = Decimal(0)
    last_price: Decimal = Decimal(0)
    leg_paid: dict[int, Decimal] = field(default_factory=dict)
    done_at: datetime | None = None

    @property
    def remaining(self) -> int:
        """Return units still to fill."""
        return int(self.ticket.quantity) - self.filled

    @property
    def average_price(self) -> Decimal:
        """Return the mean net price of what filled, USD per share; 0 before the first fill."""
        return self.paid / self.filled if self.filled else Decimal(0)

    @property
    def is_live(self) -> bool:
        """Tell whether the order can still fill or be cancelled."""
        return self.status in LIVE_STATUSES

    @property
    def reference(self) -> str:
        """Return what names the order in draws: its reference, else client and order id."""
        return self.ticket.order_ref or f"#{self.client_id}.{self.order_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """One execution; commission and realized are None on the combo's own row."""

    exec_id: str
    contract: Contract
    side: str
    shares: int
    price: Decimal
    cumulative: int
    average_price: Decimal
    at: datetime
    account: str
    order_id: int
    client_id: int
    perm_id: int
    order_ref: str
    commission: Decimal | None = None
    realized: Decimal | None = None
