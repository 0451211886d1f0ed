"""Exchange rates as we keep them: `fx_rates/{rate_date}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from shared.domain.fx import FxRate


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """What taking the bank's rates in has done.

    Attributes:
        written: Days that are new or changed.
        kept: ISO dates on which two persons' confirmed rate differs from the bank's and stands.
    """

    written: int
    kept: tuple[str, ...] = ()


class FxRates(Protocol):
    """Exchange rates, for functions and jobs."""

    def between(self, first: str, last: str) -> tuple[FxRate, ...]:
        """Read the rates of two ISO dates and the days between, oldest first."""

    def publish(self, rates: Sequence[FxRate]) -> Publication:
        """Take the bank's rates in.

        - A day without a rate gets the bank's.
        - A rate of the bank never changes: the same again is a no-op, another is a Conflict.
        - An entry of one person gives way to the bank's rate, equal or not.
        - What two persons confirmed may stand in issued statements: where it equals the bank's
          rate the bank's takes its place, where it differs it stands and is named.

        Args:
            rates: Of the bank, each day once.

        Raises:
            Conflict: Naming the days on which the bank's rate differs from its earlier one; the
                rates of all other days are written.
        """

    def enter(self, rate_date: str, ratio: Decimal, *, by: str) -> FxRate:
        """Record a person's word for a day's rate, by the rules of `shared.domain.fx.entered`.

        Returns:
            The rate as it then stands; `is_usable` once a second person has confirmed it.

        Raises:
            InvalidInput: It is refused; nothing is written.
        """
