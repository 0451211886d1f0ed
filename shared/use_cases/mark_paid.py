"""Mark a statement as paid by hand."""

from __future__ import annotations

from shared.domain.errors import InvalidInput
from shared.domain.followers import FollowerId
from shared.domain.months import Month
from shared.domain.payment_batches import PaymentBatch
from shared.domain.statements import Statement, StatementState
from shared.use_cases.settle_payment import (
    LONGEST_REFERENCE,
    SettlePorts,
    check_date,
    check_not_underway,
    check_payable,
    settle,
)


def mark_paid(
    ports: SettlePorts, *, month: Month, follower_id: FollowerId, reference: str, on: str, by: str
) -> Statement:
    """Mark a statement as paid; the same again changes nothing.

    What is on its way in a batch is marked only under the batch's own id as the reference, which
    says that the batch collected it: a transfer beside a direct debit would be paid twice.

    Args:
        ports: What it takes.
        month: The billed month.
        follower_id: Whose.
        reference: The bank's reference of the payment, or the id of the batch that collected it.
        on: ISO date of payment.
        by: Who says so, by name.

    Raises:
        InvalidInput: Naming the argument, or why the statement cannot be paid.
        AdapterError: The database failed, or the statement changed meanwhile (Conflict).
    """
    said, name = reference.strip(), " ".join(by.split())
    if not 1 <= len(said) <= LONGEST_REFERENCE:
        raise InvalidInput("reference", f"is missing, or longer than {LONGEST_REFERENCE}")
    if not name:
        raise InvalidInput("by", "is empty; write the name of the person who saw the payment")
    statement = ports.statements.get(month, follower_id)
    if statement is None:
        raise InvalidInput("follower", f"{follower_id} has no statement of {month}")
    batches = ports.batches.book().batches
    batch = _named(batches, said, statement)
    if not (statement.state is StatementState.PAID and statement.payment_reference == said):
        check_payable(statement)
        check_date(on, statement, ports.clock.now(), field="date")
        if batch is None:
            check_not_underway(statement, batches)
    return settle(ports, statement, batch, on=on, reference=said, by=name)


def _named(
    batches: tuple[PaymentBatch, ...], reference: str, statement: Statement
) -> PaymentBatch | None:
    batch = next((one for one in batches if one.batch_id == reference), None)
    return batch if batch is not None and batch.line(statement.number) else None
