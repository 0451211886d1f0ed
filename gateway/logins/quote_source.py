"""Where quotes come from: one login prices for everybody, another takes over when its feed dies.

Only few logins are ever asked: IBKR shows 100 lines of market data to a username, and whoever
prices needs no more than the legs and their underlying.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from gateway.floor import TradingFloor
from gateway.logins.write_gate import WriteGate
from shared.adapters.json_log import log_event
from shared.domain.errors import AdapterError
from shared.domain.spreads import Spread
from shared.ports.broker import (
    Broker,
    BrokerEvent,
    ConnectionLost,
    LinkBroken,
    LinkRestored,
    MarketDataState,
)

_LOOK_SECONDS = 0.5
_SILENT_SECONDS = 2.0
_ANEW_SECONDS = 60.0
_MOST_SOURCES = 3
_BEFORE_OPEN = timedelta(seconds=30)


class QuoteSource:
    """Keeps some login's quotes coming.

    Args:
        floor: What the leader works with.
        spreads: What has to be priced.
    """

    def __init__(self, floor: TradingFloor, spreads: Callable[[], Sequence[Spread]]) -> None:
        self._floor = floor
        self._spreads = spreads
        self._bell = asyncio.Event()
        self._anew_at = 0.0
        self._last_look: tuple[datetime, datetime] | None = None

    def heard(self, event: BrokerEvent) -> None:
        """Take an event in that may have taken quotes away."""
        if isinstance(event, ConnectionLost | LinkBroken | LinkRestored | MarketDataState):
            self._bell.set()

    async def keep(self) -> None:
        """See to it that some login gives live quotes, for ever; on the machine's clock."""
        while True:
            with contextlib.suppress(TimeoutError):
                # Not wait_for: before Python 3.12 it loses a cancel that comes with the event.
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._bell.wait()
            self._bell.clear()
            if self._spreads() and not self._is_priced():
                await self._move()

    async def watch(self, broker: Broker) -> None:
        """Have quotes of what is traded from this login.

        Raises:
            AdapterError: If it could not be asked.
        """
        for spread in self._spreads():
            contracts = [leg.contract for leg in spread.opening_legs]
            await broker.resolve(spread.symbol, contracts)
            await broker.watch(spread.symbol, contracts)

    def _is_priced(self) -> bool:
        """Tell whether live quotes come in; before the open, that somebody is asked is enough."""
        floor = self._floor
        found = floor.quotes()
        now, session = floor.clock.now(), floor.session
        if not session.open_at - _BEFORE_OPEN <= now < session.close_at:
            return bool(found) or any(gate.is_watching for gate in floor.connections.pricing())
        return bool(found) and not self._is_silent(max(one.at for one in found.values()), now)

    def _is_silent(self, alive_at: datetime, now: datetime) -> bool:
        """Tell whether the feed has said nothing between two looks, and nothing for too long.

        Between the looks market time must have passed: held time may jump, and a tick of the
        instant it jumped to is then still on its way.
        """
        before, self._last_look = self._last_look, (alive_at, now)
        has_told_nothing = before is not None and before[0] == alive_at and before[1] < now
        return has_told_nothing and (now - alive_at).total_seconds() > _SILENT_SECONDS

    async def _move(self) -> None:
        for gate in self._candidates():
            try:
                await self.watch(gate)
            except AdapterError as error:
                log_event("not_watched", severity="WARNING", login=gate.login_id, why=str(error))
                continue
            log_event("quotes_from", login=gate.login_id)
            return

    def _candidates(self) -> list[WriteGate]:
        """Logins to ask next: one that was not asked, else now and then those that were."""
        ready = list(self._floor.connections.ready().values())
        asked = [gate for gate in ready if gate.is_watching]
        fresh = [gate for gate in ready if not gate.is_watching and gate.has_live_data]
        living = [gate for gate in asked if gate.has_live_data]
        if fresh and len(living) < _MOST_SOURCES:
            return fresh
        now = asyncio.get_running_loop().time()
        if now < self._anew_at:
            return []
        self._anew_at = now + _ANEW_SECONDS
        return asked
