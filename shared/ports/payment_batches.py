"""Batches of direct debits: `payment_batches/{batch_id}`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.domain.payment_batches import BatchId, PaymentBatch


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchBook:
    """All batches at one instant.

    Attributes:
        batches: In order of their making.
        made: How many batches had ever been made; a new one names what it saw.
    """

    batches: tuple[PaymentBatch, ...]
    made: int


class PaymentBatches(Protocol):
    """Batches, for functions and jobs."""

    def book(self) -> BatchBook:
        """Read all batches."""

    def get(self, batch_id: BatchId) -> PaymentBatch | None:
        """Read one, or None."""

    def open(self, batch: PaymentBatch, *, seen: int) -> None:
        """Make a batch, provided that no other was made since the book was read.

        So two exports at once cannot put one statement into two batches.

        Raises:
            Conflict: Another batch was made meanwhile, or this one exists.
        """

    def replace(self, batch: PaymentBatch, *, before: PaymentBatch) -> None:
        """Write down what became of a batch.

        Raises:
            Conflict: The stored one is not `before`.
        """
