"""Batches of direct debits: which statements are on their way to the bank, and what came of it.

A batch is made once, and its file can be made again from it, byte for byte. Nobody is debited
twice: a statement in an undecided line of a batch is in no other one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from shared.domain.canonical import canonical_json
from shared.domain.creditor import CreditorSettings
from shared.domain.errors import InvalidInput
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO
from shared.domain.months import Month
from shared.domain.payments import Debit
from shared.domain.statements import StatementNumber

BatchId = NewType("BatchId", str)
"""`SPDD-` and 20 hex digits; the message id of its file."""

_ID_DIGITS = 20


class SequenceType(StrEnum):
    """Where a collection stands among those of its mandate."""

    FIRST = "FRST"
    RECURRING = "RCUR"


class LineState(StrEnum):
    """What the bank has said of a line."""

    UNDECIDED = "undecided"
    COLLECTED = "collected"
    REJECTED = "rejected"


class BatchState(StrEnum):
    """Whether a batch counts."""

    OPEN = "open"
    CANCELED = "canceled"
    """By hand, and told to the bank by hand: none of its undecided lines is collected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchLine:
    """One statement in a batch.

    Attributes:
        statement_number: Which; the line's end-to-end id.
        month: The billed month.
        follower_id: Whose.
        mandate_id: The mandate it is collected under.
        amount: EUR.
        sequence: First or recurring collection of that mandate.
        state: What the bank has said.
        reason: The bank's reason code and words, where it rejected the line.
    """

    statement_number: StatementNumber
    month: Month
    follower_id: FollowerId
    mandate_id: str
    amount: Decimal
    sequence: SequenceType
    state: LineState = LineState.UNDECIDED
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentBatch:
    """Direct debits handed to the bank in one file: `payment_batches/{batch_id}`.

    Attributes:
        batch_id: Hash of what is collected from whom, and by whom.
        made_at: When it was made (market time, UTC); the file says so too.
        collection_date: ISO date on which the money is asked for; a TARGET day.
        lines: In order of their numbers.
        state: Whether it counts.
        canceled_by: Who canceled it; empty where nobody did.
        cancel_reason: Why.
    """

    batch_id: BatchId
    made_at: datetime
    collection_date: str
    lines: tuple[BatchLine, ...]
    state: BatchState = BatchState.OPEN
    canceled_by: str = ""
    cancel_reason: str = ""

    @property
    def total(self) -> Decimal:
        """Sum of its lines, EUR."""
        return sum((line.amount for line in self.lines), ZERO)

    def line(self, number: str) -> BatchLine | None:
        """Find the line of a statement."""
        return next((one for one in self.lines if one.statement_number == number), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Content:
    creditor: tuple[str, ...]
    debits: tuple[tuple[str, ...], ...]
    attempt: int


def batch_id_of(debits: Iterable[Debit], creditor: CreditorSettings, *, attempt: int) -> BatchId:
    """Name a batch by its content: the same debits of the same creditor have the same id.

    Args:
        debits: In order of their numbers.
        creditor: Who collects.
        attempt: How many batches of the same content were made before and do not count any more.
    """
    content = _Content(
        creditor=(creditor.name, creditor.iban, creditor.bic, creditor.creditor_id),
        debits=tuple(_identity(debit) for debit in debits),
        attempt=attempt,
    )
    digest = hashlib.sha256(canonical_json(content).encode()).hexdigest()
    return BatchId(f"SPDD-{digest[:_ID_DIGITS].upper()}")


def undecided(batches: Iterable[PaymentBatch]) -> Mapping[StatementNumber, BatchId]:
    """Find the statements on their way to the bank, with the batch that each is in."""
    return {
        line.statement_number: batch.batch_id
        for batch in batches
        if batch.state is BatchState.OPEN
        for line in batch.lines
        if line.state is LineState.UNDECIDED
    }


def lines_of(debits: Sequence[Debit], batches: Iterable[PaymentBatch]) -> tuple[BatchLine, ...]:
    """Write the lines of a new batch.

    A collection is the mandate's first unless one was collected, or is on its way, under it.
    """
    used = {
        line.mandate_id
        for batch in batches
        if batch.state is BatchState.OPEN
        for line in batch.lines
        if line.state is not LineState.REJECTED
    }
    return tuple(
        BatchLine(
            statement_number=debit.payment.statement_number,
            month=debit.payment.month,
            follower_id=debit.payment.follower_id,
            mandate_id=debit.mandate_id,
            amount=debit.payment.amount,
            sequence=SequenceType.RECURRING if debit.mandate_id in used else SequenceType.FIRST,
        )
        for debit in debits
    )


def is_untouched(batch: PaymentBatch) -> bool:
    """True where a batch counts and the bank has said nothing of it yet."""
    return batch.state is BatchState.OPEN and all(
        line.state is LineState.UNDECIDED for line in batch.lines
    )


def decided(
    batch: PaymentBatch, number: str, state: LineState, *, reason: str = ""
) -> PaymentBatch:
    """Write down what the bank said of one line."""
    return replace(
        batch,
        lines=tuple(
            replace(line, state=state, reason=reason) if line.statement_number == number else line
            for line in batch.lines
        ),
    )


def canceled(batch: PaymentBatch, *, by: str, reason: str) -> PaymentBatch:
    """Cancel a batch; a canceled one stays as it is.

    Raises:
        InvalidInput: The bank has collected some of it.
    """
    if batch.state is BatchState.CANCELED:
        return batch
    collected = sum(1 for line in batch.lines if line.state is LineState.COLLECTED)
    if collected:
        raise InvalidInput(
            "batch", f"{batch.batch_id}: the bank has collected {collected} of it; it stands"
        )
    return replace(batch, state=BatchState.CANCELED, canceled_by=by, cancel_reason=reason)


def _identity(debit: Debit) -> tuple[str, ...]:
    payment = debit.payment
    return (
        payment.statement_number,
        f"{payment.amount:.2f}",
        debit.iban,
        debit.bic,
        debit.holder,
        debit.mandate_id,
        debit.signed_on,
    )
