"""Assignment and exercise: what options became, read from what the broker holds.

IBKR tells neither in a message: stock appears overnight. So the only proof is what is held. A
short option that is gone *and* the shares its strike delivers are an assignment; short against
long contracts alone never are, for whoever closed a leg by hand leaves the same picture. What
is not explained completely is explained not at all, and nothing is touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from shared.domain.money import ZERO
from shared.domain.options import ContractKey, OptionContract, Right, underlying_key
from shared.domain.positions import Position, PositionId

Differences = Mapping[ContractKey, int]
"""What the broker holds less what the books hold, by contract; equal ones are left out."""


class Life(StrEnum):
    """How far a spread's options have come."""

    ALIVE = "alive"
    """They trade, or their session has not closed."""
    EXPIRING = "expiring"
    """They have expired, and the clearing of the night may still come."""
    SETTLED = "settled"
    """They have expired, and the night is over: what is there now is what came of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspect:
    """A position whose options may have been assigned or exercised.

    Attributes:
        position: By our books.
        life: How far its options have come.
        booked_worthless: Contracts of each leg whose expiry at zero is in our books already.
        closing_price: Underlying at the close of the day of expiry, USD per share; None while
            the options live, and where it is not known.
        exercised: Long contracts that we asked to exercise, or that executions prove.
    """

    position: Position
    life: Life
    booked_worthless: int = 0
    closing_price: Decimal | None = None
    exercised: int = 0

    @property
    def short_quantity(self) -> int:
        """Short contracts that may be, or may have been, assigned; positive."""
        short = self.position.held(self.position.spread.short_contract.key)
        return max(0, -short) + self.booked_worthless

    @property
    def long_quantity(self) -> int:
        """Long contracts that may have been exercised."""
        return max(0, self.position.held(self.position.spread.long_contract.key))

    @property
    def is_unbooked(self) -> bool:
        """True where our books still hold one of its options."""
        spread = self.position.spread
        return any(
            self.position.held(contract.key)
            for contract in (spread.long_contract, spread.short_contract)
        )

    @property
    def is_long_in_money(self) -> bool | None:
        """Whether the long option ended in the money; None where nobody knows."""
        if self.closing_price is None:
            return None
        return self.position.spread.long_contract.intrinsic(self.closing_price) > ZERO

    @property
    def is_short_in_money(self) -> bool | None:
        """Whether the short option ended in the money; None where nobody knows."""
        if self.closing_price is None:
            return None
        return self.position.spread.short_contract.intrinsic(self.closing_price) > ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What became of a position's options.

    Attributes:
        position_id: Which.
        assigned: Short contracts assigned.
        exercised: Long contracts exercised.
        has_expired: True where whatever else is left of its options expired worthless.
    """

    position_id: PositionId
    assigned: int = 0
    exercised: int = 0
    has_expired: bool = False


class Unexplained(StrEnum):
    """Why differences are not explained."""

    WAITING = "waiting"
    """The night's clearing has not come; it is looked at again."""
    MISMATCH = "mismatch"
    """Something else happened: people must look, and nothing is touched."""


def shares_of_assignment(contract: OptionContract, quantity: int) -> int:
    """Shares that assigned short contracts deliver, signed: a put buys, a call sells."""
    return quantity * contract.multiplier * (1 if contract.right is Right.PUT else -1)


def shares_of_exercise(contract: OptionContract, quantity: int) -> int:
    """Shares that exercised long contracts deliver, signed: a put sells, a call buys."""
    return -shares_of_assignment(contract, quantity)


def explain(
    suspects: Sequence[Suspect], differences: Differences
) -> tuple[Settled, ...] | Unexplained:
    """Explain what an account of ours holds by assignments and exercises.

    Args:
        suspects: Every position of the account in one underlying that is open or has only just
            expired.
        differences: Of the same contracts and the underlying.

    Returns:
        What became of the positions that changed; empty where nothing did. Every contract and
        every share is then accounted for.
    """
    symbols = {one.position.spread.symbol for one in suspects}
    if _strangers(suspects, differences) or len(symbols) > 1:
        return Unexplained.MISMATCH
    option_keys = [key for one in suspects for key in _option_keys(one) if key in differences]
    if any(count > 1 for count in Counter(option_keys).values()):
        return Unexplained.MISMATCH  # two positions share the contract: whose it was is a guess
    alive = [_alive(one, differences) for one in suspects if one.life is Life.ALIVE]
    expired = [one for one in suspects if one.life is not Life.ALIVE]
    if None in alive:
        return Unexplained.MISMATCH
    listed = [one for one in expired if _is_still_listed(one, differences)]
    if listed:
        # The clearing has not taken them out yet; by the morning it must have.
        is_over = any(one.life is Life.SETTLED for one in listed)
        return Unexplained.MISMATCH if is_over else Unexplained.WAITING
    found = tuple(one for one in alive if one is not None and (one.assigned or one.exercised))
    by_id = {one.position.position_id: one.position for one in suspects}
    rest = _shares_different(suspects, differences)
    rest -= sum(_shares(by_id[one.position_id], one) for one in found)
    if not expired:
        return Unexplained.MISMATCH if rest else found
    ended = _expired(expired, rest)
    return ended if isinstance(ended, Unexplained) else (*found, *ended)


