"""Desks and orders of a gateway in its session, over documents in memory."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from gateway.desk import SessionDesk
from shared.adapters.firestore.fills import AsyncFirestoreFills
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.adapters.firestore.positions import AsyncFirestorePositions
from shared.domain.fills import COMBO_KEY
from shared.domain.followers import FollowerId, LoginId
from shared.domain.options import ContractKey
from shared.domain.orders import (
    BrokerIds,
    Margin,
    Order,
    OrderState,
    opening_order_id,
    order_ref_of,
)
from shared.domain.spreads import Side
from shared.ports.broker import Execution
from shared.ports.clock import AsyncClock
from shared.ports.documents import AsyncDocuments
from shared.ports.stored import Stored
from tests.builders import SIGNAL_ID, a_spread, an_order
from tests.fakes.documents import AsyncInMemoryDocuments

RELEASE_AT = datetime(2026, 11, 27, 14, 30, 2, tzinfo=UTC)
"""09:30:02 New York, two seconds after that day's open."""
CUTOFF_AT = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
FITS = Margin(
    currency="USD",
    initial_before=Decimal(0),
    initial_after=Decimal(2500),
    equity_after=Decimal(100000),
    buffer=Decimal(5000),
)

Story = Coroutine[object, object, None]


def a_claimed_order(
    state: OrderState = OrderState.CLAIMED,
    *,
    follower: str = "anna",
    login: str = "login-1",
    quantity: int = 5,
    number: int = 10_001,
) -> Order:
    """An order with its ids at the broker, in the state it is wanted in."""
    follower_id = FollowerId(follower)
    order_id = opening_order_id(SIGNAL_ID, follower_id)
    return replace(
        an_order(state, quantity=quantity),
        order_id=order_id,
        follower_id=follower_id,
        login_id=LoginId(login),
        fencing_token=1,
        broker=BrokerIds(order_ref=order_ref_of(order_id), client_id=11, broker_order_id=number),
        margin=FITS,
    )


def a_desk(
    clock: AsyncClock, *orders: Order, documents: AsyncDocuments | None = None
) -> SessionDesk:
    documents = documents or AsyncInMemoryDocuments()
    desk = SessionDesk(
        clock=clock,
        orders=FirestoreLeaderOrders(documents),
        fills=AsyncFirestoreFills(documents),
        positions=AsyncFirestorePositions(documents),
    )
    desk.adopt([Stored(value=order, version="1.0") for order in orders])
    return desk


def an_execution(
    order: Order,
    part: str = "long",
    quantity: int = 5,
    price: str = "1.00",
    *,
    number: int = 1,
    revision: str = "01",
    at: datetime = RELEASE_AT,
) -> Execution:
    """One execution of an order: of its long leg, its short leg, or the combo."""
    spread = a_spread()
    key, side = {
        "combo": (COMBO_KEY, Side.BUY),
        "long": (spread.long_contract.key, Side.BUY),
        "short": (spread.short_contract.key, Side.SELL),
    }[part]
    place = ["combo", "long", "short"].index(part)
    return Execution(
        broker_exec_id=f"{order.order_id[-9:]}.{number}.{place}.{revision}",
        order_ref=order.broker.order_ref if order.broker else "",
        account_id=order.account_id,
        contract_key=ContractKey(key),
        side=side,
        quantity=quantity,
        price=Decimal(price),
        perm_id=700_001,
        at=at,
    )


def executions_of(
    order: Order, quantity: int = 5, *, number: int = 1, long: str = "1.00", short: str = "1.95"
) -> list[Execution]:
    """Combo and legs of one fill."""
    net = str(Decimal(long) - Decimal(short))
    prices = {"combo": net, "long": long, "short": short}
    return [
        an_execution(order, part, quantity, price, number=number) for part, price in prices.items()
    ]
