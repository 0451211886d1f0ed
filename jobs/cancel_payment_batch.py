"""cancel-payment-batch: lets go of a batch of direct debits that the bank will not collect."""

from __future__ import annotations

import argparse

from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.domain.payment_batches import BatchId
from shared.use_cases.cancel_payment_batch import cancel_payment_batch


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the batch, the person and the reason."""
    parser.add_argument("--batch", required=True, help="id of the batch")
    parser.add_argument("--by", required=True, help="your name")
    parser.add_argument("--reason", required=True, help="why the bank will not collect it")


def run(given: argparse.Namespace) -> None:
    """Cancel a batch.

    Raises:
        SpreadPilotError: It was not canceled.
    """
    batch = cancel_payment_batch(
        Services().payment_batches, batch_id=BatchId(given.batch), by=given.by, reason=given.reason
    )
    log_event(
        "payment_batch_canceled",
        batch_id=batch.batch_id,
        canceled_by=batch.canceled_by,
        reason=batch.cancel_reason,
    )
