"""Deliveries of an alert: the map `deliveries` of `alerts/{key}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from shared.domain.alerts import AlertKey


class AlertDeliveries(Protocol):
    """What became of an alert on each channel, as `AlertLog.delivered` recorded it."""

    def of(self, key: AlertKey) -> Mapping[str, str]:
        """Read the last error by channel; an empty error means that it was delivered there."""
