"""Recorded alerts: `alerts/{key}`."""

from __future__ import annotations

from datetime import datetime

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.records import of_session, read_all
from shared.domain.alerts import Alert, AlertKey
from shared.domain.errors import Conflict
from shared.ports.documents import Create, Documents, Increment, Update, field_path


class FirestoreAlertLog:
    """`AlertLog` in a document database."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def record(self, alert: Alert) -> bool:
        """Create the alert, or raise its count by one; True where it is the first of its key."""
        path = _path(alert.key)
        data = encode(alert) | {"severity": alert.severity.value, "count": 1}
        try:
            self._documents.commit([Create(path=path, data=data)])
        except Conflict:
            self._documents.commit([Update(path=path, fields={"count": Increment(1)})])
            return False
        return True

    def delivered(self, key: AlertKey, channel: str, *, error: str, at: datetime) -> None:
        """Note how a delivery went; an empty error means it was delivered."""
        outcome = {"at": at, "error": error}
        fields = {field_path("deliveries", channel): outcome}
        self._documents.commit([Update(path=_path(key), fields=fields)])

    def of_session(self, session_date: str) -> tuple[Alert, ...]:
        """Read a session's alerts, in key order."""
        return read_all(Alert, self._documents.find(of_session("alerts", session_date)))


def _path(key: AlertKey) -> str:
    return f"alerts/{key}"
