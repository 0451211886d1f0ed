"""The kill switch as this instance knows it: what cannot be read lately is halted.

Google's asyncio client has no live listener, so the switch is read every second; each answer is
its proof of life.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.controls import TradingMode
from shared.domain.errors import AdapterError, InvalidInput
from shared.ports.settings_book import ControlsReader

_LOOK_SECONDS = 1.0
_ANSWER_SECONDS = 2.0
_TRUST_SECONDS = 5.0
_SUBJECT = "controls/trading"


async def _tell_nobody(_: AlertType, __: str, ___: str) -> None:
    return


class KillSwitch:
    """Reads `controls/trading` every second of machine time and trusts it for five.

    Args:
        controls: Where it stands.
        monotonic: The machine's monotonic clock.
        alert: Tells people: type, subject, message.
    """

    def __init__(
        self,
        controls: ControlsReader,
        *,
        monotonic: Callable[[], float],
        alert: Callable[[AlertType, str, str], Awaitable[None]] = _tell_nobody,
    ) -> None:
        self._controls = controls
        self._monotonic = monotonic
        self._alert = alert
        self._mode = TradingMode.HALTED
        self._read_at: float | None = None
        self._is_told = False

    def mode(self) -> TradingMode:
        """Tell the mode; HALTED where the last good reading is older than five seconds."""
        return self._mode if self.is_fresh() else TradingMode.HALTED

    def is_fresh(self) -> bool:
        """Tell whether the last good reading is at most five seconds old."""
        return self._read_at is not None and self._monotonic() - self._read_at <= _TRUST_SECONDS

    async def watch(self) -> None:
        """Keep reading, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Read once.

        A reading that fails leaves the last one to grow old. A document that is missing or says
        nothing we know halts at once, and people are told.
        """
        started = self._monotonic()
        try:
            # Not `wait_for`: in Python 3.11 it may swallow a cancel that comes with the answer.
            async with asyncio.timeout(_ANSWER_SECONDS):
                mode = await self._controls.mode()
        except InvalidInput as error:
            await self._halt(str(error))
            self._read_at = started
            return
        except (AdapterError, TimeoutError):
            return
        if mode is not self._mode:
            log_event("kill_switch", severity="WARNING", mode=mode.value, was=self._mode.value)
        self._mode = mode
        self._read_at = started
        self._is_told = False

    async def _halt(self, why: str) -> None:
        self._mode = TradingMode.HALTED
        if not self._is_told:
            self._is_told = True
            words = f"the kill switch cannot be read, so trading is halted: {why}"
            await self._alert(AlertType.KILL_SWITCH_UNREADABLE, _SUBJECT, words)
