"""A recorded session of our own making: quotes that move through the ladder, then a quiet rise."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

TICKER, SESSION_DATE = "IWM", "2025-11-28"
LONG_STRIKE, SHORT_STRIKE = "245", "247"
_EXPIRY = "20251128"
_FROM_AT = datetime(2025, 11, 28, 14, 25, tzinfo=UTC)
_OPEN_AT = datetime(2025, 11, 28, 14, 30, tzinfo=UTC)
_CLOSE_AT = datetime(2025, 11, 28, 18, 0, tzinfo=UTC)
_CENT = Decimal("0.01")
_SECOND = timedelta(seconds=1)


def write_quotes(path: Path) -> None:
    """Write IWM's session of 2025-11-28, which ends at 13:00 New York."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            ("at", "symbol", "expiry", "strike", "right", "bid", "ask", "bid_size", "ask_size")
        )
        at = _FROM_AT
        while at <= _CLOSE_AT:
            rows.writerows(_rows(at))
            at += _SECOND if at < _OPEN_AT + timedelta(minutes=5) else 10 * _SECOND


def write_sheet(path: Path) -> None:
    """Write a leader sheet whose last row is the session's."""
    path.write_text(
        "Date,Ticker,Strategy,Qty_Per_Leg,Strike_Long,Strike_Short\n"
        "2025-11-26,IWM,Short,4,250,248\n"
        f"{SESSION_DATE},{TICKER},Long,6,{LONG_STRIKE},{SHORT_STRIKE}\n"
    )


def _rows(at: datetime) -> list[tuple[str, ...]]:
    elapsed = max(0, int((at - _OPEN_AT).total_seconds()))
    spot = Decimal(249) + _CENT * (elapsed % 7) + Decimal(elapsed) / 5000
    stamp = at.isoformat()
    rows = [(stamp, TICKER, "", "", "", *_quote(spot.quantize(_CENT), _CENT, 300))]
    if at >= _OPEN_AT:
        rows += [
            (stamp, TICKER, _EXPIRY, strike, "P", *_quote(mid, 2 * _CENT, 4))
            for strike, mid in (
                (LONG_STRIKE, _fading(Decimal("0.32"), elapsed)),
                (SHORT_STRIKE, _fading(_short_mid(elapsed), elapsed)),
            )
        ]
    return rows


def _short_mid(elapsed: int) -> Decimal:
    """Fall under the first rungs, so that they follow, then rise until they are filled."""
    if elapsed < 4:
        return Decimal("1.32")
    if elapsed < 14:
        return Decimal("1.30") if elapsed < 9 else Decimal("1.28")
    return Decimal("1.37")


def _fading(first: Decimal, elapsed: int) -> Decimal:
    """Stand still for half a minute, then lose value evenly until nothing is left at the close."""
    lasting = Decimal(12_600 - max(30, elapsed)) / (12_600 - 30)
    return max(3 * _CENT, (first * lasting).quantize(_CENT))


def _quote(mid: Decimal, half_width: Decimal, size: int) -> tuple[str, ...]:
    return str(mid - half_width), str(mid + half_width), str(size), str(size)
