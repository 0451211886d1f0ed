"""Positions: what each follower holds of a spread, leg by leg, at average cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NewType

from shared.domain.fills import Fill
from shared.domain.followers import AccountId, FollowerId
from shared.domain.money import ZERO, round_to_micros
from shared.domain.options import ContractKey, underlying_key
from shared.domain.spreads import Spread

PositionId = NewType("PositionId", str)


@dataclass(frozen=True, kw_only=True, slots=True)
class LegPosition:
    """What is held of one contract.

    Attributes:
        contract_key: Which contract.
        quantity: Contracts; positive long, negative short.
        cost: What the held contracts cost: the sum of price (USD per share) times signed
            contracts, so negative for a short; 0 when flat. Kept instead of an average, whose
            rounding times 500 contracts times 100 shares is more than a cent.
        realized: Closed profit before fees, USD.
        multiplier: Shares per contract.
    """

    contract_key: ContractKey
    quantity: int = 0
    cost: Decimal = ZERO
    realized: Decimal = ZERO
    multiplier: int = 100

    @property
    def average_price(self) -> Decimal:
        """Average entry, USD per share, rounded to the micro for people; 0 when flat."""
        return round_to_micros(self.cost / self.quantity) if self.quantity else ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """One follower's holding of one spread.

    Attributes:
        position_id: `{follower_id}~{spread_id}`.
        follower_id: Whose.
        account_id: Broker account.
        session_date: Session it was opened in, ISO text.
        spread: What it is.
        legs: Holdings by contract, in the order of the opening combo.
        fees: Broker fees so far, USD, positive.
        live_closing_order_id: Its one unfinished closing order, if any.
        is_open: True where a leg is held; kept so that the database can find it.
    """

    position_id: PositionId
    follower_id: FollowerId
    account_id: AccountId
    session_date: str
    spread: Spread
    legs: tuple[LegPosition, ...]
    fees: Decimal = ZERO
    live_closing_order_id: str | None = None
    is_open: bool = False

    @property
    def open_quantity(self) -> int:
        """Whole spreads held: the smaller of the long and the short side."""
        long_side = self.held(self.spread.long_contract.key)
        short_side = self.held(self.spread.short_contract.key)
        return max(0, min(long_side, -short_side))

    @property
    def share_quantity(self) -> int:
        """Shares held of the underlying, signed: what an assignment or exercise delivered."""
        return self.held(underlying_key(self.spread.symbol))

    @property
    def unpaired_quantity(self) -> int:
        """Long contracts that no short contract stands against any more."""
        short_side = self.held(self.spread.short_contract.key)
        return max(0, self.held(self.spread.long_contract.key) + min(0, short_side))

    def held(self, contract_key: ContractKey) -> int:
        """Contracts or shares held of one contract, signed."""
        return sum(leg.quantity for leg in self.legs if leg.contract_key == contract_key)

    @property
    def is_flat(self) -> bool:
        """True where no leg is held."""
        return all(leg.quantity == 0 for leg in self.legs)

    @property
    def realized(self) -> Decimal:
        """Closed profit before fees, USD."""
        return sum((leg.realized for leg in self.legs), ZERO)


def position_id_of(follower_id: FollowerId, spread: Spread) -> PositionId:
    """Name a follower's position in a spread."""
    return PositionId(f"{follower_id}~{spread.spread_id}")


def empty_position(
    *, follower_id: FollowerId, account_id: AccountId, session_date: str, spread: Spread
) -> Position:
    """Start a position before its first fill."""
    return Position(
        position_id=position_id_of(follower_id, spread),
        follower_id=follower_id,
        account_id=account_id,
        session_date=session_date,
        spread=spread,
        legs=tuple(
            LegPosition(contract_key=leg.contract.key, multiplier=spread.multiplier)
            for leg in spread.opening_legs
        ),
    )


def book_leg(leg: LegPosition, signed_quantity: int, price: Decimal) -> LegPosition:
    """Book one execution at average cost: realized less open cost is always the cash that moved.

    Args:
        leg: What is held before.
        signed_quantity: Contracts gained (positive) or given (negative).
        price: USD per share, no finer than a micro.
    """
    held, remaining = leg.quantity, leg.quantity + signed_quantity
    if held * signed_quantity >= 0:
        return replace(leg, quantity=remaining, cost=leg.cost + price * signed_quantity)
    closed = min(abs(held), abs(signed_quantity)) * (1 if held > 0 else -1)
    closed_cost = round_to_micros(leg.cost * closed / held)
    crosses_zero = remaining * held < 0
    return replace(
        leg,
        quantity=remaining,
        cost=price * remaining if crosses_zero else leg.cost - closed_cost,
        realized=leg.realized + (price * closed - closed_cost) * leg.multiplier,
    )


def apply_fills(position: Position, fills: Iterable[Fill]) -> Position:
    """Book leg executions and their fees; combo executions change nothing."""
    legs = {leg.contract_key: leg for leg in position.legs}
    fees = position.fees
    for fill in fills:
        if fill.is_combo:
            continue
        leg = legs.get(fill.contract_key) or LegPosition(
            contract_key=fill.contract_key, multiplier=fill.multiplier
        )
        legs[fill.contract_key] = book_leg(leg, fill.signed_quantity, fill.price)
        fees += fill.fee or ZERO
    is_open = any(leg.quantity for leg in legs.values())
    return replace(position, legs=tuple(legs.values()), fees=fees, is_open=is_open)


def position_from_fills(
    *,
    follower_id: FollowerId,
    account_id: AccountId,
    session_date: str,
    spread: Spread,
    fills: Iterable[Fill],
) -> Position:
    """Rebuild a position from every fill it ever had, in the order they happened."""
    start = empty_position(
        follower_id=follower_id, account_id=account_id, session_date=session_date, spread=spread
    )
    return apply_fills(start, sorted(fills, key=lambda fill: (fill.at, fill.exec_id)))
