"""mark-paid: marks a statement as paid by hand."""

from __future__ import annotations

import argparse

from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.domain.followers import FollowerId
from shared.domain.months import as_month
from shared.use_cases.mark_paid import mark_paid
from shared.use_cases.settle_payment import SettlePorts


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the statement, the payment and the person."""
    parser.add_argument("--month", required=True, help="billed month, YYYY-MM")
    parser.add_argument("--follower", required=True, help="id of the follower")
    parser.add_argument(
        "--reference",
        required=True,
        help="the bank's reference of the payment, or the id of the batch that collected it",
    )
    parser.add_argument("--date", required=True, help="day of payment, YYYY-MM-DD")
    parser.add_argument("--by", required=True, help="your name")


def run(given: argparse.Namespace) -> None:
    """Mark a statement.

    Raises:
        SpreadPilotError: It was not marked.
    """
    statement = mark_paid(
        SettlePorts.of(Services()),
        month=as_month(given.month, field="--month"),
        follower_id=FollowerId(given.follower),
        reference=given.reference,
        on=given.date,
        by=given.by,
    )
    log_event(
        "statement_paid",
        number=statement.number,
        follower_id=statement.follower_id,
        paid_on=statement.paid_on,
        paid_by=statement.paid_by,
    )
