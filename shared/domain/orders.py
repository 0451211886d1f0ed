"""Orders of ours and their life: one transition table, refused if not in it.

An order here is one opening per signal and follower, or one closing of a position. It may
stand behind several broker orders over its life, but never behind two live ones at once.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from shared.domain.errors import InvariantBroken
from shared.domain.followers import AccountId, FollowerId, LoginId
from shared.domain.reasons import Reason
from shared.domain.signals import SignalId
from shared.domain.spreads import Leg, Spread

OrderId = NewType("OrderId", str)


class Purpose(StrEnum):
    """Whether an order opens or closes a spread."""

    OPEN = "open"
    CLOSE = "close"


class OrderState(StrEnum):
    """Where an order stands."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    RELEASING = "releasing"
    WORKING = "working"
    UNCONFIRMED = "unconfirmed"
    FILLED = "filled"
    PARTIALLY_FILLED = "partially_filled"
    EXPIRED = "expired"
    CANCELED = "canceled"
    SKIPPED = "skipped"
    REJECTED = "rejected"


_ENDS = frozenset(
    {
        OrderState.FILLED,
        OrderState.PARTIALLY_FILLED,
        OrderState.EXPIRED,
        OrderState.CANCELED,
        OrderState.REJECTED,
    }
)

TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PLANNED: frozenset({OrderState.CLAIMED, OrderState.SKIPPED}),
    OrderState.CLAIMED: frozenset({OrderState.RELEASING, OrderState.SKIPPED, OrderState.REJECTED}),
    OrderState.RELEASING: frozenset(
        {OrderState.WORKING, OrderState.UNCONFIRMED, OrderState.SKIPPED} | _ENDS
    ),
    OrderState.WORKING: frozenset({OrderState.UNCONFIRMED} | _ENDS),
    OrderState.UNCONFIRMED: frozenset({OrderState.WORKING} | _ENDS),
    OrderState.FILLED: frozenset(),
    OrderState.PARTIALLY_FILLED: frozenset(),
    OrderState.EXPIRED: frozenset(),
    OrderState.CANCELED: frozenset(),
    OrderState.SKIPPED: frozenset(),
    OrderState.REJECTED: frozenset(),
}
LATE_FILLS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.CANCELED: frozenset({OrderState.PARTIALLY_FILLED, OrderState.FILLED}),
    OrderState.EXPIRED: frozenset({OrderState.PARTIALLY_FILLED, OrderState.FILLED}),
    OrderState.REJECTED: frozenset({OrderState.PARTIALLY_FILLED, OrderState.FILLED}),
    OrderState.SKIPPED: frozenset({OrderState.PARTIALLY_FILLED, OrderState.FILLED}),
    OrderState.PARTIALLY_FILLED: frozenset({OrderState.FILLED}),
    OrderState.FILLED: frozenset({OrderState.PARTIALLY_FILLED}),
}
"""How an ended order is named anew; apart from TRANSITIONS, for nobody may wish for it.

Only the broker's books do this: an execution told after the end (a fill that crossed our cancel
on the wire), or a correction that takes contracts back. What traded is true whatever we believed.
"""

