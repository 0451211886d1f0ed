"""Deliveries of alerts, read from `alerts/{key}`."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.alerts import AlertKey
from shared.ports.documents import Documents


class FirestoreAlertDeliveries:
    """`AlertDeliveries` over a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def of(self, key: AlertKey) -> Mapping[str, str]:
        """Read the last error by channel; an empty error means that it was delivered there."""
        found = self._documents.get(f"alerts/{key}")
        deliveries = found.data.get("deliveries") if found else None
        if not isinstance(deliveries, Mapping):
            return {}
        return {
            str(channel): str(outcome.get("error", ""))
            for channel, outcome in deliveries.items()
            if isinstance(outcome, Mapping)
        }
