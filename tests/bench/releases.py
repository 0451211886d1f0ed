"""The commit of a release, beside the bare commit of as many documents."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from shared.adapters.firestore.clients import async_firestore_client
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.documents_async import AsyncFirestoreDocuments
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.adapters.firestore.leases import FirestoreLeases
from shared.domain.controls import TradingMode
from shared.domain.followers import FollowerId
from shared.domain.orders import Order, OrderState, opening_order_id
from shared.ports.documents import Create, Replace
from shared.ports.stored import Stored
from shared.use_cases.release_orders import release_orders
from tests.bench.rows import Row, compared
from tests.builders import NOON, an_order
from tests.sandbox.emulators import firestore_emulator, running

_FOLLOWERS = 300
_REPEATS = 8
_PART = 250
_PROJECT = "demo-bench-release"


def rows() -> list[Row]:
    """Time the release of 300 claimed orders against the emulator."""
    with (
        tempfile.TemporaryDirectory() as logs,
        running(firestore_emulator, Path(logs)) as address,
    ):
        ours, bare = asyncio.run(_measure(address))
    return [
        compared(
            name="release of 300 orders, the commit",
            method=f"median of {_REPEATS}, beside the bare commit of 300 ready documents",
            unit="ms",
            ours=ours,
            bare=bare,
        )
    ]


async def _measure(address: str) -> tuple[list[float], list[float]]:
    documents = AsyncFirestoreDocuments(async_firestore_client(_PROJECT, emulator_host=address))
    try:
        await documents.commit(
            [Create(path="controls/trading", data={"mode": TradingMode.NORMAL.value})]
        )
        grant = await FirestoreLeases(documents).take(0, "bench", seen=None)
        token = grant.token if grant else 0
        ours = [await _ours(documents, token, run) for run in range(_REPEATS + 1)]
        bare = [await _bare(documents, run) for run in range(_REPEATS + 1)]
        return ours[1:], bare[1:]
    finally:
        await documents.close()


def _claimed(run: int) -> list[Order]:
    orders = []
    for number in range(_FOLLOWERS):
        follower_id = FollowerId(f"f-{number:04d}-{run}")
        order = an_order(state=OrderState.CLAIMED)
        order_id = opening_order_id(order.signal_id, follower_id)
        orders.append(replace(order, order_id=order_id, follower_id=follower_id))
    return orders


async def _ours(documents: AsyncFirestoreDocuments, token: int, run: int) -> float:
    claimed = _claimed(run)
    versions = await _write(documents, "orders", claimed)
    stored = [
        Stored(value=order, version=version)
        for order, version in zip(claimed, versions, strict=True)
    ]
    book = FirestoreLeaderOrders(documents)
    started = time.perf_counter()
    await release_orders(stored, orders=book, shard=0, token=token, now=NOON)
    return (time.perf_counter() - started) * 1000


async def _bare(documents: AsyncFirestoreDocuments, run: int) -> float:
    claimed = _claimed(run)
    await _write(documents, "bare", claimed)
    started = time.perf_counter()
    await _write(documents, "bare", claimed)
    return (time.perf_counter() - started) * 1000


async def _write(
    documents: AsyncFirestoreDocuments, collection: str, orders: Sequence[Order]
) -> list[str]:
    versions: list[str] = []
    for start in range(0, len(orders), _PART):
        writes = [
            Replace(path=f"{collection}/{order.order_id}", data=encode(order))
            for order in orders[start : start + _PART]
        ]
        versions += await documents.commit(writes)
    return versions
