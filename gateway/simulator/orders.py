"""Orders and executions of one login: what was asked, how far it got."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from gateway.simulator.contracts import Contract
from gateway.simulator.tickets import Ticket


class OrderStatus(StrEnum):
    """Order states as the Gateway spells them."""

    PENDING_SUBMIT = "PendingSubmit"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    INACTIVE = "Inactive"


LIVE_STATUSES = frozenset({OrderStatus.PRE_SUBMITTED, OrderStatus.SUBMITTED})


@dataclass(kw_only=True, slots=True)
class Order:
    """One accepted order and its progress.

    ``sequence`` counts the account's earlier orders of the same reference; with the seed and the
    account it makes every id and draw of this order. ``expires_at`` is None while no end is known.
    ``end_reason`` says why a done order ended, if it did not fill. ``manual_number`` is above 0
    for an order entered by hand at the Gateway: its order id is 0 until client 0 binds it, then
    the negative number. ``twin_ids`` is above 0 for the second of two broker orders that carry one
    order id. ``doubles`` is the order id of which the broker made this one by itself, else 0.
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
    end_reason: str = ""
    manual_number: int = 0
    twin_ids: int = 0
    doubles: int = 0

    @property
    def key(self) -> tuple[int, int]:
        """Return the order's place in the book: client id and order id, negative if by hand."""
        if self.is_manual:
            return self.client_id, -self.manual_number
        return self.client_id, self.order_id + self.twin_ids

    @property
    def is_manual(self) -> bool:
        """Tell whether the order was entered by hand."""
        return self.manual_number > 0

    @property
    def end_text(self) -> str:
        """Return how the order ended, as completed orders tell it."""
        return self.end_reason or f"Filled Size: {self.filled}"

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
        return self.ticket.order_ref or "#{}.{}".format(*self.key)


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
