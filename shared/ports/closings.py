"""Planning closings: at most one unfinished closing order per position, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.orders import Order
from shared.ports.stored import Stored


class Closings(Protocol):
    """Closing orders, for the gateway."""

    async def plan(
        self, orders: Sequence[Order], *, shard: int, token: int
    ) -> tuple[Stored[Order], ...]:
        """Create closing orders and name each in its position, at most 100 a transaction.

        Returns:
            Those created, with their versions; and those that exist already under their ids, as
            they stand (the caller keeps them, and numbers the next plan after them). Left out
            is an order whose position has a live closing already (the caller joins it), or is
            not in the database yet.

        Raises:
            Conflict: If the lease does not hold our token.
        """
