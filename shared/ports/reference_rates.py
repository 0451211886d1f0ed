"""The European Central Bank: which reference rates it has published."""

from __future__ import annotations

from typing import Protocol

from shared.domain.fx import FxRate


class ReferenceRates(Protocol):
    """The bank's published rates."""

    def published(self) -> tuple[FxRate, ...]:
        """Read the USD rates of the last 90 days, without a gap, oldest first.

        Raises:
            AdapterError: The bank did not answer, or answered something that is no list of rates.
        """
