"""When the Gateways of all logins are down: the daily restart, and Sundays until a log-in.

A Gateway that is down takes a connection and closes it at once, as the forwarder in front of it
does. Source: IBKR on auto-restart (every day without second factor, tokens end on Sunday 01:00).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta

from gateway.simulator.config import DailyRestart
from gateway.simulator.hours import NEW_YORK, new_york

_SUNDAY = 6
_LOGOUT_AT = time(1, 0)


class GatewayLifecycle:
    """Which Gateways are up; without a daily restart all are, always."""

    def __init__(self, restart: DailyRestart | None, login_ids: Iterable[str]) -> None:
        self._restart = restart
        self._login_ids = set(login_ids)
        self._down_until: datetime | None = None
        self.logged_out: set[str] = set()

    def is_up(self, login_id: str, at: datetime) -> bool:
        """Tell whether a login takes connections."""
        is_down = self._down_until is not None and at < self._down_until
        return not is_down and login_id not in self.logged_out

    def log_in(self, login_id: str) -> None:
        """Log in with the second factor; KeyError if there is no such login."""
        if login_id not in self._login_ids:
            raise KeyError(login_id)
        self.logged_out.discard(login_id)

    def next_end(self, after: datetime) -> datetime | None:
        """Return when connections are next cut."""
        return next(self._ends(after), None)

    def end_sessions(self, before: datetime, at: datetime) -> bool:
        """Carry out what is due by now and tell whether every connection is cut."""
        end = self.next_end(before)
        is_due = end is not None and end <= at
        while self._restart is not None and end is not None and end <= at:
            if _is_logout(end):
                self.logged_out = set(self._login_ids)
            else:
                self._down_until = end + timedelta(seconds=self._restart.restart_seconds)
            end = self.next_end(end)
        return is_due

    def _ends(self, after: datetime) -> Iterator[datetime]:
        restart = self._restart
        day = after.astimezone(NEW_YORK).date()
        while restart is not None:
            ends = [new_york(day, restart.at)]
            if restart.sunday_logout and day.weekday() == _SUNDAY:
                ends.append(new_york(day, _LOGOUT_AT))
            yield from sorted(end for end in ends if end > after)
            day += timedelta(days=1)


def _is_logout(end: datetime) -> bool:
    local = end.astimezone(NEW_YORK)
    return local.weekday() == _SUNDAY and local.time() == _LOGOUT_AT
