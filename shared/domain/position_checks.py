"""When what the broker holds is compared with the books, in New York time."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.sessions import Session, at_new_york, session_date_at

NIGHT_FROM, NIGHT_TO = "02:00", "04:00"
"""Assignments of the night appear at about 02:00 to 03:00 New York (ib_async issue 93)."""
MORNING = "07:00"
"""By now the night's clearing is over."""

_NIGHT_INTERVAL = timedelta(minutes=15)
_PRE_OPEN = timedelta(minutes=30)
_MINUTE = timedelta(seconds=60)


def next_check_at(now: datetime, session: Session) -> datetime:
    """The next time to compare, after `now`.

    Every quarter of an hour in the night, at 07:00, and every minute from half an hour before
    the open on.

    Args:
        now: Market time (UTC).
        session: The session that is being led.
    """
    each_minute_from = session.open_at - _PRE_OPEN
    if now >= each_minute_from:
        return now.replace(second=0, microsecond=0) + _MINUTE
    return min(min(_fixed_after(now), default=each_minute_from), each_minute_from)


def _fixed_after(now: datetime) -> list[datetime]:
    """Fixed times after `now`, of this New York date and the next."""
    found: list[datetime] = []
    for date in (session_date_at(now), session_date_at(now + timedelta(days=1))):
        at, night_to = at_new_york(date, NIGHT_FROM), at_new_york(date, NIGHT_TO)
        while at <= night_to:
            found.append(at)
            at += _NIGHT_INTERVAL
        found.append(at_new_york(date, MORNING))
    return [at for at in found if at > now]
