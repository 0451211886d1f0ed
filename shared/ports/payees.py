"""Private data: `followers_private/{follower_id}`."""

from __future__ import annotations

from typing import Protocol

from shared.domain.followers import FollowerId
from shared.domain.payees import Payee


class Payees(Protocol):
    """How followers are written to and how they pay, for functions and jobs."""

    def get(self, follower_id: FollowerId) -> Payee | None:
        """Read one, or None."""

    def all(self) -> tuple[Payee, ...]:
        """Read all, in id order; one whose document cannot be read is left out and logged."""
