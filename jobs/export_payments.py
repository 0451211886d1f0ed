"""export-payments: a month's payable statements, as a table or as direct debits for the bank."""

from __future__ import annotations

import argparse

from jobs.payment_words import STDOUT, hand_over, say, say_left_out
from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.domain.errors import InvalidInput
from shared.domain.months import as_month
from shared.domain.payment_batches import BatchId
from shared.use_cases.export_payments import (
    Exported,
    ExportPorts,
    export_batch_again,
    export_debits,
    export_table,
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the month or the batch, the format and the file."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--month", help="billed month, YYYY-MM")
    what.add_argument("--batch", help="id of an open batch whose file is wanted again")
    parser.add_argument("--format", choices=("csv", "sepa"), default="csv", help="default: csv")
    parser.add_argument("--out", required=True, help='a new file, or "-" for standard output')


def run(given: argparse.Namespace) -> None:
    """Export payments; says on standard error who was left out and why.

    Raises:
        SpreadPilotError: The file was not written; doing it again gives the same one.
    """
    exported = _export(ExportPorts.of(Services()), given)
    batch = exported.batch
    if exported.data:
        hand_over(exported.data, given.out)
    say_left_out(exported.left_out)
    say(f"{exported.payments} payments exported, {len(exported.left_out)} left out")
    if batch is not None:
        say(
            f"batch {batch.batch_id}: {batch.total:.2f} EUR, to be collected on"
            f" {batch.collection_date}{'' if exported.is_new else '; the same file as before'}"
        )
    if given.out != STDOUT:
        log_event(
            "payments_exported",
            month=given.month or "",
            payments=exported.payments,
            left_out=len(exported.left_out),
            batch_id="" if batch is None else batch.batch_id,
        )


def _export(ports: ExportPorts, given: argparse.Namespace) -> Exported:
    if given.batch is not None:
        if given.format != "sepa":
            raise InvalidInput("--format", "is sepa for a batch")
        return export_batch_again(ports, BatchId(given.batch))
    month = as_month(given.month, field="--month")
    return export_table(ports, month) if given.format == "csv" else export_debits(ports, month)
