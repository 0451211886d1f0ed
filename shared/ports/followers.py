"""Followers and logins: `followers/{follower_id}`, `logins/{login_id}`."""

from __future__ import annotations

from typing import Protocol

from shared.domain.followers import Follower, Login


class Followers(Protocol):
    """Followers and logins, for functions and jobs."""

    def all(self) -> tuple[Follower, ...]:
        """Read every follower that is not archived, in id order."""

    def logins(self) -> tuple[Login, ...]:
        """Read every login, in id order."""


class FollowerReader(Protocol):
    """Followers and logins, for the gateway."""

    async def all(self) -> tuple[Follower, ...]:
        """Read every follower that is not archived, in id order."""

    async def logins(self, shard: int) -> tuple[Login, ...]:
        """Read the logins of a shard, in id order."""
