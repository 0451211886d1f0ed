"""Market data of one connection: its quotes, and whether they are live."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol, TypeVar

from gateway.broker.ibkr_notices import DataState
from gateway.broker.quote_feeds import QuoteFeeds, Ticker
from gateway.logins.pacer import Pacer, Urgency
from shared.domain.options import ContractKey
from shared.domain.quotes import Quote
from shared.ports.broker import MarketDataState

C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)


class LibraryTicker(Ticker, Protocol):
    """What we use of the client library's ticker besides its quote."""

    marketDataType: int
    updateEvent: Any


class Clocked(Protocol):
    """The library's wrapper: when the last network packet arrived."""

    lastTime: datetime


class Library(Protocol[C_contra]):
    """What we use of the client library; contracts are its own."""

    @property
    def wrapper(self) -> Clocked:
        """Takes the packets in."""

    def reqMktData(
        self, contract: C_contra, genericTickList: str, snapshot: bool, regulatorySnapshot: bool
    ) -> LibraryTicker:
        """Subscribe."""

    def cancelMktData(self, contract: C_contra) -> None:
        """End a subscription."""


class MarketData:
    """Quotes of one underlying and its options on one connection.

    Args:
        now: Market time, for the age of quotes.
        pacer: Gives each subscription its turn.
        tell: Told once the data ceases to be live, and once it is live again.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        pacer: Pacer,
        tell: Callable[[MarketDataState], None],
    ) -> None:
        self._pacer = pacer
        self._tell = tell
        self._feeds = QuoteFeeds(now=now)
        self._state = DataState()
        self._underlying = ContractKey("")

    @property
    def is_live(self) -> bool:
        """False where nothing may be priced by it."""
        return not self._state.why_not_live

    async def watch(
        self, library: Library[C], underlying: ContractKey, contracts: Mapping[ContractKey, C]
    ) -> None:
        """Subscribe to what is not subscribed yet, and anew to what is not live.

        Args:
            library: The connection's.
            underlying: Contract whose ticks prove the feed of all of them alive.
            contracts: The library's contracts, the underlying's included.
        """
        self._underlying = underlying
        for key, contract in contracts.items():
            if key in self._feeds and key in self._state.not_live:
                await self._pacer.turn(Urgency.REQUEST)
                self._feeds.remove(key)
                library.cancelMktData(contract)
            if key not in self._feeds:
                await self._pacer.turn(Urgency.REQUEST)
                self._subscribe(library, key, contract)

    def _subscribe(self, library: Library[C], key: ContractKey, contract: C) -> None:
        def on_tick(told: LibraryTicker) -> None:
            self._feeds.ticked(key)
            with self._telling_changes():
                self._state.ticked(key, told.marketDataType, library.wrapper.lastTime)

        ticker = library.reqMktData(contract, "", False, False)
        ticker.updateEvent.clear()  # the library gives the same ticker for a contract again
        ticker.updateEvent += on_tick
        self._feeds.add(key, ticker)

    def heard(self, code: int, message: str, key: ContractKey | None, packet_at: datetime) -> None:
        """Take a notice in (see `DataState.heard`)."""
        with self._telling_changes():
            self._state.heard(code, message, key, packet_at)

    def subscriptions_lost(self) -> None:
        """Forget every subscription: IBKR has (1101)."""
        self._feeds.clear()
        with self._telling_changes():
            self._state.forget_subscriptions()

    def connection_lost(self) -> None:
        """Forget everything."""
        self._feeds.clear()
        self._state = DataState()

    def quotes(self) -> dict[ContractKey, Quote]:
        """Last quotes of what is watched, the underlying included."""
        return self._feeds.quotes(self._underlying)

    @contextmanager
    def _telling_changes(self) -> Iterator[None]:
        was_live = self.is_live
        yield
        if was_live != self.is_live:
            reason = self._state.why_not_live or "live again"
            self._tell(MarketDataState(is_live=self.is_live, reason=reason))
