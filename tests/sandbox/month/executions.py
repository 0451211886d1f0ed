"""Draws one follower's executions in one spread, and what the broker charges for them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from shared.adapters.session_table import session_table
from shared.domain.sessions import at_new_york
from tests.sandbox.month.dice import Dice
from tests.sandbox.month.ledger import Deal, Entry, Option, What

_MICRO = Decimal("0.000001")
_LEAST_CREDIT, _MOST_CREDIT = 70, 160
_PRICE_STEPS = 400


class Chance:
    """What happens to one follower in one spread.

    Args:
        follower_id: Whose.
        deal: The spread.
        dice: Decides.
    """

    def __init__(self, follower_id: str, deal: Deal, dice: Dice) -> None:
        self._who = follower_id
        self._deal = deal
        self._dice = dice

    def open(self, spreads: int) -> Iterator[Entry]:
        """Sell the spread for a credit, in one execution or two."""
        for part, count in enumerate(self._parts(spreads)):
            at = at_new_york(self._deal.date, f"09:30:{5 + 5 * part:02d}")
            hedge = self._price(5, 90)
            credit = self._price(_LEAST_CREDIT, _MOST_CREDIT)
            yield from self._combo(What.OPEN, at, count, (hedge, hedge + credit), part)

    def buy_back(self, spreads: int) -> Iterator[Entry]:
        """Close it before its end, always in two executions where there are two spreads."""
        parts = [spreads - 1, 1] if spreads > 1 else [spreads]
        for part, count in enumerate(parts):
            at = at_new_york(self._deal.date, f"12:10:{5 + 5 * part:02d}")
            hedge = self._price(1, 40)
            debit = self._price(2, 130)
            yield from self._combo(What.CLOSE, at, -count, (hedge, hedge + debit), part)

    def expire(self, spreads: int) -> Iterator[Entry]:
        """End worthless at the close of the day of expiry."""
        for option, sign in ((self._deal.long, -1), (self._deal.short, 1)):
            yield self._booked(What.EXPIRY, self._close_at(), option, sign * spreads)

    def assigned(self, spreads: int, following: str) -> Iterator[Entry]:
        """Lose the hedge at the close, be assigned in the night, and trade the shares away."""
        deal = self._deal
        yield self._booked(What.EXPIRY, self._close_at(), deal.long, -spreads)
        night = at_new_york(following, "02:30:00")
        yield self._booked(What.ASSIGNMENT, night, deal.short, spreads, date=following)
        shares = spreads * 100 * (1 if deal.right == "P" else -1)
        strike = Decimal(deal.short_strike)
        yield self._booked(What.ASSIGNMENT, night, None, shares, price=strike, date=following)
        morning = at_new_york(following, "09:31:00")
        moved = Decimal(self._dice.between(-25_000, 25_000)) / 10_000
        yield Entry(
            follower_id=self._who,
            date=following,
            at=morning,
            what=What.CLEARING,
            deal=deal.date,
            option=None,
            quantity=-shares,
            price=strike + moved,
            fee=self._fee(abs(shares), Decimal("0.005")),
            exec_id=f"{self._family(What.CLEARING, 0)}.01",
        )

    def _combo(
        self,
        what: What,
        at: datetime,
        signed: int,
        prices: tuple[Decimal, Decimal],
        part: int,
    ) -> Iterator[Entry]:
        family = self._family(what, part)
        legs = ((self._deal.long, signed), (self._deal.short, -signed))
        for number, ((option, quantity), price) in enumerate(zip(legs, prices, strict=True), 2):
            yield Entry(
                follower_id=self._who,
                date=self._deal.date,
                at=at,
                what=what,
                deal=self._deal.date,
                option=option,
                quantity=quantity,
                price=price,
                fee=self._fee(abs(quantity), Decimal("0.65")),
                exec_id=f"{family}.{number:02d}",
            )

    def _booked(
        self,
        what: What,
        at: datetime,
        option: Option | None,
        quantity: int,
        *,
        price: Decimal = Decimal(0),
        date: str = "",
    ) -> Entry:
        return Entry(
            follower_id=self._who,
            date=date or self._deal.expiry,
            at=at,
            what=what,
            deal=self._deal.date,
            option=option,
            quantity=quantity,
            price=price,
        )

    def _close_at(self) -> datetime:
        session = session_table().session_on(self._deal.expiry)
        if session is None:
            raise ValueError(f"{self._deal.expiry} is no session")
        return session.close_at

    def _parts(self, spreads: int) -> list[int]:
        if spreads < 2 or self._dice.falls():
            return [spreads]
        first = self._dice.between(1, spreads - 1)
        return [first, spreads - first]

    def _price(self, least_cents: int, most_cents: int) -> Decimal:
        """A price to the cent, or an average of several, finer than a cent."""
        price = Decimal(self._dice.between(least_cents, most_cents)) / 100
        finer = self._dice.choose((0, 0, 0, self._dice.between(1, _PRICE_STEPS)))
        return price + Decimal(finer) / 100_000

    def _fee(self, count: int, each: Decimal) -> Decimal:
        """A fee with the exchanges' own charges, finer than a cent."""
        own = Decimal(self._dice.between(0, 29_999)) / 1_000_000
        return (each * count + own).quantize(_MICRO)

    def _family(self, what: What, part: int) -> str:
        """The groups of an execution id that a combo and its legs share; `a` or `b` by part."""
        name = f"{self._who} {self._deal.date} {what}"
        digest = hashlib.sha256(name.encode()).hexdigest()
        return f"0000e0d5.{digest[:7]}{'ab'[part]}"
