"""Quote feeds: the last quote of each contract watched, and when its feed last proved alive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from gateway.broker.ibkr_codec import quote_of
from shared.domain.options import ContractKey
from shared.domain.quotes import Quote


class Ticker(Protocol):
    """What we read of the client library's ticker; floats as the wire gave them."""

    bid: float
    ask: float
    bidSize: float
    askSize: float


class QuoteFeeds:
    """Feeds of one underlying and its options.

    Args:
        now: Market time.
    """

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._tickers: dict[ContractKey, Ticker] = {}
        self._alive_at: dict[ContractKey, datetime] = {}

    def add(self, key: ContractKey, ticker: Ticker) -> None:
        """Watch a contract."""
        self._tickers[key] = ticker

    def remove(self, key: ContractKey) -> None:
        """Watch a contract no longer."""
        self._tickers.pop(key, None)
        self._alive_at.pop(key, None)

    def __contains__(self, key: ContractKey) -> bool:
        """Tell whether a contract is watched."""
        return key in self._tickers

    def ticked(self, key: ContractKey) -> None:
        """Note that a contract's feed has just proved alive; late ticks of others are ignored."""
        if key in self._tickers:
            self._alive_at[key] = self._now()

    def clear(self) -> None:
        """Forget everything: the connection is gone."""
        self._tickers.clear()
        self._alive_at.clear()

    def quotes(self, underlying: ContractKey) -> dict[ContractKey, Quote]:
        """Last quotes of what is watched.

        A quiet option's last quote stays good while the underlying's feed lives.
        """
        underlying_at = self._alive_at.get(underlying)
        found: dict[ContractKey, Quote] = {}
        for key, alive_at in self._alive_at.items():
            ticker = self._tickers[key]
            found[key] = quote_of(
                key,
                bid=ticker.bid,
                ask=ticker.ask,
                bid_size=ticker.bidSize,
                ask_size=ticker.askSize,
                at=max(alive_at, underlying_at or alive_at),
            )
        return found
