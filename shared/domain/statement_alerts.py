"""What people are told of statements that are held, or whose month has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from shared.domain.alerts import Alert, AlertType
from shared.domain.figures_text import counted
from shared.domain.followers import FollowerId
from shared.domain.months import Month, last_day
from shared.domain.sessions import session_date_at
from shared.domain.statements import Adjustment, HeldReason, Statement

_MOST_NAMED = 5


def held_alert(month: Month, held: Sequence[tuple[FollowerId, HeldReason]], now: datetime) -> Alert:
    """Tell that final statements were not issued, and why; one alert for all of a month."""
    named = ", ".join(f"{who} ({reason})" for who, reason in held[:_MOST_NAMED])
    more = len(held) - _MOST_NAMED
    return Alert(
        alert_type=AlertType.STATEMENT_HELD,
        # The same statements held for the same reasons are one alert, whatever day it is.
        subject=f"{month}~{_digest(held)}",
        message=(
            f"{counted(len(held), 'statement')} of {month} not issued: {named}"
            f"{f' and {more} more' if more > 0 else ''}. Put right what is missing, then run"
            f" issue-statements --month {month}."
        ),
        session_date=last_day(month).isoformat(),
        raised_at=now,
    )


def adjusted_alert(adjustment: Adjustment, stored: Statement, now: datetime) -> Alert:
    """Tell that a billed month would cost another commission today."""
    return Alert(
        alert_type=AlertType.STATEMENT_ADJUSTED,
        subject=adjustment.adjustment_id,
        message=(
            f"The commission of {stored.follower_id} for {stored.month} would be"
            f" {adjustment.amount:+.2f} {adjustment.currency} different today. Statement"
            f" {stored.number} stays; his next one carries the difference."
        ),
        session_date=session_date_at(now),
        raised_at=now,
        follower_id=stored.follower_id,
    )


def _digest(held: Sequence[tuple[FollowerId, HeldReason]]) -> str:
    told = "|".join(f"{who}:{reason}" for who, reason in sorted(held))
    return hashlib.sha256(told.encode()).hexdigest()[:8]
