"""The catalog of alerts: every type, how grave it is and where its runbook entry stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

AlertKey = NewType("AlertKey", str)


class Severity(StrEnum):
    """How grave an alert is."""

    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class AlertType(StrEnum):
    """What an alert says."""

    SIGNAL_INVALID = "SIGNAL_INVALID"
    SIGNAL_MISSING = "SIGNAL_MISSING"
    SIGNAL_CHANGED = "SIGNAL_CHANGED"
    SIGNAL_UNVERIFIED = "SIGNAL_UNVERIFIED"
    SHEET_UNREADABLE = "SHEET_UNREADABLE"
    NO_MARGIN = "NO_MARGIN"
    MID_TOO_LOW = "MID_TOO_LOW"
    MID_TOO_HIGH = "MID_TOO_HIGH"
    QUOTE_UNUSABLE = "QUOTE_UNUSABLE"
    LIMIT_REACHED = "LIMIT_REACHED"
    ORDER_REJECTED = "ORDER_REJECTED"
    ORDER_UNCONFIRMED = "ORDER_UNCONFIRMED"
    CONTRACT_UNKNOWN = "CONTRACT_UNKNOWN"
    PLAN_MISMATCH = "PLAN_MISMATCH"
    ACCOUNT_NOT_OWNED = "ACCOUNT_NOT_OWNED"
    GATEWAY_UNREACHABLE = "GATEWAY_UNREACHABLE"
    TWO_FACTOR_DUE = "TWO_FACTOR_DUE"
    LOGIN_INVALID = "LOGIN_INVALID"
    KILL_SWITCH_UNREADABLE = "KILL_SWITCH_UNREADABLE"
    DATABASE_UNREACHABLE = "DATABASE_UNREACHABLE"
    MARKET_DATA_STALE = "MARKET_DATA_STALE"
    POSITION_MISMATCH = "POSITION_MISMATCH"
    EXTERNAL_TRADE = "EXTERNAL_TRADE"
    ASSIGNMENT_DETECTED = "ASSIGNMENT_DETECTED"
    ASSIGNMENT_COMPENSATED = "ASSIGNMENT_COMPENSATED"
    TIME_VALUE_RISK = "TIME_VALUE_RISK"
    TIME_VALUE_CRITICAL = "TIME_VALUE_CRITICAL"
    CLOSE_FAILED = "CLOSE_FAILED"
    EOD_CLOSE_FAILED = "EOD_CLOSE_FAILED"
    FLATTENED = "FLATTENED"
    FLATTEN_FAILED = "FLATTEN_FAILED"
    DAILY_LOSS = "DAILY_LOSS"
    MARKS_MISSING = "MARKS_MISSING"
    REPORT_FAILED = "REPORT_FAILED"
    BROKER_STATEMENT_MISMATCH = "BROKER_STATEMENT_MISMATCH"
    BROKER_STATEMENT_MISSING = "BROKER_STATEMENT_MISSING"
    ROLLUP_NOT_FINAL = "ROLLUP_NOT_FINAL"
    STATEMENT_HELD = "STATEMENT_HELD"
    STATEMENT_ADJUSTED = "STATEMENT_ADJUSTED"
    FX_RATE_MISSING = "FX_RATE_MISSING"
    MAIL_UNRESOLVED = "MAIL_UNRESOLVED"
    MAIL_BOUNCED = "MAIL_BOUNCED"
    COMPONENT_DOWN = "COMPONENT_DOWN"


SEVERITY: dict[AlertType, Severity] = {
    AlertType.SIGNAL_INVALID: Severity.CRITICAL,
    AlertType.SIGNAL_MISSING: Severity.CRITICAL,
    AlertType.SIGNAL_CHANGED: Severity.CRITICAL,
    AlertType.SIGNAL_UNVERIFIED: Severity.CRITICAL,
    AlertType.SHEET_UNREADABLE: Severity.CRITICAL,
    AlertType.NO_MARGIN: Severity.WARNING,
    AlertType.MID_TOO_LOW: Severity.WARNING,
    AlertType.MID_TOO_HIGH: Severity.WARNING,
    AlertType.QUOTE_UNUSABLE: Severity.CRITICAL,
    AlertType.LIMIT_REACHED: Severity.WARNING,
    AlertType.ORDER_REJECTED: Severity.CRITICAL,
    AlertType.ORDER_UNCONFIRMED: Severity.CRITICAL,
    AlertType.CONTRACT_UNKNOWN: Severity.CRITICAL,
    AlertType.PLAN_MISMATCH: Severity.CRITICAL,
    AlertType.ACCOUNT_NOT_OWNED: Severity.CRITICAL,
    AlertType.GATEWAY_UNREACHABLE: Severity.CRITICAL,
    AlertType.TWO_FACTOR_DUE: Severity.WARNING,
    AlertType.LOGIN_INVALID: Severity.CRITICAL,
    AlertType.KILL_SWITCH_UNREADABLE: Severity.CRITICAL,
    AlertType.DATABASE_UNREACHABLE: Severity.CRITICAL,
    AlertType.MARKET_DATA_STALE: Severity.WARNING,
    AlertType.POSITION_MISMATCH: Severity.CRITICAL,
    AlertType.EXTERNAL_TRADE: Severity.WARNING,
    AlertType.ASSIGNMENT_DETECTED: Severity.CRITICAL,
    AlertType.ASSIGNMENT_COMPENSATED: Severity.INFO,
    AlertType.TIME_VALUE_RISK: Severity.WARNING,
    AlertType.TIME_VALUE_CRITICAL: Severity.CRITICAL,
    AlertType.CLOSE_FAILED: Severity.CRITICAL,
    AlertType.EOD_CLOSE_FAILED: Severity.CRITICAL,
    AlertType.FLATTENED: Severity.INFO,
    AlertType.FLATTEN_FAILED: Severity.CRITICAL,
    AlertType.DAILY_LOSS: Severity.CRITICAL,
    AlertType.MARKS_MISSING: Severity.WARNING,
    AlertType.REPORT_FAILED: Severity.WARNING,
    AlertType.BROKER_STATEMENT_MISMATCH: Severity.CRITICAL,
    AlertType.BROKER_STATEMENT_MISSING: Severity.WARNING,
    AlertType.ROLLUP_NOT_FINAL: Severity.CRITICAL,
    AlertType.STATEMENT_HELD: Severity.WARNING,
    AlertType.STATEMENT_ADJUSTED: Severity.WARNING,
    AlertType.FX_RATE_MISSING: Severity.WARNING,
    AlertType.MAIL_UNRESOLVED: Severity.CRITICAL,
    AlertType.MAIL_BOUNCED: Severity.WARNING,
    AlertType.COMPONENT_DOWN: Severity.CRITICAL,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """Something a person should know.

    Attributes:
        alert_type: What.
        subject: About whom or what: a follower, a login, a signal, a cell.
        message: One or two sentences: what happened, what it means, what to do.
        session_date: Session it belongs to, ISO text.
        raised_at: Market time (UTC).
        follower_id: Whose, where it is one follower's.
        traceparent: W3C trace context, where it belongs to a signal.
    """

    alert_type: AlertType
    subject: str
    message: str
    session_date: str
    raised_at: datetime
    follower_id: str | None = None
    traceparent: str = ""

    @property
    def key(self) -> AlertKey:
        """Business key: the same fact told twice is one alert."""
        subject = self.subject.replace("/", "_")
        return AlertKey(f"{self.alert_type}~{self.session_date}~{subject}")

    @property
    def severity(self) -> Severity:
        """How grave, by the catalog."""
        return SEVERITY[self.alert_type]

    @property
    def runbook_anchor(self) -> str:
        """Anchor of the entry in docs/runbook.md."""
        return str(self.alert_type).lower()
