"""Commission statements: what a follower owes for a month, frozen and numbered once issued."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from shared.domain.errors import InvalidInput
from shared.domain.followers import FollowerId
from shared.domain.fx import FxRate, to_eur
from shared.domain.money import ZERO
from shared.domain.months import Month
from shared.domain.terms import BillingCurrency, Terms
from shared.domain.waterfall import Waterfall

StatementNumber = NewType("StatementNumber", str)
"""`SP-2026-000017`: consecutive within a year, in the order of issue."""


class StatementState(StrEnum):
    """How far a statement has come."""

    PROVISIONAL = "provisional"
    """The month is not final; the figures may change."""
    HELD = "held"
    """The month is final, and something is missing: see the reason."""
    ISSUED = "issued"
    SENT = "sent"
    PAID = "paid"


TRANSITIONS: Mapping[StatementState, frozenset[StatementState]] = {
    StatementState.PROVISIONAL: frozenset({StatementState.HELD, StatementState.ISSUED}),
    StatementState.HELD: frozenset({StatementState.PROVISIONAL, StatementState.ISSUED}),
    StatementState.ISSUED: frozenset({StatementState.SENT, StatementState.PAID}),
    StatementState.SENT: frozenset({StatementState.PAID}),
    StatementState.PAID: frozenset(),
}

FROZEN = frozenset({StatementState.ISSUED, StatementState.SENT, StatementState.PAID})
"""From ISSUED on no figure of a statement changes."""


class HeldReason(StrEnum):
    """Why a final month's statement is not issued."""

    NO_TERMS = "NO_TERMS"
    NO_FX_RATE = "NO_FX_RATE"
    EARLIER_MONTH_NOT_FINAL = "EARLIER_MONTH_NOT_FINAL"


class AdjustmentKind(StrEnum):
    """Where an adjustment comes from."""

    CORRECTION = "correction"
    """The billed month's figures have changed."""
    CREDIT = "credit"
    """What a statement left in the follower's favor."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Adjustment:
    """A dated difference to an earlier statement: `adjustments/{month}~{follower_id}~{number}`.

    Attributes:
        month: The billed month whose figures have changed.
        follower_id: Whose.
        number: Counts the corrections of that month and follower, from 1; 0 is the credit that
            its statement left.
        kind: Where it comes from.
        noted_on: ISO date (New York) on which the difference was found.
        amount: Difference in the billing currency, to the cent; negative in his favor.
        currency: That currency.
        reason: In words, for the follower.
        applied_to: Number of the statement that carries it; empty until one does.
    """

    month: Month
    follower_id: FollowerId
    number: int
    kind: AdjustmentKind
    noted_on: str
    amount: Decimal
    currency: BillingCurrency
    reason: str
    applied_to: str = ""

    @property
    def adjustment_id(self) -> str:
        """Its business key."""
        return f"{self.month}~{self.follower_id}~{self.number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One follower's commission for a month: `commission_monthly/{month}~{follower_id}`.

    Attributes:
        month: `2026-11`.
        follower_id: Whose.
        name: His name when it was computed.
        state: How far it has come.
        as_of: When the figures became final, or were last computed (market time, UTC).
        waterfall: How the commission came about, USD; None without terms.
        terms: The terms that were used; None where there are none.
        currency: Billing currency.
        fx: The rate that was used; None for USD, or where it is missing.
        commission_billed: The commission in the billing currency; None where it is not known.
        adjustments: Differences to earlier statements that this one carries.
        due: What is to be paid in the billing currency, never negative; None where not known.
        credit: What is left in the follower's favor for his next statement, never negative.
        held_reason: Why it is not issued.
        number: Consecutive number; empty until it is issued.
        issued_at: When it was issued (market time, UTC).
        paid_on: ISO date of payment; empty until then.
        payment_reference: The bank's or a person's reference of that payment.
        paid_by: Who or what said so.
        sent_on: ISO date on which its mail went out; empty until then.
    """

    month: Month
    follower_id: FollowerId
    name: str
    state: StatementState
    as_of: datetime
    waterfall: Waterfall | None = None
    terms: Terms | None = None
    currency: BillingCurrency = BillingCurrency.USD
    fx: FxRate | None = None
    commission_billed: Decimal | None = None
    adjustments: tuple[Adjustment, ...] = ()
    due: Decimal | None = None
    credit: Decimal = ZERO
    held_reason: HeldReason | None = None
    number: str = ""
    issued_at: datetime | None = None
    paid_on: str = ""
    payment_reference: str = ""
    paid_by: str = ""
    sent_on: str = ""

    @property
    def statement_id(self) -> str:
        """Its business key."""
        return f"{self.month}~{self.follower_id}"

    @property
    def is_payable(self) -> bool:
        """True where it is issued, not paid, and asks for money."""
        is_open = self.state in (StatementState.ISSUED, StatementState.SENT)
        return is_open and self.due is not None and self.due > ZERO


def billed(amount: Decimal, currency: BillingCurrency, fx: FxRate | None) -> Decimal | None:
    """Turn a commission in USD into the billing currency; None where it needs a rate."""
    if currency is BillingCurrency.USD or not amount:
        return amount
    return None if fx is None else to_eur(amount, fx)


def with_adjustments(statement: Statement, adjustments: Sequence[Adjustment]) -> Statement:
    """Carry differences to earlier statements, and say what is then due and what is left over."""
    ordered = tuple(sorted(adjustments, key=lambda one: (one.noted_on, one.adjustment_id)))
    if statement.commission_billed is None:
        return replace(statement, adjustments=ordered, due=None, credit=ZERO)
    owed = statement.commission_billed + sum((one.amount for one in ordered), ZERO)
    return replace(
        statement,
        adjustments=ordered,
        due=max(ZERO, owed),
        credit=max(ZERO, -owed),
    )


def difference(
    issued: Statement, recomputed: Waterfall, noted: Iterable[Adjustment]
) -> Decimal | None:
    """What a billed month's commission has changed by beyond what is noted already.

    Args:
        issued: The frozen statement.
        recomputed: What the month's commission would be by today's figures and its own terms.
        noted: Adjustments of that month so far.

    Returns:
        In the billing currency, at the statement's own rate; 0 where nothing has changed; None
        where the statement never billed an amount.
    """
    today = billed(recomputed.commission, issued.currency, issued.fx)
    if today is None or issued.commission_billed is None:
        return None
    corrected = [one for one in noted if one.kind is AdjustmentKind.CORRECTION]
    return today - issued.commission_billed - sum((one.amount for one in corrected), ZERO)


def moved_to(statement: Statement, state: StatementState) -> Statement:
    """Move a statement on.

    Raises:
        InvalidInput: The table has no such step.
    """
    if state not in TRANSITIONS[statement.state]:
        raise InvalidInput(
            statement.statement_id, f"is {statement.state} and cannot become {state}"
        )
    return replace(statement, state=state)


def paid(statement: Statement, *, on: str, reference: str, by: str) -> Statement:
    """Mark a statement as paid.

    Args:
        statement: An issued or sent one.
        on: ISO date of payment.
        reference: The bank's or a person's reference.
        by: Who or what says so.

    Raises:
        InvalidInput: It is not issued, or is paid already under another reference.
    """
    if statement.state is StatementState.PAID and statement.payment_reference == reference:
        return statement
    moved = moved_to(statement, StatementState.PAID)
    return replace(moved, paid_on=on, payment_reference=reference, paid_by=by)


def statement_number(year: int, count: int) -> StatementNumber:
    """Write a statement's number."""
    return StatementNumber(f"SP-{year}-{count:06d}")
