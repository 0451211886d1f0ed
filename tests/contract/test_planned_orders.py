"""What is still planned, read by itself: a look in the morning costs no reading of everything."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.domain.followers import LoginId
from shared.domain.orders import OrderState
from shared.ports.documents import AsyncDocuments, Create
from tests.builders import SESSION_DATE
from tests.desks import a_claimed_order


def test_only_planned_orders_of_the_session_and_of_our_logins_are_read(
    async_documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    planned = replace(a_claimed_order(OrderState.PLANNED), broker=None)
    others = [
        a_claimed_order(OrderState.CLAIMED, follower="bert"),
        a_claimed_order(OrderState.PLANNED, follower="carl", login="login-2"),
        replace(a_claimed_order(OrderState.PLANNED, follower="dora"), session_date="2026-11-25"),
    ]
    writes = [Create(path=f"orders/{one.order_id}", data=encode(one)) for one in [planned, *others]]
    runner.run(async_documents.commit(writes))
    orders = FirestoreLeaderOrders(async_documents)
    found = runner.run(orders.planned(SESSION_DATE, [LoginId("login-1")]))
    assert [one.value for one in found] == [planned]
    everything = runner.run(orders.of_session(SESSION_DATE, [LoginId("login-1")]))
    assert found[0] in everything
