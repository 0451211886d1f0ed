"""Settle one payment: the statement is paid, and its line in a batch, if any, is collected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from shared.domain.errors import InvalidInput
from shared.domain.payment_batches import LineState, PaymentBatch, decided, undecided
from shared.domain.sessions import as_session_date, session_date_at
from shared.domain.statements import Statement, StatementNumber, StatementState, paid
from shared.domain.target_days import frankfurt_date
from shared.ports.clock import Clock
from shared.ports.payment_batches import PaymentBatches
from shared.ports.statements import Statements

LONGEST_REFERENCE = 140


class _SettleSource(Protocol):
    """Whatever carries the adapters that settling needs, under these names."""

    @property
    def clock(self) -> Clock: ...

    @property
    def statements(self) -> Statements: ...

    @property
    def payment_batches(self) -> PaymentBatches: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlePorts:
    """What settling reads and writes."""

    clock: Clock
    statements: Statements
    batches: PaymentBatches

    @classmethod
    def of(cls, source: _SettleSource) -> SettlePorts:
        """Take the ports from whatever carries them."""
        return cls(clock=source.clock, statements=source.statements, batches=source.payment_batches)


def settle(
    ports: SettlePorts,
    statement: Statement,
    batch: PaymentBatch | None,
    *,
    on: str,
    reference: str,
    by: str,
) -> Statement:
    """Mark a statement as paid, then its line of a batch as collected.

    The statement first: what is interrupted between the two leaves a paid statement, which no
    export takes up, and the same again completes it.

    Args:
        ports: What it takes.
        statement: As it was read; issued, sent, or paid under this reference.
        batch: The batch that collected it; None for a transfer.
        on: ISO date of payment.
        reference: The bank's or a person's.
        by: Who or what says so.

    Raises:
        Conflict: The statement or the batch has changed since it was read.
        AdapterError: The database failed.
    """
    after = paid(statement, on=on, reference=reference, by=by)
    if after != statement:
        ports.statements.replace(after, before=statement)
    line = None if batch is None else batch.line(statement.number)
    if batch is not None and line is not None and line.state is not LineState.COLLECTED:
        ports.batches.replace(decided(batch, statement.number, LineState.COLLECTED), before=batch)
    return after


def check_payable(statement: Statement) -> None:
    """Refuse to settle what asks for no money.

    Raises:
        InvalidInput: It is paid, not issued, or nothing is due.
    """
    if statement.state is StatementState.PAID:
        raise InvalidInput(
            statement.statement_id,
            f"is paid already, on {statement.paid_on} under {statement.payment_reference!r}",
        )
    if not statement.is_payable:
        why = "nothing is due" if statement.due == 0 else f"it is {statement.state}"
        raise InvalidInput(statement.statement_id, f"is not payable: {why}")


def check_not_underway(statement: Statement, batches: Iterable[PaymentBatch]) -> None:
    """Refuse a transfer for what is being collected: one of the two would be too much.

    Raises:
        InvalidInput: Naming the batch and the ways out.
    """
    batch_id = undecided(batches).get(StatementNumber(statement.number))
    if batch_id is not None:
        raise InvalidInput(
            statement.statement_id,
            f"is on its way in batch {batch_id}; name that batch where this is its collection, or"
            " cancel the batch first",
        )


def check_date(on: str, statement: Statement, now: datetime, *, field: str) -> None:
    """Refuse a date of payment that cannot be.

    Raises:
        InvalidInput: It is no date, in the future, or before the statement's issue.
    """
    day = date.fromisoformat(as_session_date(on, field=field))
    if day > frankfurt_date(now):
        raise InvalidInput(field, f"{on} is in the future")
    if statement.issued_at is not None and on < session_date_at(statement.issued_at):
        raise InvalidInput(field, f"{on} is before the statement was issued")
