"""Closing prices of the underlying: what decides whether an expired option was exercised."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from gateway.floor import TradingFloor
from shared.adapters.session_table import session_table
from shared.domain.assignment import Life
from shared.domain.options import underlying_key
from shared.domain.position_checks import MORNING
from shared.domain.quotes import Quote
from shared.domain.sessions import Session, at_new_york
from shared.domain.spreads import Spread
from shared.ports.quotes import QuoteBook


class ClosingPrices:
    """The underlying's middle at the close of a session.

    Live quotes go on after the close, so only those count that are about as old as the close
    itself; else those that were written at it.

    Args:
        floor: What the leader works with.
        quotes: Quotes in the database.
    """

    def __init__(self, floor: TradingFloor, quotes: QuoteBook) -> None:
        self._floor = floor
        self._quotes = quotes
        self._known: dict[tuple[str, str], Decimal] = {}

    async def of(self, spread: Spread) -> Decimal | None:
        """The closing price on a spread's day of expiry, USD per share; None if not known.

        Raises:
            AdapterError: If the database cannot be read.
        """
        session = session_table().session_on(spread.expiry)
        if session is None or self._floor.clock.now() < session.close_at:
            return None
        name = (spread.symbol, spread.expiry)
        if name not in self._known:
            price = await self._look(spread.symbol, session)
            if price is not None:
                self._known[name] = price
        return self._known.get(name)

    async def _look(self, symbol: str, session: Session) -> Decimal | None:
        stale_seconds = (await self._floor.controls.trading()).mark_stale_seconds
        key = underlying_key(symbol)
        written = await self._quotes.read([key])
        for quotes in (self._floor.quotes(), written):
            quote = quotes.get(key)
            if quote is not None and _is_of(quote, session.close_at, stale_seconds):
                return quote.mid
        return None


def life_of(spread: Spread, now: datetime) -> Life:
    """How far a spread's options have come; their last session decides with the underlying's close.

    Args:
        spread: What it is.
        now: Market time (UTC).
    """
    table = session_table()
    session = table.session_on(spread.expiry)
    if session is not None and now < session.close_at:
        return Life.ALIVE
    morning = at_new_york(table.next_session(spread.expiry).session_date, MORNING)
    return Life.SETTLED if now >= morning else Life.EXPIRING


def _is_of(quote: Quote, close_at: datetime, stale_seconds: float) -> bool:
    return quote.mid is not None and abs(quote.age_seconds(close_at)) <= stale_seconds
