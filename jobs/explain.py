"""explain: prints how a follower's month came from his fills."""

from __future__ import annotations

import argparse
import sys

from shared.bootstrap import Services
from shared.domain.followers import FollowerId
from shared.domain.months import as_month
from shared.use_cases.explain_month import ExplainPorts, explain


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the follower and the month."""
    parser.add_argument("--follower", required=True, help="follower's id")
    parser.add_argument("--month", required=True, help="month, YYYY-MM")


def run(given: argparse.Namespace) -> None:
    """Print the explanation.

    Raises:
        SpreadPilotError: Nothing is on record, or something could not be read.
    """
    month = as_month(given.month, field="--month")
    follower_id = FollowerId(given.follower)
    lines = explain(ExplainPorts.of(Services()), month=month, follower_id=follower_id)
    sys.stdout.write("\n".join(lines) + "\n")
