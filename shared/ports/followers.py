"""Followers and logins: `followers/{follower_id}`, `logins/{login_id}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.domain.followers import Follower, FollowerId, Login, LoginId


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginBook:
    """Every login as configured.

    Attributes:
        logins: Those that can be served, in id order.
        faults: What is wrong with the others, in words, by login.
    """

    logins: tuple[Login, ...]
    faults: Mapping[LoginId, str]


class Followers(Protocol):
    """Followers and logins, for functions and jobs."""

    def all(self) -> tuple[Follower, ...]:
        """Read every follower that is not archived, in id order."""

    def in_force(self, session_date: str) -> tuple[Follower, ...]:
        """Read as `all`, each with the multiplier of his terms on a session.

        Whose terms cannot be read is left out, and said so in the log: the others trade.
        """

    def names(self) -> dict[FollowerId, str]:
        """Read everybody's name, archived followers' too: who has left is billed by name."""

    def logins(self) -> tuple[Login, ...]:
        """Read every login, in id order."""


class FollowerReader(Protocol):
    """Followers and logins, for the gateway."""

    async def all(self) -> tuple[Follower, ...]:
        """Read every follower that is not archived, in id order.

        One whose document cannot be read is left out, and said so in the log: the others trade.
        """

    async def in_force(self, session_date: str) -> tuple[Follower, ...]:
        """Read as `all`, each with the multiplier of his terms on a session.

        Whose terms cannot be read is left out, and said so in the log: the others trade.
        """

    async def login_book(self) -> LoginBook:
        """Read every login, and what is wrong with those that cannot be served."""

    async def logins(self, shard: int) -> tuple[Login, ...]:
        """Read the logins of a shard, in id order."""
