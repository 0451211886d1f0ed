"""What the bank says of payments: one line of its answer each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from shared.domain.payment_batches import PaymentBatch
from shared.domain.terms import BillingCurrency


class Verdict(StrEnum):
    """What has become of a payment."""

    PAID = "paid"
    REJECTED = "rejected"
    PENDING = "pending"
    """Received, accepted or being settled: no money yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BankLine:
    """One line of the bank's answer.

    Attributes:
        where: Its place in the file, for messages.
        verdict: What has become of the payment.
        reference: The statement's number; empty where the line speaks of a whole batch, or of its
            first or recurring collections.
        batch_id: The batch it answers; empty where it was no direct debit of ours.
        sequence: FRST or RCUR, where it speaks of those of the batch only; else empty.
        amount: To the cent; None where the bank does not repeat it.
        currency: ISO code; empty where there is no amount.
        on: ISO date of the payment, or of the answer.
        bank_reference: The bank's own reference of the payment.
        reason: Reason code and words of a rejection.
    """

    where: str
    verdict: Verdict
    on: str
    reference: str = ""
    batch_id: str = ""
    sequence: str = ""
    amount: Decimal | None = None
    currency: str = ""
    bank_reference: str = ""
    reason: str = ""


def spread_over(lines: Iterable[BankLine], batch: PaymentBatch) -> tuple[BankLine, ...]:
    """Give every statement of a batch its own line.

    What is said of a single payment counts for it; what is said of its kind of collections, or of
    the whole batch, counts for those that nothing closer was said of.
    """
    given = tuple(lines)
    single = tuple(one for one in given if one.reference)
    named = {one.reference for one in single}
    closest_first = sorted(
        (one for one in given if not one.reference), key=lambda one: not one.sequence
    )
    wide: list[BankLine] = []
    for line in batch.lines:
        if line.statement_number in named:
            continue
        said = next((one for one in closest_first if one.sequence in ("", line.sequence)), None)
        if said is not None:
            wide.append(replace(said, reference=line.statement_number))
    return (*single, *wide)


def amount_fault(line: BankLine, due: Decimal, currency: BillingCurrency) -> str:
    """Say why what was paid is not what is due; empty where it is."""
    if line.amount is None:
        return ""
    if line.currency != currency:
        return f"was paid in {line.currency or 'no currency'}, and is due in {currency}"
    if line.amount < due:
        return f"is a partial payment: {line.amount:.2f} of {due:.2f} {currency}; nothing is marked"
    if line.amount > due:
        return f"is an over-payment: {line.amount:.2f} for {due:.2f} {currency}; nothing is marked"
    return ""
