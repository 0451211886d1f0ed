"""Planning a closing: at most one unfinished closing order per position, whoever asks."""

from __future__ import annotations

from typing import Protocol

from shared.domain.orders import Order
from shared.domain.positions import PositionId
from shared.ports.stored import Stored


class Closings(Protocol):
    """Closing orders, for the gateway."""

    async def plan(
        self, order: Order, position_id: PositionId, *, shard: int, token: int
    ) -> Stored[Order] | None:
        """Create a closing order and name it in its position, in one transaction.

        Returns:
            The order with its version; None where the position has a live closing already (the
            caller joins it).

        Raises:
            Conflict: If the lease does not hold our token, or the order exists.
            NotFound: If the position is not in the database.
        """
