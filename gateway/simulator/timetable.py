"""Which instants matter: when the simulator must look at the market again.

While an order is worked, and for the first minute after the open, every second matters; otherwise
streams are sent every five seconds, and without streams nothing happens but the turns of the day,
the ends of orders, restarts, account updates and faults.
"""

import bisect
import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from gateway.simulator.clients import ApiClient
from gateway.simulator.day_events import DayEvents
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.login import GatewayLogin
from gateway.simulator.model import instant_of, second_of
from gateway.simulator.trading_days import TradingDays

LONG_STRIDE = timedelta(days=1)
_BUSY_OPEN = timedelta(seconds=60)
_QUIET_SECONDS = 5
"""Streams tick this often while nothing is worked: as often as anybody looks twice at a quote."""


class Timetable:
    """Answers when something is due next, from what is live now."""

    def __init__(
        self,
        *,
        days: TradingDays,
        logins: Mapping[str, GatewayLogin],
        events: DayEvents,
        faults: FaultBoard,
    ) -> None:
        self._days = days
        self._turns = days.turns()
        self._logins = logins
        self._events = events
        self._faults = faults

    def next_due(self, played_to: datetime, now: datetime) -> datetime:
        """Return the next instant at which something is due; past if it is overdue."""
        after = max(played_to, now)
        fault_at = self._faults.next_at()
        due = [] if fault_at is None else [fault_at]
        due += self._events.next_at(played_to)
        if self._every_second(after):
            return min([*due, instant_of(math.floor(after.timestamp()) + 1)])
        due += [at for at in self._order_ends() if at > played_to]
        due += self._turns[bisect.bisect_right(self._turns, played_to) :][:1]
        if self._has_streams():
            quiet = math.floor(after.timestamp() / _QUIET_SECONDS + 1) * _QUIET_SECONDS
            due.append(instant_of(quiet))
        return min(due, default=after + LONG_STRIDE)

    def ticks_due(self, before: datetime, at: datetime) -> bool:
        """Tell whether streams are sent at an instant, having been looked at before."""
        if second_of(at) // _QUIET_SECONDS > second_of(before) // _QUIET_SECONDS:
            return True
        turned = bisect.bisect_right(self._turns, before) < bisect.bisect_right(self._turns, at)
        return turned or self._every_second(at)

    def clients(self) -> Iterator[ApiClient]:
        """Yield every client of every login."""
        for login in self._logins.values():
            yield from login.clients.values()

    def _every_second(self, at: datetime) -> bool:
        if any(login.book.is_working(at) for login in self._logins.values()):
            return True
        session = self._days.at(at)
        return session.open_at <= at < session.open_at + _BUSY_OPEN and self._has_streams()

    def _has_streams(self) -> bool:
        feeds = (client.subscribed for client in self.clients())
        return any(feed.quotes or feed.profits for feed in feeds)

    def _order_ends(self) -> Iterator[datetime]:
        for login in self._logins.values():
            for order in login.book.live.values():
                if order.expires_at is not None:
                    yield order.expires_at
