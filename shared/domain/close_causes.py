"""Why a position is closed: one order of urgency for every closer."""

from __future__ import annotations

from enum import StrEnum


class CloseCause(StrEnum):
    """Why a closing was asked for; the later in this list, the more urgent.

    It is no part of an order's identity: a second closer joins the closing that lives and only
    raises its urgency.
    """

    DAILY_LOSS = "daily_loss"
    END_OF_DAY = "end_of_day"
    COMMAND = "command"
    EXCESS = "excess"
    """More was filled than was ordered: only what is too much is closed."""
    TIME_VALUE = "time_value"
    FLATTEN = "flatten"

    @property
    def urgency(self) -> int:
        """0 for the least urgent."""
        return list(CloseCause).index(self)


def more_urgent(one: CloseCause | None, other: CloseCause) -> CloseCause:
    """Give the more urgent of two causes."""
    return other if one is None or other.urgency > one.urgency else one
