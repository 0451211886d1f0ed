"""The desk: what the leader holds in memory of the session, written behind to the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.fills import Fill
from shared.domain.followers import AccountId
from shared.domain.orders import Order, OrderId
from shared.domain.positions import Position, PositionId


class Desk(Protocol):
    """Orders, fills and positions of the session, in memory first."""

    def order(self, order_id: OrderId) -> Order:
        """Give an order as it stands."""

    def order_by_ref(self, order_ref: str) -> Order | None:
        """Find one of our orders by its reference at the broker."""

    def order_by_perm_id(self, account_id: AccountId, perm_id: int) -> Order | None:
        """Find one of our orders by account and the broker's lasting id."""

    def orders(self) -> tuple[Order, ...]:
        """Every order, in id order."""

    def put(self, order: Order) -> None:
        """Keep an order's new version, wake who waits for it, and write it soon."""

    def fills_of(self, order_id: OrderId) -> tuple[Fill, ...]:
        """Fills of an order, in the order they happened."""

    def book(self, fills: Sequence[Fill]) -> None:
        """Keep fills (a repeat is a no-op, a revision replaces), rebuild what they touch."""

    def positions(self) -> tuple[Position, ...]:
        """Every position, in id order."""

    def position(self, position_id: PositionId) -> Position | None:
        """Find a position."""

    async def changed(self, order_id: OrderId, until: datetime) -> bool:
        """Wait until an order changes or market time reaches `until`; True where it changed."""
