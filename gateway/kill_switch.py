"""The kill switch as this instance knows it: what cannot be read lately is halted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from shared.domain.controls import TradingMode
from shared.domain.errors import AdapterError
from shared.ports.settings_book import ControlsReader

_LOOK_SECONDS = 1.0
_TRUST_SECONDS = 5.0


class KillSwitch:
    """Reads `controls/trading` every second of machine time and trusts it for five.

    Args:
        controls: Where it stands.
        monotonic: The machine's monotonic clock.
    """

    def __init__(self, controls: ControlsReader, *, monotonic: Callable[[], float]) -> None:
        self._controls = controls
        self._monotonic = monotonic
        self._mode = TradingMode.HALTED
        self._read_at: float | None = None

    def mode(self) -> TradingMode:
        """Tell the mode; HALTED where the last good reading is older than five seconds."""
        if self._read_at is None or self._monotonic() - self._read_at > _TRUST_SECONDS:
            return TradingMode.HALTED
        return self._mode

    async def watch(self) -> None:
        """Keep reading, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Read once; a failure leaves the last reading to grow old."""
        started = self._monotonic()
        try:
            self._mode = await self._controls.mode()
        except AdapterError:
            return
        self._read_at = started
