"""The seconds in which the underlying moves: from 04:00 to 20:00 New York of every session.

They are counted from the first open on, so that nights and weekends cost nothing.
"""

import bisect
import itertools

from gateway.simulator.trading_days import TradingDays


class QuotedSeconds:
    """Numbers the quoted epoch seconds after the first open 1, 2, 3 ..."""

    def __init__(self, days: TradingDays) -> None:
        first = days.sessions[0]
        self.open_second = int(first.open_at.timestamp())
        self.before_open = self.open_second - int(first.premarket_at.timestamp())
        later = [int(session.premarket_at.timestamp()) for session in days.sessions[1:]]
        self._first_seconds = [self.open_second + 1, *later]
        ends = [int(session.postmarket_end_at.timestamp()) for session in days.sessions]
        self._counts = [
            max(end - first, 0) for first, end in zip(self._first_seconds, ends, strict=True)
        ]
        self._counted_before = list(itertools.accumulate(self._counts, initial=0))

    def up_to(self, second: int) -> int:
        """Return how many there are up to a second, itself included."""
        session = bisect.bisect_right(self._first_seconds, second) - 1
        if session < 0:
            return 0
        since = second - self._first_seconds[session] + 1
        return self._counted_before[session] + min(since, self._counts[session])

    def second(self, number: int) -> int:
        """Return the epoch second of a number; numbers begin at 1."""
        session = bisect.bisect_left(self._counted_before, number) - 1
        return self._first_seconds[session] + number - self._counted_before[session] - 1
