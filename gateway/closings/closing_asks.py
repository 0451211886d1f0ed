"""What is wanted closed and why, whoever wants it: the one door to the closing engine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from shared.domain.close_causes import CloseCause, more_urgent
from shared.domain.positions import PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosingAsk:
    """A position that is wanted closed.

    Attributes:
        position_id: Which.
        cause: The most urgent reason given so far.
        leave_quantity: Spreads that may stay open; 0 for all but an excess.
        asked_at: When it was first asked (UTC, market time).
    """

    position_id: PositionId
    cause: CloseCause
    leave_quantity: int
    asked_at: datetime


class ClosingAsks:
    """Open asks; every closer asks here, and one engine works them off.

    It lives in memory: each closer asks again by its own look, and what was asked by hand or
    began already stands on the closing orders.
    """

    def __init__(self) -> None:
        self.rung = asyncio.Event()
        """Set whenever there is something new to close."""
        self.planning = asyncio.Lock()
        """Held while an order is planned for a position: what the desk does not show yet must not
        be written over by somebody who plans at the same moment."""
        self._asks: dict[PositionId, ClosingAsk] = {}

    def ask(
        self,
        position_id: PositionId,
        cause: CloseCause,
        *,
        at: datetime,
        leave_quantity: int = 0,
    ) -> None:
        """Want a position closed; a repeat is a no-op, a second cause joins the first.

        Args:
            position_id: Which.
            cause: Why; only a more urgent cause replaces the one before.
            at: Market time (UTC).
            leave_quantity: Spreads that may stay open.
        """
        held = self._asks.get(position_id)
        wanted = ClosingAsk(
            position_id=position_id,
            cause=more_urgent(held.cause if held else None, cause),
            leave_quantity=min(leave_quantity, held.leave_quantity) if held else leave_quantity,
            asked_at=held.asked_at if held else at,
        )
        if wanted != held:
            self._asks[position_id] = wanted
            self.rung.set()

    def withdraw(self, position_id: PositionId) -> None:
        """Want it no more: it is done, or a person took it back."""
        self._asks.pop(position_id, None)

    def of(self, position_id: PositionId) -> ClosingAsk | None:
        """Find the ask for a position."""
        return self._asks.get(position_id)

    def all(self) -> tuple[ClosingAsk, ...]:
        """Every ask, the most urgent first, then in id order."""
        return tuple(
            sorted(self._asks.values(), key=lambda ask: (-ask.cause.urgency, ask.position_id))
        )
