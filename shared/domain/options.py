"""Option contracts and their underlying, named as traders name them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NewType

ContractKey = NewType("ContractKey", str)
"""Our own stable name of a contract: `QQQ` or `QQQ-2026-11-27-P-590`; also its document id."""


class Right(StrEnum):
    """Put or call, in IBKR's letters."""

    PUT = "P"
    CALL = "C"


def strike_text(strike: Decimal) -> str:
    """Write a strike without trailing zeros or exponent: 590, 492.5."""
    return f"{strike.normalize():f}"


def underlying_key(symbol: str) -> ContractKey:
    """Name the underlying itself."""
    return ContractKey(symbol)


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionContract:
    """One listed option.

    Attributes:
        symbol: Underlying ticker.
        expiry: Session date of expiry, ISO text.
        strike: USD per share, positive.
        right: Put or call.
        multiplier: Shares per contract.
    """

    symbol: str
    expiry: str
    strike: Decimal
    right: Right
    multiplier: int = 100

    @property
    def key(self) -> ContractKey:
        """Our stable name of this contract."""
        return ContractKey(f"{self.symbol}-{self.expiry}-{self.right}-{strike_text(self.strike)}")

    def intrinsic(self, spot: Decimal) -> Decimal:
        """Value per share if exercised at this spot; never negative."""
        gain = spot - self.strike if self.right is Right.CALL else self.strike - spot
        return max(Decimal(0), gain)
