"""Orders: `orders/{order_id}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.domain.controls import TradingMode
from shared.domain.followers import Login, LoginId
from shared.domain.orders import Order, OrderId
from shared.ports.stored import Stored


class PlannedOrders(Protocol):
    """What functions may do with orders: plan them, and read them."""

    def plan(self, orders: Sequence[Order]) -> tuple[OrderId, ...]:
        """Create orders; one that exists already is left as it is.

        Returns:
            Ids of those created now, in the given order.
        """

    def of_session(self, session_date: str) -> tuple[Order, ...]:
        """Read a session's orders, in id order."""


class LeaderOrders(Protocol):
    """What a shard's leader does with orders; every write carries its fencing token.

    Every method that writes raises Conflict where the document changed since it was read, or
    where the lease `leases/gateway-{shard}` no longer holds our token (claim and release read it
    in their transaction; `save` relies on the document's version, for a new leader re-stamps
    every open order).
    """

    async def of_session(
        self, session_date: str, login_ids: Sequence[LoginId]
    ) -> tuple[Stored[Order], ...]:
        """Read the session's orders of these logins, in id order."""

    async def planned(
        self, session_date: str, login_ids: Sequence[LoginId]
    ) -> tuple[Stored[Order], ...]:
        """Read those of them that are still planned, in id order."""

    async def claim(
        self,
        orders: Sequence[Stored[Order]],
        *,
        logins: Mapping[LoginId, Login],
        next_valid_ids: Mapping[LoginId, int],
        shard: int,
        token: int,
    ) -> tuple[Stored[Order], ...]:
        """Move planned orders to claimed, giving each its ids at the broker, durably.

        The order id comes from `counters/{login_id}-{client_id}` (field `next_id`), raised to
        `next_valid_ids` where that is larger, and never used again. `order_ref` comes from
        `shared.domain.orders.order_ref_of`. `claimed_at` is given by the caller in `orders`.
        Done in transactions of at most 100 orders; an order whose version changed is left out.

        Returns:
            The claimed orders with their new versions, in id order.
        """

    async def reissue(
        self, order: Stored[Order], *, login: Login, next_valid_id: int, shard: int, token: int
    ) -> Stored[Order]:
        """Put a new broker order's ids behind an order, durably; see `domain.order_life.reissued`.

        The order id comes from the same counter as a claim's.

        Raises:
            Conflict: Also where the order changed since it was read.
            InvariantBroken: If the order may not have a new broker order.
        """

    async def release(
        self, orders: Sequence[Stored[Order]], *, shard: int, token: int
    ) -> tuple[TradingMode, tuple[Stored[Order], ...]]:
        """Write orders already moved to releasing, at most 250 a transaction.

        Each transaction reads kill switch and lease once. Where the switch does not let orders
        open, nothing is written.

        Returns:
            The mode read, and the released orders with new versions (empty unless it may open).
        """

    async def save(self, order: Stored[Order]) -> Stored[Order]:
        """Write one order on condition of its version; returns it with the new one."""

    async def save_all(self, orders: Sequence[Stored[Order]]) -> tuple[Stored[Order], ...]:
        """Write several orders, each on condition of its version, at most 400 a commit."""

    async def restamp(
        self, session_date: str, login_ids: Sequence[LoginId], *, shard: int, token: int
    ) -> tuple[Stored[Order], ...]:
        """Put our token on every claimed order that is not terminal: a new leader's first act."""
