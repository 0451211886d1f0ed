"""Marks: `marks/{session_date}-{slot}-{part}`, and the series in `sessions/{session_date}`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from shared.domain.marks import Mark


class Marks(Protocol):
    """Marks, for functions and jobs."""

    def write(self, marks: Sequence[Mark], *, total: Decimal) -> bool:
        """Create one slot's marks and set the session's `series_micros.{slot}`, atomically.

        Args:
            marks: All parts of one slot.
            total: The book's total at that slot, USD.

        Returns:
            False where the slot is marked already (a no-op).
        """

    def of_session(self, session_date: str) -> tuple[Mark, ...]:
        """Read a session's marks in the order of slot and part."""
