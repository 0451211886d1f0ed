"""The market of a story: the same rows for the simulator and for the broker in memory.

One bull put, 585/590, around a credit of 0.98. Everything follows from the seed: how the credit
drifts while the ladder climbs, for how few spreads a quote is good, and where the underlying
stands when the end of the day comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from gateway.simulator.draws import between
from tests.builders import SESSION_DATE
from tests.contract.venues import OPEN_AT

LONG_STRIKE, SHORT_STRIKE = 585, 590
_LADDER_SECONDS = 90
_CLOSING_FROM = 175 * 60
"""12:25 New York: the half day closes at 13:00, and closings begin at 12:30."""
_SIZES = (2, 3, 5, 8, 100)
_COLUMNS = "at,symbol,expiry,strike,right,bid,ask,bid_size,ask_size"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """From `at` on a contract is quoted so; strike None: the underlying."""

    at: datetime
    strike: int | None
    bid: Decimal
    ask: Decimal
    size: int

    @property
    def key(self) -> str:
        return "QQQ" if self.strike is None else f"QQQ-{SESSION_DATE}-P-{self.strike}"

    @property
    def csv(self) -> str:
        """The row as the simulator reads recorded quotes."""
        option = ("", "", "")
        if self.strike is not None:
            option = (SESSION_DATE.replace("-", ""), str(self.strike), "P")
        return (
            f"{self.at:%Y-%m-%dT%H:%M:%SZ},QQQ,{','.join(option)},"
            f"{self.bid},{self.ask},{self.size},{self.size}"
        )


def market_rows(seed: int) -> tuple[Row, ...]:
    """Make a session's quotes, in time order."""
    return tuple(sorted(_rows(seed), key=lambda row: row.at))


def csv_text(rows: tuple[Row, ...]) -> str:
    """Write rows as the simulator reads recorded quotes."""
    return "\n".join([_COLUMNS, *(row.csv for row in rows), ""])


def _rows(seed: int) -> Iterator[Row]:
    yield _underlying(-900, "592.00")
    yield _put(-900, LONG_STRIKE, 98, 100)
    yield _put(-900, SHORT_STRIKE, 196, 100)
    drift = 0
    for second in range(2, _LADDER_SECONDS):
        drift += between(-1, 1, seed, "drift", second)
        drift = min(4, max(-3, drift))
        jump = 4 if between(1, 100, seed, "jump", second) <= 15 else 0
        size = _SIZES[between(0, len(_SIZES) - 1, seed, "size", second)]
        yield _put(second, SHORT_STRIKE, 196 + drift + jump, size)
    yield _put(_LADDER_SECONDS, SHORT_STRIKE, 196, 100)
    for second in range(_LADDER_SECONDS + 60, _LADDER_SECONDS + 400, 5):
        yield _put(second, SHORT_STRIKE, 196 + between(-2, 2, seed, "later", second), 4)
    yield from _end_of_day(seed)


def _end_of_day(seed: int) -> Iterator[Row]:
    """Out of the money, near it, or in it, where closing costs more each minute."""
    spot = ("599.00", "590.50", "588.00")[between(0, 2, seed, "close")]
    yield _underlying(_CLOSING_FROM, spot)
    if spot == "599.00":
        yield _put(_CLOSING_FROM, LONG_STRIKE, 1, 100)
        yield _put(_CLOSING_FROM, SHORT_STRIKE, 4, 100)
        return
    for minute in range(35):
        second = _CLOSING_FROM + 60 * minute + between(0, 50, seed, "closing", minute)
        size = _SIZES[between(0, 3, seed, "closing size", minute)]
        yield _put(second, LONG_STRIKE, 20 + between(-4, 4, seed, "long", minute), size)
        yield _put(second, SHORT_STRIKE, 260 + between(-9, 9, seed, "short", minute), size)


def _underlying(second: int, bid: str) -> Row:
    low = Decimal(bid)
    return Row(at=_at(second), strike=None, bid=low, ask=low + Decimal("0.02"), size=100)


def _put(second: int, strike: int, bid_cents: int, size: int) -> Row:
    bid = Decimal(bid_cents) / 100
    return Row(at=_at(second), strike=strike, bid=bid, ask=bid + Decimal("0.02"), size=size)


def _at(second: int) -> datetime:
    return OPEN_AT + timedelta(seconds=second)
