"""roll-up-day: rolls a session up again, by hand or after its figures were put right."""

from __future__ import annotations

from shared.adapters.json_log import log_event
from shared.bootstrap import Services
from shared.use_cases.roll_up_day import RollUpPorts
from shared.use_cases.roll_up_day import roll_up_day as roll_up


def roll_up_day(session_date: str | None) -> None:
    """Roll a session up.

    Args:
        session_date: ISO date; today's session in New York where it is None.

    Raises:
        SpreadPilotError: It was not rolled up, or not wholly; doing it again is safe.
    """
    services = Services()
    done = roll_up(RollUpPorts.of(services), session_date=session_date)
    for one in done.discrepancies:
        log_event(
            "pnl_discrepancy",
            severity="WARNING",
            session_date=done.session_date,
            follower_id=one.follower_id,
            words=one.words,
        )
    log_event(
        "day_rolled_up",
        session_date=done.session_date,
        followers=done.followers,
        written=done.written,
        gaps=done.gaps,
    )
