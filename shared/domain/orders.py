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
from typing import NewType, assert_never

from shared.domain.close_causes import CloseCause
from shared.domain.errors import InvariantBroken
from shared.domain.followers import AccountId, FollowerId, LoginId
from shared.domain.options import ContractKey, Right, underlying_key
from shared.domain.reasons import Reason
from shared.domain.signals import SignalId
from shared.domain.spreads import Leg, Side, Spread

OrderId = NewType("OrderId", str)


class Purpose(StrEnum):
    """Whether an order opens or closes a spread, or clears up after an assignment."""

    OPEN = "open"
    CLOSE = "close"
    FLATTEN_SHARES = "flatten_shares"
    """Trades away the shares that an assignment delivered; its quantity is in shares."""
    SELL_LONG = "sell_long"
    """Sells long contracts that an assignment left without a short one: the last step."""

    @property
    def is_remedy(self) -> bool:
        """True for what clears up after an assignment: no combo, one contract alone."""
        return self in (Purpose.FLATTEN_SHARES, Purpose.SELL_LONG)


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
    # Back to releasing where a new broker order follows one that ended: `order_life.reissued`.
    OrderState.WORKING: frozenset({OrderState.UNCONFIRMED, OrderState.RELEASING} | _ENDS),
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
    OrderState.PARTIALLY_FILLED: frozenset({OrderState.FILLED, OrderState.CANCELED}),
    OrderState.FILLED: frozenset({OrderState.PARTIALLY_FILLED, OrderState.CANCELED}),
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
        earlier_brokers: Ids of broker orders that stood behind it before and have ended; what
            they filled late is still this order's.
        earlier_filled_quantity: Spreads that those filled.
        rungs: The ladder as walked.
        filled_quantity: Spreads filled so far.
        average_net_price: Signed average of the fills, USD per share; None without a fill.
        margin: The what-if that let it pass or stopped it.
        claimed_at: Claim.
        released_at: Release.
        acknowledged_at: First acknowledgement of the broker order that stands behind it.
        finished_at: End.
        traceparent: W3C trace context from the signal on.
        close_cause: Why a closing was asked for; it may grow more urgent. None for an opening.
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
    earlier_brokers: tuple[BrokerIds, ...] = ()
    earlier_filled_quantity: int = 0
    rungs: tuple[Rung, ...] = ()
    filled_quantity: int = 0
    average_net_price: Decimal | None = None
    margin: Margin | None = None
    claimed_at: datetime | None = None
    released_at: datetime | None = None
    acknowledged_at: datetime | None = None
    finished_at: datetime | None = None
    traceparent: str = ""
    close_cause: CloseCause | None = None

    @property
    def remaining(self) -> int:
        """Spreads not filled yet."""
        return self.quantity - self.filled_quantity

    @property
    def broker_quantity(self) -> int:
        """Spreads of the broker order that stands behind it now, its filled ones included."""
        return self.quantity - self.earlier_filled_quantity

    @property
    def order_refs(self) -> tuple[str, ...]:
        """Every reference it ever had at the broker, the present one first."""
        present = (self.broker,) if self.broker else ()
        return tuple(ids.order_ref for ids in (*present, *self.earlier_brokers))

    @property
    def excess_quantity(self) -> int:
        """Spreads filled beyond what was planned; 0 on an ordinary day."""
        return max(0, -self.remaining)

    @property
    def was_acknowledged(self) -> bool:
        """True where the broker has told of the broker order that stands behind it now."""
        is_known = self.broker is not None and bool(self.broker.perm_id)
        return is_known or self.acknowledged_at is not None

    @property
    def legs(self) -> tuple[Leg, Leg]:
        """The combo to buy: opening or closing legs by purpose.

        Raises:
            InvariantBroken: If it trades one contract alone.
        """
        if self.purpose.is_remedy:
            raise InvariantBroken(f"order {self.order_id} is no combo")
        if self.purpose is Purpose.OPEN:
            return self.spread.opening_legs
        return self.spread.closing_legs

    @property
    def sides(self) -> tuple[tuple[ContractKey, Side], ...]:
        """What it trades, contract by contract; a combo's long leg of the spread first.

        An assigned put has bought shares, an assigned call has sold them.
        """
        spread = self.spread
        match self.purpose:
            case Purpose.FLATTEN_SHARES:
                side = Side.SELL if spread.right is Right.PUT else Side.BUY
                return ((underlying_key(spread.symbol), side),)
            case Purpose.SELL_LONG:
                return ((spread.long_contract.key, Side.SELL),)
            case Purpose.OPEN | Purpose.CLOSE:
                return tuple((leg.contract.key, leg.side) for leg in self.legs)
            case _:
                assert_never(self.purpose)

    @property
    def is_terminal(self) -> bool:
        """True where nothing more can happen to it."""
        return self.state in TERMINAL_STATES


def opening_order_id(signal_id: SignalId, follower_id: FollowerId) -> OrderId:
    """Name the one opening order of a signal and a follower."""
    return OrderId(f"{signal_id}~{follower_id}~open")


def order_ref_of(order_id: OrderId, number: int = 1) -> str:
    """Derive the broker reference: "SP-" and 17 base-32 characters (85 bits) of the id's hash.

    At most 20 characters of A-Z, 0-9 and "-", so that no field of the broker cuts it.

    Args:
        order_id: Our order.
        number: Which of the broker orders that stand behind it, one after another; from 1.
    """
    name = order_id if number == 1 else f"{order_id}#{number}"
    digest = hashlib.sha256(name.encode()).digest()
    return "SP-" + base64.b32encode(digest).decode()[:17]


def moved(order: Order, state: OrderState) -> Order:
    """Move an order to another state.

    Raises:
        InvariantBroken: If the transition table does not allow it.
    """
    if state not in TRANSITIONS[order.state]:
        raise InvariantBroken(f"order {order.order_id} may not go from {order.state} to {state}")
    return replace(order, state=state)
