"""Why an order did not trade as planned: a business "no" is a value that people can read."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Reason of a skipped, rejected, canceled or expired order."""

    PAUSED = "PAUSED"
    CLOSE_ONLY = "CLOSE_ONLY"
    DISABLED = "DISABLED"
    NO_AGREEMENT = "NO_AGREEMENT"
    NO_LOGIN = "NO_LOGIN"
    READINESS_RED = "READINESS_RED"
    SIZE_ZERO = "SIZE_ZERO"
    LOSS_LIMIT = "LOSS_LIMIT"
    LATE = "LATE"
    NO_MARGIN = "NO_MARGIN"
    GATEWAY_UNREACHABLE = "GATEWAY_UNREACHABLE"
    PLAN_MISMATCH = "PLAN_MISMATCH"
    SIGNAL_CHANGED = "SIGNAL_CHANGED"
    SIGNAL_UNVERIFIED = "SIGNAL_UNVERIFIED"
    SIGNAL_REJECTED = "SIGNAL_REJECTED"
    TRADING_HALTED = "TRADING_HALTED"
    CONTRACT_UNKNOWN = "CONTRACT_UNKNOWN"
    MID_TOO_LOW = "MID_TOO_LOW"
    MID_TOO_HIGH = "MID_TOO_HIGH"
    QUOTE_UNUSABLE = "QUOTE_UNUSABLE"
    LIMIT_REACHED = "LIMIT_REACHED"
    REJECTED_BY_BROKER = "REJECTED"
    END_OF_DAY = "END_OF_DAY"
    CANCELED_AT_BROKER = "CANCELED_AT_BROKER"