TERMINAL_STATES = frozenset(state for state, following in TRANSITIONS.items() if not following)
LIVE_STATES = frozenset({OrderState.RELEASING, OrderState.WORKING, OrderState.UNCONFIRMED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """One limit of the ladder, with the market it was set against.

    Attributes:
        number: 1 for the first.
        limit: Signed net price, USD per share; credit negative.
        bid: Net bid of the combo when it was set; None where quotes were unusable.
        ask: Net ask of the combo when it was set; None where quotes were unusable.
        sent: False where the limit was unchanged or the quotes bad, so nothing was sent.
        at: Market time (UTC).
    """

    number: int
    limit: Decimal
    bid: Decimal | None
    ask: Decimal | None
    sent: bool
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Margin:
    """What the broker's what-if said, in the account's base currency.

    Attributes:
        currency: Base currency of the account.
        initial_before: Initial margin before.
        initial_after: Initial margin after.
        equity_after: Equity with loan value after.
        buffer: What must stay free.
    """

    currency: str
    initial_before: Decimal
    initial_after: Decimal
    equity_after: Decimal
    buffer: Decimal

    @property
    def fits(self) -> bool:
        """True where equity after, less margin after, leaves the buffer free."""
        return self.equity_after - self.initial_after >= self.buffer


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerIds:
    """What names our order at the broker; durable before anything is sent.

    Attributes:
        order_ref: Unique text on the broker order, at most 20 of A-Z, 0-9 and "-".
        client_id: API client that places and modifies it.
        broker_order_id: Order id of that client on that login, never used again.
        perm_id: The broker's own lasting id; None until it is known.
    """

    order_ref: str
    client_id: int
    broker_order_id: int
    perm_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One opening or closing order.

    Attributes:
        order_id: `{signal_id}~{follower_id}~open` or `{position_id}~close~{n}`.
        purpose: Open or close.
        signal_id: The signal it copies.
        follower_id: Whose order.
        login_id: Login that carries it.
        account_id: Broker account it is for.
        session_date: ISO text.
        spread: What is traded.
        quantity: Spreads planned; lowered where margin only carries less.
        state: Where it stands.
        planned_at: When it was planned (UTC, market time), like every `_at` here.
        reason: Why it did not trade as planned.
        detail: The reason in words for people.
        fencing_token: Token of the leader that may write it; None before the claim.
        broker: Its ids at the broker; None before the claim.
        rungs: The ladder as walked.
        filled_quantity: Spreads filled so far.
        average_net_price: Signed average of the fills, USD per share; None without a fill.
        margin: The what-if that let it pass or stopped it.
        claimed_at: Claim.
        released_at: Release.
        acknowledged_at: First acknowledgement by the broker.
        finished_at: End.
        traceparent: W3C trace context from the signal on.
    """

    order_id: OrderId
    purpose: Purpose
    signal_id: SignalId
    follower_id: FollowerId
    login_id: LoginId
    account_id: AccountId
    session_date: str
    spread: Spread
    quantity: int
    state: OrderState
    planned_at: datetime
    reason: Reason | None = None
    detail: str = ""
    fencing_token: int | None = None
    broker: BrokerIds | None = None
    rungs: tuple[Rung, ...] = ()
    filled_quantity: int = 0
    average_net_price: Decimal | None = None
    margin: Margin | None = None
    claimed_at: datetime | None = None
    released_at: datetime | None = None
    acknowledged_at: datetime | None = None
    finished_at: datetime | None = None
    traceparent: str = ""

    @property
    def remaining(self) -> int:
        """Spreads not filled yet."""
        return self.quantity - self.filled_quantity

    @property
    def legs(self) -> tuple[Leg, Leg]:
        """The combo to buy: opening or closing legs by purpose."""
        if self.purpose is Purpose.OPEN:
            return self.spread.opening_legs
        return self.spread.closing_legs

    @property
    def is_terminal(self) -> bool:
        """True where nothing more can happen to it."""
        return self.state in TERMINAL_STATES


def opening_order_id(signal_id: SignalId, follower_id: FollowerId) -> OrderId:
    """Name the one opening order of a signal and a follower."""
    return OrderId(f"{signal_id}~{follower_id}~open")


def order_ref_of(order_id: OrderId) -> str:
    """Derive the broker reference: "SP-" and 17 base-32 characters (85 bits) of the id's hash.

    At most 20 characters of A-Z, 0-9 and "-", so that no field of the broker cuts it.
    """
    digest = hashlib.sha256(order_id.encode()).digest()
    return "SP-" + base64.b32encode(digest).decode()[:17]


def moved(order: Order, state: OrderState) -> Order:
    """Move an order to another state.

    Raises:
        InvariantBroken: If the transition table does not allow it.
    """
    if state not in TRANSITIONS[order.state]:
        raise InvariantBroken(f"order {order.order_id} may not go from {order.state} to {state}")
    return replace(order, state=state)


def renamed_by_fills(order: Order) -> Order:
    """Name an ended order by what has filled of it, after a late or corrected execution.

    An order without a fill, or named right already, stays as it is (see LATE_FILLS).
    """
    named = end_state(order, ended_by=order.state)
    return replace(order, state=named) if named in LATE_FILLS.get(order.state, ()) else order


def end_state(order: Order, *, ended_by: OrderState) -> OrderState:
    """Name the end of an order that the market or a cancel has finished.

    A full fill is FILLED whatever ended it; some fill is PARTIALLY_FILLED; none is `ended_by`.
    """
    if order.filled_quantity >= order.quantity:
        return OrderState.FILLED
    return OrderState.PARTIALLY_FILLED if order.filled_quantity > 0 else ended_by
