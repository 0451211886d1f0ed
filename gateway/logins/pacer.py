"""The pace of one connection: never more messages a second than IBKR takes, the urgent first.

IBKR allows 50 messages a second on a connection, for everything together, and cuts whoever goes
on sending more (TWS API documentation, "API message rate"). We stop at 45 in any window of a
little over a second: what leaves us evenly may arrive in bunches.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

_MOST = 45
_WINDOW_SECONDS = 1.05


class Urgency(IntEnum):
    """Who goes first where not everybody can go at once."""

    CANCEL = 0
    CLOSE = 1
    OPEN = 2
    RUNG = 3
    REQUEST = 4


@dataclass(order=True)
class _Waiting:
    urgency: Urgency
    number: int
    send: Callable[[], None] = field(compare=False)
    is_wanted: Callable[[], bool] = field(compare=False)


class Pacer:
    """Lets messages of one connection out in their turn; on the machine's clock.

    Args:
        most: Messages let out in any window.
        window_seconds: Its length.
    """

    def __init__(self, *, most: int = _MOST, window_seconds: float = _WINDOW_SECONDS) -> None:
        self._most = most
        self._window_seconds = window_seconds
        self._let_out: deque[float] = deque(maxlen=most)
        self._waiting: list[_Waiting] = []
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_holding_back(self) -> bool:
        """True while messages wait for their turn."""
        return bool(self._waiting)

    def note(self, messages: int) -> None:
        """Count messages that went out by themselves just now (the library's start-up)."""
        now = asyncio.get_running_loop().time()
        self._let_out.extend([now] * min(messages, self._most))

    def take(self) -> bool:
        """Take the turn of one message at once, if nobody waits and there is room."""
        if self._waiting or self._seconds_to_wait() > 0:
            return False
        self.note(1)
        return True

    def queue(
        self,
        urgency: Urgency,
        send: Callable[[], None],
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Have a message sent in its turn.

        Args:
            urgency: Who goes first.
            send: Sends exactly one message.
            is_wanted: Asked when the turn has come; False gives the turn to the next.
        """
        self._number += 1
        item = _Waiting(urgency=urgency, number=self._number, send=send, is_wanted=is_wanted)
        heapq.heappush(self._waiting, item)
        self._wake_later()

    async def turn(self, urgency: Urgency) -> None:
        """Wait for the turn of one message, to be sent at once when this returns."""
        if self.take():
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.queue(urgency, lambda: granted.set_result(None), lambda: not granted.done())
        await granted

    def _drain(self) -> None:
        self._timer = None
        try:
            while self._waiting and self._seconds_to_wait() <= 0:
                item = heapq.heappop(self._waiting)
                if item.is_wanted():
                    self.note(1)
                    item.send()
        finally:
            self._wake_later()

    def _seconds_to_wait(self) -> float:
        if len(self._let_out) < self._most:
            return 0.0
        now = asyncio.get_running_loop().time()
        return self._let_out[0] + self._window_seconds - now

    def _wake_later(self) -> None:
        if self._waiting and self._timer is None:
            wait_seconds = max(self._seconds_to_wait(), 0.0)
            self._timer = asyncio.get_running_loop().call_later(wait_seconds, self._drain)
