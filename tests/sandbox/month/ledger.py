"""What a drawn month consists of; plain values that know nothing of our money code.

Quantities and prices are those of the contract: signed contracts or shares, USD per share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

STOCK = "QQQ"


class What(StrEnum):
    """What an entry of the ledger is."""

    OPEN = "open"
    CLOSE = "close"
    EXPIRY = "expiry"
    ASSIGNMENT = "assignment"
    CLEARING = "clearing"
    """Shares of an assignment, sold or bought back."""


class Told(StrEnum):
    """How our books know of an execution before the broker's statement comes."""

    RIGHT = "right"
    NO_FEE = "no fee"
    MISSING = "missing"
    WRONG_PRICE = "wrong price"
    """The broker corrects it overnight."""


class Ending(StrEnum):
    """What becomes of a session's spread."""

    BOUGHT_BACK = "bought back"
    WORTHLESS = "worthless"
    ASSIGNED = "assigned"
    CARRIED = "carried"
    """It has a later expiry, and ends worthless there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A follower as he is drawn.

    Attributes:
        follower_id: Our id.
        name: As he writes it.
        account_id: Broker account.
        login_id: Login that carries it.
        email: Empty where he has none.
        iban: Empty where he has none.
        bic: Of his bank; empty without a mandate.
        currency: USD or EUR.
        rate: Our share; None without terms.
        has_mark: Whether a high-water mark holds.
        net_before: What the month before brought him, net of fees; 0 where he was not there.
        first: Number of the first session he trades in, from 0.
        last: Number of the last one; None for the last of the month.
    """

    follower_id: str
    name: str
    account_id: str
    login_id: str
    email: str = ""
    iban: str = ""
    bic: str = ""
    currency: str = "USD"
    rate: Decimal | None = Decimal("0.20")
    has_mark: bool = False
    net_before: Decimal = Decimal(0)
    first: int = 0
    last: int | None = None

    def trades_in(self, number: int) -> bool:
        """Tell whether he trades in a session."""
        return self.first <= number and (self.last is None or number <= self.last)


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One option on the stock; `right` is P or C."""

    expiry: str
    right: str
    strike: int

    @property
    def key(self) -> str:
        """Our name of it."""
        return f"{STOCK}-{self.expiry}-{self.right}-{self.strike}"

    @property
    def occ(self) -> str:
        """The exchanges' name of it."""
        return f"{STOCK:<6}{self.expiry[2:].replace('-', '')}{self.right}{self.strike * 1000:08d}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deal:
    """A session's one spread: bull put ("Long") or bear call ("Short")."""

    date: str
    strategy: str
    expiry: str
    long_strike: int
    short_strike: int
    ending: Ending

    @property
    def right(self) -> str:
        """P or C."""
        return "P" if self.strategy == "Long" else "C"

    @property
    def long(self) -> Option:
        """The bought option."""
        return Option(expiry=self.expiry, right=self.right, strike=self.long_strike)

    @property
    def short(self) -> Option:
        """The sold option."""
        return Option(expiry=self.expiry, right=self.right, strike=self.short_strike)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One change of what a follower holds.

    Attributes:
        follower_id: Whose.
        date: Session it belongs to, ISO text.
        at: When (UTC).
        what: What it is.
        deal: Session in which its spread was opened, ISO text.
        option: Which option; None for shares.
        quantity: Signed.
        price: USD per share.
        fee: The broker's, USD, positive.
        exec_id: Three groups; empty for what the broker books itself.
        told: What our books know.
    """

    follower_id: str
    date: str
    at: datetime
    what: What
    deal: str
    option: Option | None
    quantity: int
    price: Decimal
    fee: Decimal = Decimal(0)
    exec_id: str = ""
    told: Told = Told.RIGHT

    @property
    def key(self) -> str:
        """Our name of the contract."""
        return STOCK if self.option is None else self.option.key

    @property
    def multiplier(self) -> int:
        """Shares per contract."""
        return 1 if self.option is None else 100

    @property
    def cash(self) -> Decimal:
        """What it brings into the account before fees, USD."""
        return -self.price * self.quantity * self.multiplier


@dataclass(frozen=True, kw_only=True, slots=True)
class Outsider:
    """A trade in shares that a follower made himself, and holds on to."""

    follower_id: str
    date: str
    at: datetime
    shares: int
    price: Decimal
    exec_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Draw:
    """A month as it is drawn.

    Attributes:
        month: `2026-10`.
        dates: Its sessions that are played, oldest first.
        people: Everybody.
        deals: By the session they were opened in.
        ordered: Spreads ordered, by session and follower.
        entries: Everything that happened, oldest first.
        mids: Middle of the market by session, wall time and contract.
        moves: Deposits (positive) and withdrawals by session and follower, USD.
        outsiders: Trades that are none of ours.
    """

    month: str
    dates: tuple[str, ...]
    people: tuple[Person, ...]
    deals: Mapping[str, Deal]
    ordered: Mapping[tuple[str, str], int]
    entries: tuple[Entry, ...]
    mids: Mapping[str, Mapping[str, Mapping[str, Decimal]]]
    moves: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    outsiders: tuple[Outsider, ...] = ()

    def last_mids(self, date: str) -> Mapping[str, Decimal]:
        """The last middles of a session, by contract."""
        slots = self.mids[date]
        return slots[max(slots)]
