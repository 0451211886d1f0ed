"""Alerts: told through Pub/Sub, recorded in `alerts/{key}`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shared.domain.alerts import Alert, AlertKey


class AlertLog(Protocol):
    """Recorded alerts, for functions."""

    def record(self, alert: Alert) -> bool:
        """Create `alerts/{key}` (fields of Alert, severity, count 1), or raise its count by one.

        Returns:
            True where this is the first of its key: somebody must be told.
        """

    def delivered(self, key: AlertKey, channel: str, *, error: str, at: datetime) -> None:
        """Set `deliveries.{channel}` to {at, error}; an empty error means it was delivered."""

    def of_session(self, session_date: str) -> tuple[Alert, ...]:
        """Read a session's alerts, in key order."""
