"""Vertical credit spreads: bull put and bear call.

A spread is always BOUGHT as a combo whose legs carry the sides. Net prices are signed, USD
per share: debit positive, credit negative, as IBKR prices a bought combo.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from shared.domain.options import OptionContract, Right, strike_text

SpreadId = NewType("SpreadId", str)


class Strategy(StrEnum):
    """The leader's two words: Long is a bull put, Short a bear call."""

    LONG = "Long"
    SHORT = "Short"


class Side(StrEnum):
    """Which way a leg trades when its combo is bought."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 where contracts are gained, -1 where they are given."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg:
    """One contract of a combo, ratio 1."""

    contract: OptionContract
    side: Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """A vertical spread: one long and one short option of the same right and expiry.

    Attributes:
        symbol: Underlying ticker.
        expiry: Session date, ISO text.
        right: Put (bull put) or call (bear call).
        long_strike: Strike of the bought option, USD per share.
        short_strike: Strike of the sold option, USD per share.
        multiplier: Shares per contract.
    """

    symbol: str
    expiry: str
    right: Right
    long_strike: Decimal
    short_strike: Decimal
    multiplier: int = 100

    @property
    def spread_id(self) -> SpreadId:
        """Stable name: symbol, expiry, right, bought strike, sold strike."""
        strikes = f"{strike_text(self.long_strike)}-{strike_text(self.short_strike)}"
        return SpreadId(f"{self.symbol}-{self.expiry}-{self.right}-{strikes}")

    @property
    def width(self) -> Decimal:
        """Distance of the strikes, USD per share, positive."""
        return abs(self.short_strike - self.long_strike)

    @property
    def long_contract(self) -> OptionContract:
        """The bought option: the hedge."""
        return self._contract(self.long_strike)

    @property
    def short_contract(self) -> OptionContract:
        """The sold option: the risk."""
        return self._contract(self.short_strike)

    @property
    def opening_legs(self) -> tuple[Leg, Leg]:
        """The legs of the combo that opens the spread, bought one first."""
        return (
            Leg(contract=self.long_contract, side=Side.BUY),
            Leg(contract=self.short_contract, side=Side.SELL),
        )

    @property
    def closing_legs(self) -> tuple[Leg, Leg]:
        """The legs of the combo that closes it: the same, sides turned round."""
        return (
            Leg(contract=self.long_contract, side=Side.SELL),
            Leg(contract=self.short_contract, side=Side.BUY),
        )

    def _contract(self, strike: Decimal) -> OptionContract:
        return OptionContract(
            symbol=self.symbol,
            expiry=self.expiry,
            strike=strike,
            right=self.right,
            multiplier=self.multiplier,
        )


def strikes_are_in_order(strategy: Strategy, long_strike: Decimal, short_strike: Decimal) -> bool:
    """Tell whether the strikes make a credit: bull put long < short, bear call long > short."""
    if strategy is Strategy.LONG:
        return long_strike < short_strike
    return long_strike > short_strike


def spread_of(
    *, symbol: str, strategy: Strategy, expiry: str, long_strike: Decimal, short_strike: Decimal
) -> Spread:
    """Build the spread that a strategy word and two strikes mean.

    Raises:
        ValueError: If the strikes are in the wrong order for the strategy.
    """
    if not strikes_are_in_order(strategy, long_strike, short_strike):
        raise ValueError(
            f"{strategy} with long {long_strike} and short {short_strike} is no credit"
        )
    right = Right.PUT if strategy is Strategy.LONG else Right.CALL
    return Spread(
        symbol=symbol,
        expiry=expiry,
        right=right,
        long_strike=long_strike,
        short_strike=short_strike,
    )
