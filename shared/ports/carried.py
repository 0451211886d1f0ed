"""What earlier sessions left: positions that are still open, or have only just expired."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from shared.domain.followers import LoginId
from shared.domain.orders import Order
from shared.domain.positions import Position, PositionId
from shared.ports.stored import Stored


class CarriedBook(Protocol):
    """Positions and orders of earlier sessions, for the gateway."""

    async def positions(
        self, *, expired_on: str, also: Collection[PositionId]
    ) -> tuple[Position, ...]:
        """Read the positions that hold a leg, and those whose spread expired on a session.

        Args:
            expired_on: Session date, ISO text: its assignments may arrive only now.
            also: Positions that are read whatever they hold.

        Returns:
            In id order, each once.
        """

    async def unfinished(self, login_ids: Sequence[LoginId]) -> tuple[Stored[Order], ...]:
        """Read the orders of these logins that were released and have not ended, in id order."""
