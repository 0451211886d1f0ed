"""How fast one connection may send: 50 messages a second at IBKR, in machine time.

A burst of another second's worth is let through, so that a client that keeps the rate is not
accused when this process was too busy to read. What is refused is not carried out. Source for
rate and code: IBKR's pages on limitations and message codes; that the message is lost, and the
number of refusals until the connection is cut, are unverified.
"""

from collections.abc import Callable

_REFUSALS_BEFORE_CUT = 3


class Pacing:
    """A bucket of messages; a limit of 0 lets everything through. ``now`` is in seconds."""

    def __init__(self, messages_per_second: int, now: Callable[[], float]) -> None:
        self._rate = messages_per_second
        self._most = 2.0 * messages_per_second
        self._left = self._most
        self._now = now
        self._filled_at = now()
        self._refused = 0

    def takes(self) -> bool:
        """Count a message and tell whether it is in time."""
        if not self._rate:
            return True
        now = self._now()
        self._left = min(self._left + (now - self._filled_at) * self._rate, self._most)
        self._filled_at = now
        if self._left < 1:
            self._refused += 1
            return False
        self._left -= 1
        return True

    @property
    def is_exhausted(self) -> bool:
        """Tell whether so many messages were refused that the connection is cut."""
        return self._refused >= _REFUSALS_BEFORE_CUT
