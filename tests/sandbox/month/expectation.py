"""What a month must come to, by plain cash accounting; none of our own money code is used.

What flowed in less what flowed out is what was earned, once nothing is held any more. Until then
what is held counts at the middle of the market. A day is the difference of two such sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from tests.sandbox.month.ledger import Entry, Person

_CENT = Decimal("0.01")
_NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedDay:
    """A follower's session, USD: realized before fees, change of the open profit, fees."""

    realized: Decimal = _NOTHING
    unrealized: Decimal = _NOTHING
    fees: Decimal = _NOTHING

    @property
    def total(self) -> Decimal:
        """What the day brought."""
        return self.realized + self.unrealized - self.fees


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedMonth:
    """A follower's month; amounts in USD but for `due`.

    Attributes:
        gross: Realized before fees.
        fees: Broker fees.
        carried: What an earlier loss leaves to be made up first, never positive.
        base: What commission is taken of.
        commission: To the cent; None without terms.
        due: In his currency; None without terms, or without a rate where he has one to pay.
    """

    gross: Decimal
    fees: Decimal
    carried: Decimal
    base: Decimal
    commission: Decimal | None
    due: Decimal | None

    @property
    def net(self) -> Decimal:
        """Gross less fees."""
        return self.gross - self.fees


@dataclass(slots=True)
class Account:
    """Everything one follower did, as it is added up.

    Attributes:
        held: Contracts or shares, signed, by contract.
        paid: Cash that flowed since the contract was last flat, by contract.
        multipliers: Shares per contract, by contract.
        realized: Cash of what is closed.
        fees: Fees so far.
    """

    held: dict[str, int] = field(default_factory=dict)
    paid: dict[str, Decimal] = field(default_factory=dict)
    multipliers: dict[str, int] = field(default_factory=dict)
    realized: Decimal = _NOTHING
    fees: Decimal = _NOTHING

    def add(self, entry: Entry) -> None:
        """Take an entry in."""
        key = entry.key
        self.held[key] = self.held.get(key, 0) + entry.quantity
        self.paid[key] = self.paid.get(key, _NOTHING) + entry.cash
        self.multipliers[key] = entry.multiplier
        self.fees += entry.fee
        if not self.held[key]:
            self.realized += self.paid.pop(key)

    def open_profit(self, mids: Mapping[str, Decimal]) -> Decimal:
        """What is held, at the middle of the market, and what it cost.

        Raises:
            KeyError: Something is held that has no market.
        """
        return sum(
            (
                cash + mids[key] * self.held[key] * self.multipliers[key]
                for key, cash in self.paid.items()
            ),
            _NOTHING,
        )


def expected_days(
    dates: Sequence[str],
    entries: Iterable[Entry],
    mids: Mapping[str, Mapping[str, Decimal]],
) -> dict[tuple[str, str], ExpectedDay]:
    """Add every follower's sessions up.

    A contract that is sold off in part only must be closed before the day ends: what such a part
    earned is a matter of convention, and none is used here.

    Args:
        dates: Sessions, oldest first.
        entries: What happened, oldest first.
        mids: Last middles of each session, by contract.

    Returns:
        By session and follower; without those in which he neither traded nor held anything.
    """
    accounts: dict[str, Account] = {}
    found: dict[tuple[str, str], ExpectedDay] = {}
    before: dict[str, ExpectedDay] = {}
    everything = list(entries)
    for date in dates:
        todays = [one for one in everything if one.date == date]
        for one in todays:
            accounts.setdefault(one.follower_id, Account()).add(one)
        traded = {one.follower_id for one in todays}
        for who, account in accounts.items():
            earlier = before.get(who, ExpectedDay())
            now = ExpectedDay(
                realized=account.realized,
                unrealized=account.open_profit(mids[date]),
                fees=account.fees,
            )
            before[who] = now
            if who in traded or now != earlier:
                found[date, who] = _less(now, earlier)
    return found


def _less(now: ExpectedDay, earlier: ExpectedDay) -> ExpectedDay:
    return ExpectedDay(
        realized=now.realized - earlier.realized,
        unrealized=now.unrealized - earlier.unrealized,
        fees=now.fees - earlier.fees,
    )


def expected_month(
    person: Person, days: Iterable[ExpectedDay], usd_per_eur: Decimal | None
) -> ExpectedMonth:
    """Add a month up and take our share of it.

    Args:
        person: Whose.
        days: His sessions.
        usd_per_eur: The month's rate; None where there is none.
    """
    his = list(days)
    gross = sum((day.realized for day in his), _NOTHING)
    fees = sum((day.fees for day in his), _NOTHING)
    # Only a loss is carried: one month is known, and a mark starts at zero.
    carried = min(_NOTHING, person.net_before) if person.has_mark else _NOTHING
    base = max(_NOTHING, gross - fees + carried)
    if person.rate is None:
        return ExpectedMonth(
            gross=gross, fees=fees, carried=carried, base=base, commission=None, due=None
        )
    commission = _cents(base * person.rate)
    return ExpectedMonth(
        gross=gross,
        fees=fees,
        carried=carried,
        base=base,
        commission=commission,
        due=_due(commission, person.currency, usd_per_eur),
    )


def _due(commission: Decimal, currency: str, usd_per_eur: Decimal | None) -> Decimal | None:
    if currency == "USD" or not commission:
        return commission
    return None if usd_per_eur is None else _cents(commission / usd_per_eur)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)
