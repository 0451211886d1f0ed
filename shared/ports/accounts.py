"""Broker accounts as they were last compared with the books: `accounts/{account_id}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.account_snapshot import AccountSnapshot
from shared.domain.followers import AccountId


class AccountReader(Protocol):
    """Accounts, for functions and jobs."""

    def all(self) -> tuple[AccountSnapshot, ...]:
        """Read every account's last snapshot, in id order."""

    def get_many(self, account_ids: Sequence[AccountId]) -> dict[AccountId, AccountSnapshot]:
        """Read the last snapshots of these accounts; those without one are left out."""


class AccountWriter(Protocol):
    """Accounts, for the gateway."""

    async def write(self, snapshots: Sequence[AccountSnapshot]) -> None:
        """Write snapshots (replacing), at most 400 a commit."""
