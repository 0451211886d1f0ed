"""Terms: `followers/{follower_id}/terms/{from_month}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from shared.domain.followers import FollowerId
from shared.domain.terms import Terms


class TermsBook(Protocol):
    """Everybody's terms, for functions and jobs."""

    def all(self) -> Mapping[FollowerId, tuple[Terms, ...]]:
        """Read all terms, oldest first, by follower; archived followers' too."""

    def of(self, follower_id: FollowerId) -> tuple[Terms, ...]:
        """Read one follower's terms, oldest first."""
