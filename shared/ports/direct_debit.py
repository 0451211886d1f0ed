"""The file that asks the bank to collect a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.creditor import CreditorSettings
from shared.domain.payment_batches import PaymentBatch
from shared.domain.payments import Debit


class DirectDebitFile(Protocol):
    """Writes direct debits in the bank's format."""

    def render(
        self, batch: PaymentBatch, debits: Sequence[Debit], creditor: CreditorSettings
    ) -> bytes:
        """Write a batch; the same batch gives the same bytes.

        Args:
            batch: Its lines say which debit is a first and which a recurring one.
            debits: One for each line, in the same order.
            creditor: Who collects; checked already.

        Raises:
            AdapterError: The file would not be valid; without any bank details in its words.
        """
