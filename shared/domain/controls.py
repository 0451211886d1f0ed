"""The kill switch."""

from __future__ import annotations

from enum import StrEnum


class TradingMode(StrEnum):
    """What the gateway may do. Unknown is never `normal`: what cannot be read is `halted`."""

    NORMAL = "normal"
    CLOSE_ONLY = "close_only"
    HALTED = "halted"
    FROZEN = "frozen"
    FLATTEN = "flatten"

    @property
    def may_open(self) -> bool:
        """True where opening orders may be placed or worked."""
        return self is TradingMode.NORMAL

    @property
    def may_close(self) -> bool:
        """True where closing orders may be placed or worked: everywhere but in a frozen book."""
        return self is not TradingMode.FROZEN
