"""verify: computes a month anew from fills and compares it with what is stored."""

from __future__ import annotations

import argparse

from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.config import ReportSettings
from shared.domain.errors import InvariantBroken
from shared.domain.followers import FollowerId
from shared.domain.months import as_month
from shared.use_cases.roll_up_day import RollUpPorts
from shared.use_cases.verify_month import VerifyPorts, verify_month


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name the month, and a follower where it is only his."""
    parser.add_argument("--month", required=True, help="month, YYYY-MM")
    parser.add_argument("--follower", help="one follower's id; everybody by default")


def run(given: argparse.Namespace) -> None:
    """Verify; every figure that differs is an event of its own.

    Raises:
        InvariantBroken: A stored figure is not what the fills give.
        SpreadPilotError: Something could not be read.
    """
    services = Services(ReportSettings)
    month = as_month(given.month, field="--month")
    verified = verify_month(
        VerifyPorts(
            days=RollUpPorts.of(services),
            monthly_pnl=services.monthly_pnl,
            statements=services.statements,
            adjustments=services.adjustments,
            reports=services.reports,
            files=services.files,
        ),
        month=month,
        only=None if given.follower is None else FollowerId(given.follower),
    )
    for one in verified.deviations:
        log_event(
            "figure_differs",
            severity="ERROR",
            follower_id=one.follower_id,
            what=one.what,
            stored=one.stored,
            recomputed=one.recomputed,
        )
    log_event(
        "month_verified",
        month=month,
        followers=verified.followers,
        figures=verified.figures,
        deviations=len(verified.deviations),
    )
    if verified.deviations:
        raise InvariantBroken(f"{month}: {len(verified.deviations)} figures differ from the fills")
