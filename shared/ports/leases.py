"""Leadership: `leases/gateway-{shard}` and `leases/gateway-{shard}-heartbeat`.

The lease document (holder, token) is written only when leadership changes; its heartbeat
document is renewed by one conditional write. All times here are machine time, never market time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaseGrant:
    """Leadership of a shard, as won or renewed.

    Attributes:
        shard: Which shard.
        holder: Who holds it.
        token: Fencing token, one higher with every change of leadership.
        heartbeat_version: Version of the heartbeat document as we last wrote it.
    """

    shard: int
    holder: str
    token: int
    heartbeat_version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Heartbeat:
    """What a follower of the lease sees of its holder.

    Attributes:
        holder: Who holds it; empty where it was given back or never taken.
        token: His token.
        version: Version of the heartbeat document; unchanged for longer than the lease's life
            on our own monotonic clock means that the holder is gone.
    """

    holder: str
    token: int
    version: str


class Leases(Protocol):
    """Leadership of shards."""

    async def look(self, shard: int) -> Heartbeat | None:
        """Read lease and heartbeat; None where the shard never had a leader."""

    async def take(self, shard: int, holder: str, *, seen: Heartbeat | None) -> LeaseGrant | None:
        """Take the lease if it still stands as seen: token + 1, holder, a new heartbeat.

        One transaction over both documents. Returns None where somebody was faster.
        """

    async def renew(self, grant: LeaseGrant) -> LeaseGrant:
        """Renew the heartbeat by one conditional write (its field `beat` grows by one).

        Raises:
            Conflict: If somebody else has taken the lease.
        """

    async def give_back(self, grant: LeaseGrant) -> None:
        """Clear the holder, so that a successor need not wait; a no-op if it is not ours."""
