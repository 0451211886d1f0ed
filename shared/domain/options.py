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


def contract_words(contract_key: str) -> str:
    """Write a contract as people do: QQQ 2026-11-27 590 put; a stock is its symbol."""
    parts = contract_key.rsplit("-", 5)
    if len(parts) != 6 or parts[4] not in tuple(Right):
        return contract_key
    symbol, year, month, day, right, strike = parts
    return f"{symbol} {year}-{month}-{day} {strike} {'put' if right == Right.PUT else 'call'}"


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
