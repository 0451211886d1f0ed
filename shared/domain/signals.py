"""The leader's signal of a session: one row of the sheet, as read and as understood."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from shared.domain.spreads import Spread, Strategy, spread_of

SignalId = NewType("SignalId", str)


class SignalState(StrEnum):
    """Whether a signal may be traded."""

    ACTIVE = "active"
    CHANGED = "changed"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """One accepted signal.

    Attributes:
        signal_id: `{session_date}-{ticker}-{n}`.
        session_date: Session it is for, ISO text.
        ticker: Underlying.
        strategy: Long (bull put) or Short (bear call).
        qty_per_leg: The leader's quantity, before each follower's share.
        long_strike: Bought strike, USD per share.
        short_strike: Sold strike, USD per share.
        expiry: Session date of expiry, ISO text.
        row_number: Row of the sheet, 1 is the first.
        row: The row's cells as displayed.
        row_hash: Hash of those cells.
        read_at: When it was read (market time, UTC).
        verified_at: When a later read last found it unchanged; None before.
        state: Whether it may be traded.
        traceparent: W3C trace context that follows it to fill and report.
    """

    signal_id: SignalId
    session_date: str
    ticker: str
    strategy: Strategy
    qty_per_leg: int
    long_strike: Decimal
    short_strike: Decimal
    expiry: str
    row_number: int
    row: tuple[str, ...]
    row_hash: str
    read_at: datetime
    verified_at: datetime | None = None
    state: SignalState = SignalState.ACTIVE
    traceparent: str = ""

    @property
    def spread(self) -> Spread:
        """The spread it asks for."""
        return spread_of(
            symbol=self.ticker,
            strategy=self.strategy,
            expiry=self.expiry,
            long_strike=self.long_strike,
            short_strike=self.short_strike,
        )


def signal_id_of(session_date: str, ticker: str, number: int) -> SignalId:
    """Name the n-th signal of a session and ticker."""
    return SignalId(f"{session_date}-{ticker}-{number}")


def hash_row(row: tuple[str, ...]) -> str:
    """Hash a row's cells as displayed, so that any later edit shows."""
    return hashlib.sha256(json.dumps(row, ensure_ascii=False).encode()).hexdigest()


def traceparent_of(signal_id: SignalId) -> str:
    """Derive the signal's W3C trace context, the same in every process and every repeat."""
    digest = hashlib.sha256(signal_id.encode()).hexdigest()
    return f"00-{digest[:32]}-{digest[32:48]}-01"