def _strangers(suspects: Sequence[Suspect], differences: Differences) -> set[ContractKey]:
    """Contracts that differ and that no suspect holds."""
    known = {key for one in suspects for key in _option_keys(one)}
    known |= {underlying_key(one.position.spread.symbol) for one in suspects}
    return set(differences) - known


def _option_keys(suspect: Suspect) -> tuple[ContractKey, ContractKey]:
    spread = suspect.position.spread
    return spread.long_contract.key, spread.short_contract.key


def _shares_different(suspects: Sequence[Suspect], differences: Differences) -> int:
    symbols = {one.position.spread.symbol for one in suspects}
    return sum(differences.get(underlying_key(symbol), 0) for symbol in symbols)


def _shares(position: Position, settled: Settled) -> int:
    spread = position.spread
    return shares_of_assignment(spread.short_contract, settled.assigned) + shares_of_exercise(
        spread.long_contract, settled.exercised
    )


def _alive(suspect: Suspect, differences: Differences) -> Settled | None:
    """Read a living spread: gone shorts are assigned, gone longs exercised if that is known."""
    long_key, short_key = _option_keys(suspect)
    assigned, gone = differences.get(short_key, 0), -differences.get(long_key, 0)
    held = suspect.position.held(long_key)
    if not (0 <= assigned <= suspect.short_quantity and 0 <= gone <= held):
        return None
    if gone not in (0, suspect.exercised):
        return None
    return Settled(position_id=suspect.position.position_id, assigned=assigned, exercised=gone)


def _is_still_listed(suspect: Suspect, differences: Differences) -> bool:
    """Tell whether the broker still holds an expired leg."""
    position = suspect.position
    return any(position.held(key) + differences.get(key, 0) for key in _option_keys(suspect))


def _expired(suspects: Sequence[Suspect], shares: int) -> tuple[Settled, ...] | Unexplained:
    """Read expired spreads from the shares that came of them; one may differ from its price."""
    expected = [_expected_shares(one) for one in suspects]
    if sum(expected) == shares:
        return _all_of([_read(one, own) for one, own in zip(suspects, expected, strict=True)])
    readings = []
    for index, _ in enumerate(suspects):
        own = [*expected]
        own[index] += shares - sum(expected)
        reading = _all_of([_read(one, part) for one, part in zip(suspects, own, strict=True)])
        readings += [reading] if reading is not Unexplained.MISMATCH else []
    if len(readings) == 1:
        return readings[0]
    is_over = all(one.life is Life.SETTLED for one in suspects)
    return Unexplained.MISMATCH if is_over else Unexplained.WAITING


def _all_of(answers: Sequence[Settled | Unexplained | None]) -> tuple[Settled, ...] | Unexplained:
    for reason in (Unexplained.MISMATCH, Unexplained.WAITING):
        if reason in answers:
            return reason
    return tuple(one for one in answers if isinstance(one, Settled))


def _expected_shares(suspect: Suspect) -> int:
    """Shares that an expired spread delivers by its closing price; 0 where that is not known."""
    spread, shares = suspect.position.spread, 0
    if suspect.is_short_in_money:
        shares += shares_of_assignment(spread.short_contract, suspect.short_quantity)
    if suspect.is_long_in_money:
        shares += shares_of_exercise(spread.long_contract, suspect.long_quantity)
    return shares


def _read(suspect: Suspect, shares: int) -> Settled | Unexplained | None:
    """Read one expired spread from the shares it delivered; None where nothing is left to book.

    Whoever holds an option may decide otherwise than its price, so an assignment may come that
    the price denies. But the same shares can be several assignments less some exercises: only
    a reading that no other could replace is taken.
    """
    short, long = suspect.short_quantity, suspect.long_quantity
    position_id = suspect.position.position_id
    if shares == _expected_shares(suspect) and suspect.closing_price is not None:
        assigned = short if suspect.is_short_in_money else 0
        exercised = long if suspect.is_long_in_money else 0
        settled = Settled(
            position_id=position_id, assigned=assigned, exercised=exercised, has_expired=True
        )
        return settled if assigned or exercised or suspect.is_unbooked else None
    if shares == 0:
        return _read_without_shares(suspect)
    assigned, left_over = divmod(
        shares, shares_of_assignment(suspect.position.spread.short_contract, 1)
    )
    if left_over or not 0 < assigned <= short:
        return Unexplained.MISMATCH
    if assigned == short or long == 0 or suspect.is_long_in_money is False:
        return Settled(position_id=position_id, assigned=assigned, has_expired=True)
    return Unexplained.MISMATCH


def _read_without_shares(suspect: Suspect) -> Settled | Unexplained | None:
    """Read an expired spread that delivered nothing although its price does not say so."""
    if not suspect.is_unbooked:
        return None
    if suspect.life is not Life.SETTLED:
        return Unexplained.WAITING  # the assignment of a short in the money comes overnight
    if suspect.is_long_in_money is False:
        return Settled(position_id=suspect.position.position_id, has_expired=True)
    # Both sides exercised, or none: without the closing price nobody can tell.
    return Unexplained.MISMATCH
