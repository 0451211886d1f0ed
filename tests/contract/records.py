"""Values that only repositories need; the rest comes from `tests.builders`."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from shared.domain.session_record import SessionRecord
from shared.domain.signals import Signal, hash_row, signal_id_of
from shared.domain.spreads import Strategy
from tests.builders import NOON, SESSION_DATE

RECORD = SessionRecord(
    session_date=SESSION_DATE,
    open_at=datetime(2026, 11, 27, 14, 30, tzinfo=UTC),
    close_at=datetime(2026, 11, 27, 18, 0, tzinfo=UTC),
    shard_of_login={"login-1": 0},
)


def a_signal(number: int = 1, ticker: str = "QQQ") -> Signal:
    row = (SESSION_DATE, ticker, "Long", "5", "585", "590")
    return Signal(
        signal_id=signal_id_of(SESSION_DATE, ticker, number),
        session_date=SESSION_DATE,
        ticker=ticker,
        strategy=Strategy.LONG,
        qty_per_leg=5,
        long_strike=Decimal(585),
        short_strike=Decimal(590),
        expiry=SESSION_DATE,
        row_number=2,
        row=row,
        row_hash=hash_row(row),
        read_at=NOON,
    )
