"""Readings of logins' books, shared by whoever asks for one before it begins."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection

from gateway.floor import TradingFloor
from gateway.outcomes.excesses import Excesses
from shared.domain.followers import LoginId
from shared.domain.orders import OrderId
from shared.use_cases.read_books import Reading, read_books
from shared.use_cases.reconcile_login import strays_in


class Readings:
    """Reads each login's books one reading at a time.

    Three hundred orders of one connection that end together cost one reading, not three hundred.

    What a reading shows that may not live is canceled at once.

    Args:
        floor: What the leader works with.
        excesses: Cancels live broker orders that no order of ours may have.
        gone: Orders whose end the broker has told.
    """

    def __init__(self, floor: TradingFloor, excesses: Excesses, gone: Collection[OrderId]) -> None:
        self._floor = floor
        self._excesses = excesses
        self._gone = gone
        self._next: dict[LoginId, asyncio.Future[Reading]] = {}
        self._reading: defaultdict[LoginId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def read(self, login_id: LoginId) -> Reading:
        """Give a complete reading that began after this call.

        Raises:
            AdapterError: If the books could not be read.
        """
        following = self._next.get(login_id)
        if following is None:
            following = asyncio.ensure_future(self._read(login_id))
            self._next[login_id] = following
        return await asyncio.shield(following)

    async def _read(self, login_id: LoginId) -> Reading:
        async with self._reading[login_id]:
            # Whoever asks from here on wants a reading that begins later than this one.
            del self._next[login_id]
            floor = self._floor
            reading = await read_books(
                floor.connections[login_id],
                desk=floor.desk,
                now=floor.clock.now(),
                gone=self._gone,
            )
            await self._excesses.cancel(strays_in(reading.sweep, floor.desk))
            return reading
