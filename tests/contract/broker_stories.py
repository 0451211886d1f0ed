"""Stories that are told of every broker: what they need of a venue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from shared.domain.fills import COMBO_KEY
from shared.domain.followers import AccountId
from shared.domain.orders import BrokerIds, Purpose
from shared.ports.broker import (
    Broker,
    BrokerEvent,
    ComboOrder,
    Execution,
    OrderEndReported,
    WhatIf,
)
from tests.builders import a_spread
from tests.contract.venues import CLIENT_ID, Venue, memory_venue, simulator_venue

Event = TypeVar("Event", bound=BrokerEvent)
Open = Callable[[Path], AbstractAsyncContextManager[Venue]]
Story = Callable[[Venue], Awaitable[None]]

ACCOUNT = AccountId("DU0000001")
LEGS = a_spread().opening_legs
CONTRACTS = [leg.contract for leg in LEGS]
LONG_KEY, SHORT_KEY = (contract.key for contract in CONTRACTS)


def teller(kind: str, folder: Path) -> Callable[[Story], None]:
    """Plays a story at a venue whose broker is connected and knows the legs."""
    opened: Open = memory_venue if kind == "memory" else simulator_venue

    async def play(story: Story) -> None:
        async with opened(folder) as venue:
            await venue.broker.connect()
            assert await venue.broker.resolve("QQQ", CONTRACTS) == ()
            await venue.settle()
            await story(venue)

    return lambda story: asyncio.run(play(story))


def an_order(
    broker: Broker,
    limit: str = "-1.00",
    *,
    quantity: int = 2,
    ref: str = "SP-ONE",
    client_id: int = CLIENT_ID,
    account_id: AccountId = ACCOUNT,
) -> ComboOrder:
    return ComboOrder(
        ids=BrokerIds(
            order_ref=ref, client_id=client_id, broker_order_id=broker.next_valid_order_id()
        ),
        account_id=account_id,
        symbol="QQQ",
        legs=LEGS,
        quantity=quantity,
        limit=Decimal(limit),
        purpose=Purpose.OPEN,
    )


def at_limit(order: ComboOrder, limit: str) -> ComboOrder:
    return replace(order, limit=Decimal(limit))


def of_type(venue: Venue, event_type: type[Event]) -> list[Event]:
    return [event for event in venue.events if isinstance(event, event_type)]


def spreads_filled(venue: Venue) -> int:
    return sum(one.quantity for one in of_type(venue, Execution) if one.contract_key == COMBO_KEY)


async def placed(venue: Venue, order: ComboOrder) -> ComboOrder:
    venue.broker.place(order)
    await venue.settle()
    return order


async def filled(venue: Venue, quantity: int = 2, ref: str = "SP-ONE") -> ComboOrder:
    """Fill an order at the market; in parts where the venue likes parts."""
    order = await placed(venue, an_order(venue.broker, "-0.96", quantity=quantity, ref=ref))
    before = spreads_filled(venue)
    for _ in range(8):
        if of_type(venue, OrderEndReported):
            break
        await venue.advance(1)
    assert before <= spreads_filled(venue) == quantity
    return order


def a_what_if(quantity: int = 2, account: str = ACCOUNT) -> WhatIf:
    return WhatIf(
        account_id=AccountId(account),
        symbol="QQQ",
        legs=LEGS,
        quantity=quantity,
        limit=Decimal("-0.70"),
        buffer_ratio=Decimal("0.05"),
    )
