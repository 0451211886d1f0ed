"""Leadership of a shard: won, renewed and lost on the machine's monotonic clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shared.domain.errors import AdapterError, Conflict
from shared.ports.leases import Heartbeat, LeaseGrant, Leases

_LOOK_SECONDS = 1.0


class Deposed(Exception):
    """Somebody else leads the shard now; nothing more may be sent."""


class ShardLease:
    """One instance's claim to lead a shard.

    Args:
        leases: Where leases are kept.
        shard: Which shard.
        holder: Our name.
        life_seconds: How long a lease stands without renewal, machine seconds.
        monotonic: The machine's monotonic clock.
        sleep: Waits so many machine seconds.
    """

    def __init__(
        self,
        leases: Leases,
        *,
        shard: int,
        holder: str,
        life_seconds: float,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._leases = leases
        self._shard = shard
        self._holder = holder
        self._life_seconds = life_seconds
        self._monotonic = monotonic
        self._sleep = sleep
        self._grant: LeaseGrant | None = None
        self._deadline = 0.0

    @property
    def token(self) -> int:
        """Our fencing token.

        Raises:
            Deposed: If we never led.
        """
        if self._grant is None:
            raise Deposed(f"{self._holder} does not lead shard {self._shard}")
        return self._grant.token

    def stands(self) -> bool:
        """Tell whether the lease certainly still stands; checked before each socket write."""
        return self._grant is not None and self._monotonic() < self._deadline

    async def win(self) -> None:
        """Wait until the shard is ours: free, given back, or its holder silent for a life."""
        seen: Heartbeat | None = None
        seen_at = self._monotonic()
        while self._grant is None:
            started = self._monotonic()
            now_seen = await self._leases.look(self._shard)
            if now_seen != seen:
                seen, seen_at = now_seen, started
            is_free = seen is None or not seen.holder
            if is_free or started - seen_at >= self._life_seconds:
                self._grant = await self._leases.take(self._shard, self._holder, seen=seen)
                self._deadline = started + self._life_seconds
            else:
                await self._sleep(_LOOK_SECONDS)

    async def keep(self) -> None:
        """Renew for as long as we live.

        Raises:
            Deposed: If somebody took the lease, or it ran out before we could renew it.
        """
        while self._grant is not None:
            await self._sleep(self._life_seconds / 3)
            started = self._monotonic()
            try:
                self._grant = await self._leases.renew(self._grant)
                self._deadline = started + self._life_seconds
            except Conflict as error:
                self._deadline = 0.0
                raise Deposed(f"{self._holder} lost shard {self._shard}") from error
            except AdapterError as error:
                if not self.stands():
                    raise Deposed(f"{self._holder} could not renew its lease") from error

    async def give_back(self) -> None:
        """Let a successor take over at once."""
        grant, self._grant, self._deadline = self._grant, None, 0.0
        if grant is not None:
            await self._leases.give_back(grant)
