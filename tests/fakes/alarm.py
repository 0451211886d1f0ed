"""`Alarm` that keeps the alerts it was given."""

from __future__ import annotations

from shared.domain.alerts import Alert, AlertType
from shared.domain.errors import AdapterError


class RecordingAlarm:
    """Keeps alerts in order; fails as often as `failures` says first."""

    def __init__(self, *, failures: int = 0) -> None:
        self.raised: list[Alert] = []
        self.failures = failures

    def raise_alert(self, alert: Alert) -> None:
        if self.failures:
            self.failures -= 1
            raise AdapterError("pubsub", "the topic did not take the alert", retryable=True)
        self.raised.append(alert)

    @property
    def types(self) -> list[AlertType]:
        return [alert.alert_type for alert in self.raised]
