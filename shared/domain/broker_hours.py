"""When IBKR itself is away, and when a login needs its owner's second factor.

New York wall-clock time throughout. Sources: IBKR's system status page (server resets, North
America) and its guide to the IB Gateway's auto-restart; the IB Gateways restart at 23:45.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from shared.domain.followers import Login
from shared.domain.sessions import NEW_YORK, at_new_york

_NIGHT_BEGINS, _NIGHT_ENDS = time(23, 40), time(1, 45)
_WEEKEND_BEGINS, _WEEKEND_ENDS = time(23, 0), time(3, 0)
_FRIDAY, _SATURDAY = 4, 5
_SIGN_IN_DUE = "01:00"
"""IBKR ends the tokens of a sign-in on Sunday at 01:00; a login's own date is set by its admin."""

_NOTICE = timedelta(days=1)


def is_broker_resting(now: datetime) -> bool:
    """Tell whether restarts and resets are due about now: nobody is missed who is away.

    From 23:40, before the IB Gateways restart, to 01:45, after the servers' reset; on Friday
    night from 23:00 to 03:00.
    """
    local = now.astimezone(NEW_YORK)
    if local.weekday() == _FRIDAY and local.time() >= _WEEKEND_BEGINS:
        return True
    if local.weekday() == _SATURDAY and local.time() < _WEEKEND_ENDS:
        return True
    return local.time() >= _NIGHT_BEGINS or local.time() < _NIGHT_ENDS


def two_factor_due_at(login: Login) -> datetime | None:
    """Tell from when a login's next sign-in asks its owner for the second factor (UTC)."""
    if login.two_factor_due is None:
        return None
    return at_new_york(date.fromisoformat(login.two_factor_due).isoformat(), _SIGN_IN_DUE)


def is_two_factor_near(login: Login, now: datetime) -> bool:
    """Tell whether the second factor is due within a day, or overdue."""
    due_at = two_factor_due_at(login)
    return due_at is not None and now >= due_at - _NOTICE


def is_two_factor_due(login: Login, now: datetime) -> bool:
    """Tell whether signing in again would ask the login's owner for the second factor."""
    due_at = two_factor_due_at(login)
    return due_at is not None and now >= due_at
