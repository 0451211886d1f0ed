"""Book what options became: assignments, exercises and worthless expiries, as fills of ours.

An assignment or exercise closes the option at zero and opens the shares at the strike, as legs
of the same position. The ids are derived from what is booked already, so that a restart books
nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from shared.domain.assignment import Settled, shares_of_assignment, shares_of_exercise
from shared.domain.fills import ExecId, Fill
from shared.domain.money import ZERO
from shared.domain.options import ContractKey, OptionContract, underlying_key
from shared.domain.orders import Order
from shared.domain.positions import Position
from shared.domain.spreads import Side

_ASSIGNMENT, _EXERCISE, _EXPIRY = "assignment", "exercise", "expiry"


def settlement_fills(
    position: Position,
    order: Order,
    settled: Settled,
    *,
    booked: Sequence[Fill],
    session_date: str,
    at: datetime,
) -> tuple[Fill, ...]:
    """Make the entries of what became of a position's options.

    Args:
        position: As it stands before.
        order: The opening order it came from.
        settled: What became of it.
        booked: Every fill of the position so far.
        session_date: Session it belongs to, ISO text.
        at: When it is booked (UTC, market time).
    """
    spread = position.spread
    entries = _Entries(position, order, session_date=session_date, at=at)
    still_short = max(0, -position.held(spread.short_contract.key))
    still_long = max(0, position.held(spread.long_contract.key))
    if settled.assigned:
        name = f"{_ASSIGNMENT}-{_events(booked, _ASSIGNMENT)}"
        # Where its expiry was booked at zero already, only the shares are missing.
        closed = min(settled.assigned, still_short)
        shares = shares_of_assignment(spread.short_contract, settled.assigned)
        entries.deliver(name, spread.short_contract, closed, shares)
        still_short -= closed
    if settled.exercised:
        name = f"{_EXERCISE}-{_events(booked, _EXERCISE)}"
        shares = shares_of_exercise(spread.long_contract, settled.exercised)
        entries.deliver(name, spread.long_contract, -settled.exercised, shares)
        still_long -= settled.exercised
    if settled.has_expired:
        entries.close(_EXPIRY, spread.long_contract.key, -still_long)
        entries.close(_EXPIRY, spread.short_contract.key, still_short)
    return tuple(entries.made)


def booked_worthless(position: Position, booked: Sequence[Fill]) -> int:
    """Short contracts whose expiry at zero stands in the books, and may yet prove assigned."""
    short = position.spread.short_contract
    expired = _quantity(booked, _EXPIRY, short.key)
    closed = _quantity(booked, _ASSIGNMENT, short.key)
    shares = _quantity(booked, _ASSIGNMENT, underlying_key(position.spread.symbol))
    return expired - (shares // short.multiplier - closed)


def exercises(booked: Sequence[Fill]) -> int:
    """How many exercises stand in a position's books."""
    return _events(booked, _EXERCISE) - 1


def _quantity(fills: Sequence[Fill], kind: str, contract_key: ContractKey) -> int:
    return sum(
        fill.quantity
        for fill in fills
        if fill.exec_id.startswith(f"{kind}-") and fill.contract_key == contract_key
    )


def _events(fills: Sequence[Fill], kind: str) -> int:
    """Number of the next event of a kind: each delivered shares once."""
    return 1 + sum(fill.exec_id.startswith(f"{kind}-") and fill.multiplier == 1 for fill in fills)


class _Entries:
    """Entries of one position at one time."""

    def __init__(
        self, position: Position, order: Order, *, session_date: str, at: datetime
    ) -> None:
        self.made: list[Fill] = []
        self._position = position
        self._order = order
        self._session_date = session_date
        self._at = at

    def deliver(self, name: str, contract: OptionContract, closed: int, shares: int) -> None:
        """Close contracts at zero (signed: bought back or given up), open shares at the strike."""
        self.close(name, contract.key, closed)
        symbol = underlying_key(contract.symbol)
        self._add(name, symbol, shares, contract.strike, multiplier=1)

    def close(self, name: str, contract_key: ContractKey, signed_quantity: int) -> None:
        """Close contracts at zero; none is no entry."""
        multiplier = self._position.spread.multiplier
        self._add(name, contract_key, signed_quantity, ZERO, multiplier=multiplier)

    def _add(
        self, name: str, key: ContractKey, quantity: int, price: Decimal, *, multiplier: int
    ) -> None:
        if quantity == 0:
            return
        self.made.append(
            Fill(
                exec_id=ExecId(f"{name}-{self._position.position_id}-{key}"),
                order_id=self._order.order_id,
                follower_id=self._position.follower_id,
                account_id=self._position.account_id,
                session_date=self._session_date,
                contract_key=key,
                side=Side.BUY if quantity > 0 else Side.SELL,
                quantity=abs(quantity),
                price=price,
                multiplier=multiplier,
                fee=ZERO,
                at=self._at,
            )
        )
