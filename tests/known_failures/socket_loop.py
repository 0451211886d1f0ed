"""An event loop whose time jumps although it has sockets: both ends of each must be on it."""

from __future__ import annotations

import asyncio
import selectors

_TURN_SECONDS = 1e-7


class _SocketsFirst(selectors.SelectSelector):
    """Reads every socket before it tells the loop's clock to jump to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # A turn takes a little: a wait of less than a float can hold would never end.
        self.jumped += _TURN_SECONDS
        ready = super().select(0)
        if ready or timeout is None or timeout <= 0:
            return ready or super().select(timeout)
        self.jumped += timeout
        return super().select(0)


class SocketLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps, with both ends of every socket on it."""

    def __init__(self) -> None:
        self._sockets_first = _SocketsFirst()
        super().__init__(self._sockets_first)

    def time(self) -> float:
        return self._sockets_first.jumped
