"""Cancel a batch of direct debits by hand."""

from __future__ import annotations

from shared.domain.errors import InvalidInput
from shared.domain.payment_batches import BatchId, PaymentBatch, canceled
from shared.ports.payment_batches import PaymentBatches


def cancel_payment_batch(
    batches: PaymentBatches, *, batch_id: BatchId, by: str, reason: str
) -> PaymentBatch:
    """Cancel a batch that was not handed to the bank, or that the bank has let go.

    Its statements go into the next batch. Nothing is told to the bank: whoever cancels has to know
    that it will not collect. Canceling again changes nothing.

    Args:
        batches: Where batches are kept.
        batch_id: Which.
        by: Who says so, by name.
        reason: Why.

    Raises:
        InvalidInput: An argument is empty, there is no such batch, or some of it is collected.
        AdapterError: The database failed, or the batch changed meanwhile (Conflict).
    """
    name, why = " ".join(by.split()), reason.strip()
    if not name or not why:
        raise InvalidInput("by and reason", "are both needed: who cancels, and why")
    batch = batches.get(batch_id)
    if batch is None:
        raise InvalidInput("batch", f"{batch_id} is no batch of ours")
    after = canceled(batch, by=name, reason=why)
    if after != batch:
        batches.replace(after, before=batch)
    return after
