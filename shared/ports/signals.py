"""Signals: `signals/{session_date}-{ticker}-{n}`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shared.domain.signals import Signal, SignalId


class Signals(Protocol):
    """Signal documents, for functions."""

    def record(self, signal: Signal) -> bool:
        """Create the signal and make it its session's active one for the ticker, atomically.

        One transaction on `sessions/{session_date}` (must exist) and the signal's document. A
        session has one active signal per ticker.

        Returns:
            False where the ticker has an active signal already (a no-op).
        """

    def active(self, session_date: str, ticker: str) -> Signal | None:
        """Read the session's active signal for a ticker, or None."""

    def verify(self, signal_id: SignalId, at: datetime) -> None:
        """Set `verified_at`: a later read of the sheet found the row unchanged."""

    def mark_changed(self, signal_id: SignalId) -> None:
        """Set the state `changed`: the row was edited after it was read; nothing is released."""


class SignalReader(Protocol):
    """Signal documents, for the gateway."""

    async def active(self, session_date: str) -> tuple[Signal, ...]:
        """Read the session's active signals, by id; empty where there is no session document."""
