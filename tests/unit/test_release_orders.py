"""Release: what holds it back, and in which order everybody is sent."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.adapters.firestore.leases import FirestoreLeases
from shared.domain.controls import TradingMode
from shared.domain.followers import LoginId
from shared.domain.orders import Order, OrderState
from shared.domain.planning import fair_order
from shared.domain.reasons import Reason
from shared.domain.signals import Signal, SignalState
from shared.domain.trading_settings import TradingSettings
from shared.ports.documents import Create
from shared.ports.stored import Stored
from shared.use_cases.release_orders import reason_to_hold, release_orders
from tests.builders import SESSION_DATE
from tests.contract.records import a_signal
from tests.desks import RELEASE_AT, a_claimed_order
from tests.fakes.documents import AsyncInMemoryDocuments

NAMES = ["anna", "bert", "carl", "dora", "emil", "fred"]


def new_york(minute: int, second: int) -> datetime:
    return datetime(2026, 11, 27, 14, minute, second, tzinfo=UTC)


def a_signal_seen(
    read: datetime, verified: datetime | None = None, state: SignalState = SignalState.ACTIVE
) -> Signal:
    return replace(a_signal(), read_at=read, verified_at=verified, state=state)


@pytest.mark.parametrize(
    ("signal", "held"),
    [
        (a_signal_seen(new_york(27, 5), new_york(28, 50)), None),
        (a_signal_seen(new_york(27, 5), new_york(28, 49)), Reason.SIGNAL_UNVERIFIED),
        (a_signal_seen(new_york(27, 5)), Reason.SIGNAL_UNVERIFIED),
        (a_signal_seen(new_york(35, 0)), None),  # completed after the open: fresh as it is
        (a_signal_seen(new_york(28, 50)), None),
        (
            a_signal_seen(new_york(27, 5), new_york(29, 0), SignalState.CHANGED),
            Reason.SIGNAL_CHANGED,
        ),
        (
            a_signal_seen(new_york(27, 5), new_york(29, 0), SignalState.REJECTED),
            Reason.SIGNAL_REJECTED,
        ),
    ],
)
def test_a_signal_is_held_unless_it_was_seen_unchanged_just_before_the_open(
    signal: Signal, held: Reason | None
) -> None:
    assert reason_to_hold(signal, TradingSettings()) is held


def orders_on(session_date: str) -> list[Order]:
    return [replace(a_claimed_order(follower=name), session_date=session_date) for name in NAMES]


def names_in(orders: list[Order]) -> list[str]:
    return [order.follower_id for order in orders]


@given(st.permutations(orders_on(SESSION_DATE)))
def test_the_fair_order_is_the_hash_of_day_and_follower_however_they_come(
    orders: list[Order],
) -> None:
    draws = {n: hashlib.sha256(f"{SESSION_DATE}|{n}".encode()).digest() for n in NAMES}
    assert names_in(fair_order(orders)) == sorted(NAMES, key=draws.__getitem__)


def test_the_fair_order_is_another_every_day() -> None:
    days = [f"2026-11-{day:02}" for day in range(2, 28)]
    seen = {tuple(names_in(fair_order(orders_on(day)))) for day in days}
    assert len(seen) > len(days) // 2
    firsts = {order[0] for order in seen}
    assert len(firsts) > len(NAMES) // 2


def release(mode: str | None) -> tuple[TradingMode, list[Order], list[Order]]:
    """Release four claimed orders; gives the mode, what was released, and what is stored."""

    async def story() -> tuple[TradingMode, list[Order], list[Order]]:
        documents = AsyncInMemoryDocuments()
        orders = FirestoreLeaderOrders(documents)
        grant = await FirestoreLeases(documents).take(0, "me", seen=None)
        assert grant is not None
        claimed = [a_claimed_order(follower=name) for name in NAMES[:4]]
        writes = [Create(path=f"orders/{one.order_id}", data=encode(one)) for one in claimed]
        if mode is not None:
            writes.append(Create(path="controls/trading", data={"mode": mode}))
        await documents.commit(writes)
        stored: tuple[Stored[Order], ...] = await orders.of_session(
            SESSION_DATE, [LoginId("login-1")]
        )
        read, released = await release_orders(
            stored, orders=orders, shard=0, token=grant.token, now=RELEASE_AT
        )
        after = await orders.of_session(SESSION_DATE, [LoginId("login-1")])
        return read, [one.value for one in released], [one.value for one in after]

    return asyncio.run(story())


def test_everybody_is_released_at_one_instant_in_the_fair_order() -> None:
    mode, released, stored = release("normal")
    assert mode is TradingMode.NORMAL
    assert released == fair_order(stored)
    assert {order.state for order in stored} == {OrderState.RELEASING}
    assert {order.released_at for order in stored} == {RELEASE_AT}


@pytest.mark.parametrize("mode", ["close_only", "halted", "frozen", "flatten", None])
def test_nobody_is_released_unless_the_switch_is_normal(mode: str | None) -> None:
    read, released, stored = release(mode)
    assert not read.may_open
    assert released == []
    assert {order.state for order in stored} == {OrderState.CLAIMED}
